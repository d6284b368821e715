// The specification of Events.
