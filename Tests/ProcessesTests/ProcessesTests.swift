// The specification of Processes.
