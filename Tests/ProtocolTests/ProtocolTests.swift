// The specification of Protocol.
