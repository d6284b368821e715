// The specification of Archive.
