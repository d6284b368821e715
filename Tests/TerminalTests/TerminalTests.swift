// The specification of Terminal.
