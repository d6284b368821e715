// The specification of Client.
