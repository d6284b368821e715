// The specification of Scheduling.
