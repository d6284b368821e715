// The specification of Architecture.
