// The specification of HTTP.
