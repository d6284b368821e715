#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/types.h>

/// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK. Returns the descriptor, or -1 with errno set.
int linux_accept(int listener);

/// SO_PEERCRED of a connected Unix socket (unix(7)). Returns 0, or -1 with errno set.
int linux_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid);

/// pipe2(2) with O_CLOEXEC | O_NONBLOCK. Returns 0, or -1 with errno set.
int linux_pipe(int ends[2]);

/// Names the calling thread for ps, gdb and the sanitizers (at most 15 bytes are kept).
void linux_name_thread(const char *name);
