// The client half of the wire protocol.
