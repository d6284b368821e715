// Fixtures that more than one test target needs.
