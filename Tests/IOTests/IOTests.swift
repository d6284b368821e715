// The specification of IO.
