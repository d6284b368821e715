// The words on the sockets.
