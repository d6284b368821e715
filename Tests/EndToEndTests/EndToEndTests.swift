// The specification of EndToEnd.
