// Readiness, descriptors, sockets and locks: everything that waits for the kernel waits here.
