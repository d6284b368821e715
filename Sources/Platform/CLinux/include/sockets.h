#pragma once
#include <sys/types.h>

/// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK. Returns the descriptor, or -1 with errno set.
int linux_accept(int listener);

/// SO_PEERCRED of a connected Unix socket (unix(7)). Returns 0, or -1 with errno set.
int linux_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid);
