// The specification of Execution.
