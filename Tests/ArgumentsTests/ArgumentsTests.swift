// The specification of Arguments.
