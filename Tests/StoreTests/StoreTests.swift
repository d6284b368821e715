// The specification of Store.
