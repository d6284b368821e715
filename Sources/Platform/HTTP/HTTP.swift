// Strict HTTP/1.1: a server on IO, a client on libcurl.
