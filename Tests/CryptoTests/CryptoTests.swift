// The specification of Crypto.
