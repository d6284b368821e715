#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

/// What a spawn does beside starting the program.
enum linux_spawn_flag {
    LINUX_SPAWN_SESSION = 1,   // setsid(2): own session and process group, no controlling terminal
    LINUX_SPAWN_MAP_ROOT = 2,  // with CLONE_NEWUSER: our own user and group become 0 inside
    LINUX_SPAWN_INIT = 4,      // with CLONE_NEWPID: a small init as PID 1, the program as its child
    LINUX_SPAWN_NO_CLONE3 = 8, // as where clone3(2) is refused by a seccomp filter (for the test of that path)
    LINUX_SPAWN_CONFINED = 16  // with a root and CLONE_NEWNS: that root is all there is, and few capabilities are left
};

/// Where a spawn failed. The order is that of the steps in the child.
enum linux_spawn_stage {
    LINUX_SPAWN_OK,
    LINUX_SPAWN_PIPE,
    LINUX_SPAWN_CLONE,
    LINUX_SPAWN_CGROUP,
    LINUX_SPAWN_USER_MAP,
    LINUX_SPAWN_NEW_SESSION,
    LINUX_SPAWN_PROPAGATION,
    LINUX_SPAWN_PROC,
    LINUX_SPAWN_ROOT,
    LINUX_SPAWN_DIRECTORY,
    LINUX_SPAWN_DESCRIPTORS,
    LINUX_SPAWN_EXEC
};

struct linux_spawn_request {
    const char *_Nullable const *_Nonnull paths; // tried in this order until one can be executed; ends with NULL
    char *_Nullable const *_Nonnull arguments;   // with argv[0]; ends with NULL
    char *_Nullable const *_Nonnull environment; // ends with NULL
    const char *_Nullable root;                  // chroot(2) here first, or pivot_root(2) where confined
    const char *_Nullable directory;             // chdir(2), seen from inside the root
    const int *_Nonnull descriptors;             // descriptors[i] becomes descriptor i of the child, -1: closed there
    size_t descriptor_count;
    uint64_t namespaces; // CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    int cgroup;          // descriptor of a cgroup v2 directory, or -1
    uint32_t flags;      // enum linux_spawn_flag
};

struct linux_spawned {
    pid_t pid;
    int pidfd; // close-on-exec; -1 after a failure
    int stage; // enum linux_spawn_stage
    int error; // errno of that stage, 0 after success
};

struct linux_exit {
    int code;   // si_code: CLD_EXITED, CLD_KILLED, CLD_DUMPED
    int status; // exit status or signal number
    int64_t user_microseconds;
    int64_t system_microseconds;
    int64_t peak_kibibytes; // ru_maxrss of the child and the descendants that it waited for
};

/// Starts a program. Returns when it has been executed or has failed before; a failure leaves no process.
struct linux_spawned linux_spawn(const struct linux_spawn_request *_Nonnull request);

/// Takes the exit status of a child by its pidfd, without waiting. Returns 0, EAGAIN while it runs, or an errno.
int linux_take_exit(int pidfd, struct linux_exit *_Nonnull exit);

/// pidfd_open(2). Returns a close-on-exec descriptor, or -1 with errno set.
int linux_pidfd_open(pid_t pid);

/// pidfd_send_signal(2). Returns 0 or an errno.
int linux_pidfd_signal(int pidfd, int signal);

/// pipe2(2) with O_CLOEXEC and both ends blocking, as programs expect them. Returns 0 or an errno.
int linux_blocking_pipe(int *_Nonnull ends);

/// An anonymous file in memory that holds these bytes, positioned at its start (memfd_create(2)).
/// Returns a close-on-exec descriptor, or -1 with errno set.
int linux_memory_file(const void *_Nullable bytes, size_t count);

/// A pseudo-terminal that changes no byte of the output and echoes none of the input (openpty(3), termios(3)).
/// Returns 0 or an errno.
int linux_terminal(int *_Nonnull controller, int *_Nonnull terminal, int rows, int columns);

/// First statement of a job process, while it has one thread. Where it is PID 1 of a PID namespace it forks: PID 1 stays
/// behind as an init of a few pages that reaps, passes TERM on and ends when the job ends, whereupon the kernel ends
/// everything else in the namespace; the call returns in the child. Returns 1 then, and 0 where there is nothing to do.
int linux_become_job(void);
