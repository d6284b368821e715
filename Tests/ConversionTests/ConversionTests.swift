// The specification of Conversion.
