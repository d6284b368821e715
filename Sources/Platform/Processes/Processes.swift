// Programs started, contained, read and waited for.
