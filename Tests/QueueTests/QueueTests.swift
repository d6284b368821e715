// The specification of Queue.
