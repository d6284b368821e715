// Jobs, their state machine, and the SQL that keeps them.
