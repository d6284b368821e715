// A job as a process of its own.
