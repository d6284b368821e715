// The specification of JSON.
