// Starting programs: clone(2) with CLONE_VM | CLONE_VFORK for tools (its cost does not grow with our memory), clone3(2)
// for contained jobs (cgroup joined atomically, an init of their own). Errors of the child come back through a pipe
// with the stage at which they happened.
#define _GNU_SOURCE
#include "processes.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// glibc's own name of clone(2): ThreadSanitizer replaces `clone` by a version that takes locks in the child, which here
// shares its memory with a parent of many threads.
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

// The child may share memory with a running multi-threaded process: system calls only, no malloc, no locks, no stdio,
// nothing instrumented, and no glibc wrapper that keeps state (setuid, fork, raise).
#define IN_CHILD __attribute__((noinline, disable_sanitizer_instrumentation, no_sanitize("thread", "address", "undefined")))
#define SYSTEM(...) syscall(__VA_ARGS__)
#define MAXIMUM_DESCRIPTORS 64
#define STACK_SIZE (64 * 1024)

struct child {
    const struct linux_spawn_request *request;
    int report;
    bool joins_cgroup; // clone3 did not do it
    char user_map[32], group_map[32];
    int user_map_size, group_map_size;
};

struct report {
    int stage, error;
};

IN_CHILD __attribute__((noreturn)) static void fail(int report, int stage) {
    struct report r = {stage, errno};
    (void)!SYSTEM(SYS_write, report, &r, sizeof r);
    SYSTEM(SYS_exit_group, 127);
    __builtin_unreachable();
}

IN_CHILD static bool put(int directory, const char *path, const char *text, size_t count) {
    int file = (int)SYSTEM(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC, 0);
    if (file < 0) return false;
    bool written = SYSTEM(SYS_write, file, text, count) == (long)count;
    int error = errno;
    SYSTEM(SYS_close, file);
    errno = error;
    return written;
}

IN_CHILD static void reset_signals(void) {
    // The kernel's struct, not glibc's. SIG_IGN survives an exec, so every signal is set back, also 32 and 33, which
    // glibc hides. Static: clearing one on the stack would be a call of memset, which sanitizers take for themselves.
    static const struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } standard;
    for (int s = 1; s <= 64; s++) SYSTEM(SYS_rt_sigaction, s, &standard, NULL, 8);
    uint64_t none = 0;
    SYSTEM(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

// PID 1 of a new PID namespace: starts the program, reaps orphans, passes TERM on, ends when the program ends; the
// kernel then kills all that is left. Returns only in the program's process.
IN_CHILD static void stay_as_init(const struct child *c) {
    uint64_t watched = 1ull << (SIGCHLD - 1) | 1ull << (SIGTERM - 1);
    int signals = (int)SYSTEM(SYS_signalfd4, -1, &watched, 8, SFD_CLOEXEC);
#if defined(__x86_64__) || defined(__aarch64__)
    pid_t program = (pid_t)SYSTEM(SYS_clone, (long)SIGCHLD, 0L, NULL, NULL, NULL); // all-zero: order does not matter
#else
#error "tell how clone(2) orders its arguments here"
#endif
    if (signals < 0 || program < 0) fail(c->report, LINUX_SPAWN_CLONE);
    if (program == 0) {
        SYSTEM(SYS_close, signals);
        if (SYSTEM(SYS_setsid) < 0) fail(c->report, LINUX_SPAWN_NEW_SESSION);
        return;
    }
    SYSTEM(SYS_prctl, PR_SET_NAME, "job-init", 0, 0, 0);
    SYSTEM(SYS_dup3, signals, 0, O_CLOEXEC);
    SYSTEM(SYS_close_range, 1, ~0u, 0); // hold nobody's pipe open
    for (;;) {
        struct signalfd_siginfo info;
        if (SYSTEM(SYS_read, 0, &info, sizeof info) > 0 && info.ssi_signo == SIGTERM) SYSTEM(SYS_kill, program, SIGTERM);
        int status;
        pid_t ended;
        while ((ended = (pid_t)SYSTEM(SYS_wait4, -1, &status, WNOHANG | __WALL, NULL)) > 0)
            if (ended == program)
                SYSTEM(SYS_exit_group, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}

IN_CHILD static void place_descriptors(const struct linux_spawn_request *request, int *report) {
    int count = (int)request->descriptor_count, high[MAXIMUM_DESCRIPTORS];
    // Two passes through numbers above the range, because sources and targets may overlap.
    int moved = (int)SYSTEM(SYS_fcntl, *report, F_DUPFD_CLOEXEC, count);
    if (moved < 0) fail(*report, LINUX_SPAWN_DESCRIPTORS);
    *report = moved;
    for (int i = 0; i < count; i++) {
        high[i] = -1;
        if (request->descriptors[i] < 0) continue;
        high[i] = (int)SYSTEM(SYS_fcntl, request->descriptors[i], F_DUPFD_CLOEXEC, count);
        if (high[i] < 0) fail(*report, LINUX_SPAWN_DESCRIPTORS);
    }
    for (int i = 0; i < count; i++) {
        if (high[i] < 0) SYSTEM(SYS_close, i);
        else if (SYSTEM(SYS_dup3, high[i], i, 0) < 0) fail(*report, LINUX_SPAWN_DESCRIPTORS);
    }
    if (SYSTEM(SYS_close_range, count, ~0u, CLOSE_RANGE_CLOEXEC) < 0) fail(*report, LINUX_SPAWN_DESCRIPTORS);
}

// A server of ours may have raised its soft limit; programs get the usual one, for some go through all numbers up to it.
IN_CHILD static void usual_descriptors(void) {
    struct rlimit limit;
    if (SYSTEM(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) < 0 || limit.rlim_cur <= 1024) return;
    limit.rlim_cur = 1024;
    SYSTEM(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
}

// What programs may do that somebody else packed: change owners and modes, become users, make nodes (which no mount of
// theirs lets them open), chroot for ldconfig -r. Not among it: mount, trace, load modules, reach files by handle.
static const int kept_capabilities[] = {
    CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,           CAP_FSETID,  CAP_KILL,       CAP_SETGID, CAP_SETUID,
    CAP_SETPCAP, CAP_SETFCAP,     CAP_NET_BIND_SERVICE, CAP_NET_RAW, CAP_SYS_CHROOT, CAP_MKNOD,  CAP_AUDIT_WRITE};

IN_CHILD static bool drop_capabilities(void) {
    for (int capability = 0; capability <= 63; capability++) {
        bool is_kept = false;
        for (size_t i = 0; i < sizeof kept_capabilities / sizeof *kept_capabilities; i++)
            is_kept = is_kept || kept_capabilities[i] == capability;
        // EINVAL: this kernel has no such capability, nor a higher one.
        if (!is_kept && SYSTEM(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno == EINVAL;
    }
    return true;
}

// A root with nothing around it: chroot(2) alone can be left by who may call it.
IN_CHILD static bool enter(const char *root) {
    return SYSTEM(SYS_mount, root, root, NULL, MS_BIND | MS_REC, NULL) == 0 && SYSTEM(SYS_chdir, root) == 0 &&
           SYSTEM(SYS_pivot_root, ".", ".") == 0 && SYSTEM(SYS_umount2, ".", MNT_DETACH) == 0 &&
           SYSTEM(SYS_chdir, "/") == 0;
}

IN_CHILD static int child_main(void *argument) {
    struct child *c = argument;
    const struct linux_spawn_request *request = c->request;
    if (c->joins_cgroup && !put(request->cgroup, "cgroup.procs", "0", 1)) fail(c->report, LINUX_SPAWN_CGROUP);
    if (request->flags & LINUX_SPAWN_MAP_ROOT) {
        if (!put(AT_FDCWD, "/proc/self/setgroups", "deny", 4) ||
            !put(AT_FDCWD, "/proc/self/uid_map", c->user_map, (size_t)c->user_map_size) ||
            !put(AT_FDCWD, "/proc/self/gid_map", c->group_map, (size_t)c->group_map_size))
            fail(c->report, LINUX_SPAWN_USER_MAP);
    }
    if ((request->flags & LINUX_SPAWN_SESSION) && SYSTEM(SYS_setsid) < 0) fail(c->report, LINUX_SPAWN_NEW_SESSION);
    // Slave, not private: what the host unmounts goes away here too, instead of being held busy by us.
    if ((request->namespaces & CLONE_NEWNS) && SYSTEM(SYS_mount, NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
        fail(c->report, LINUX_SPAWN_PROPAGATION);
    if ((request->namespaces & CLONE_NEWNS) && (request->namespaces & CLONE_NEWPID) &&
        SYSTEM(SYS_mount, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        fail(c->report, LINUX_SPAWN_PROC);
    if (request->flags & LINUX_SPAWN_INIT) stay_as_init(c);
    if (request->root && (request->flags & LINUX_SPAWN_CONFINED)) {
        if (!enter(request->root) || !drop_capabilities()) fail(c->report, LINUX_SPAWN_ROOT);
    } else if (request->root && (SYSTEM(SYS_chroot, request->root) < 0 || SYSTEM(SYS_chdir, "/") < 0)) {
        fail(c->report, LINUX_SPAWN_ROOT);
    }
    if (request->directory && SYSTEM(SYS_chdir, request->directory) < 0) fail(c->report, LINUX_SPAWN_DIRECTORY);
    // Tools make the files of images: their modes must not depend on who started us.
    SYSTEM(SYS_umask, S_IWGRP | S_IWOTH);
    int report = c->report; // never written back: with CLONE_VM `c` is the parent's
    place_descriptors(request, &report);
    usual_descriptors(); // only now: ours may be above it
    reset_signals();
    int error = ENOENT;
    for (const char *const *path = request->paths; *path; path++) {
        SYSTEM(SYS_execve, *path, request->arguments, request->environment);
        if (errno == EACCES) error = EACCES; // as execvp(3): go on, but say this one if nothing better comes
        else if (errno != ENOENT && errno != ENOTDIR) {
            error = errno;
            break;
        }
    }
    errno = error;
    fail(report, LINUX_SPAWN_EXEC);
}

// A tool: shares our memory until it executes, so that the cost is the same for a parent of 8 MiB and of 1 GiB.
static long start_sharing(struct child *c, uint64_t namespaces, int *pidfd) {
    void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -1;
    int flags = (int)namespaces | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    int pid = __clone(child_main, (char *)stack + STACK_SIZE, flags, c, pidfd);
    int error = errno;
    munmap(stack, STACK_SIZE);
    errno = error;
    return pid;
}

// A contained job: a copy of ourselves, because its init outlives this call. Both sides come back in it, so it is bound by
// what binds the child.
IN_CHILD static long start_copied(struct child *c, uint64_t namespaces, int *pidfd) {
    const struct linux_spawn_request *request = c->request;
    long pid = -1;
    errno = ENOSYS;
    c->joins_cgroup = false;
    if (!(request->flags & LINUX_SPAWN_NO_CLONE3)) {
        struct clone_args arguments = {
            .flags = CLONE_PIDFD | namespaces, .pidfd = (uintptr_t)pidfd, .exit_signal = SIGCHLD};
        if (request->cgroup >= 0) {
            arguments.flags |= CLONE_INTO_CGROUP;
            arguments.cgroup = (uint64_t)request->cgroup;
        }
        pid = SYSTEM(SYS_clone3, &arguments, sizeof arguments);
    }
    // Seccomp filters answer one or the other; the cgroup is then joined by the child itself. Where EPERM was meant for
    // the namespaces, clone answers the same.
    if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
        c->joins_cgroup = request->cgroup >= 0;
        pid = SYSTEM(SYS_clone, (long)(namespaces | CLONE_PIDFD | SIGCHLD), 0L, pidfd, NULL, NULL);
    }
    if (pid == 0) child_main(c);
    return pid;
}

struct linux_spawned linux_spawn(const struct linux_spawn_request *request) {
    struct linux_spawned result = {-1, -1, LINUX_SPAWN_OK, 0};
    int ends[2], pidfd = -1;
    if (request->descriptor_count > MAXIMUM_DESCRIPTORS) {
        result.stage = LINUX_SPAWN_DESCRIPTORS;
        result.error = EMFILE;
        return result;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        result.stage = LINUX_SPAWN_PIPE;
        result.error = errno;
        return result;
    }
    struct child c = {.request = request, .report = ends[1], .joins_cgroup = request->cgroup >= 0};
    c.user_map_size = snprintf(c.user_map, sizeof c.user_map, "0 %u 1", geteuid());
    c.group_map_size = snprintf(c.group_map, sizeof c.group_map, "0 %u 1", getegid());

    // No handler of ours may run in the child. By the raw call, because glibc's sigfillset leaves out 32 and 33.
    uint64_t all = ~0ull, before;
    SYSTEM(SYS_rt_sigprocmask, SIG_BLOCK, &all, &before, 8);
    bool copied = (request->flags & LINUX_SPAWN_INIT) || request->cgroup >= 0;
    long pid = copied ? start_copied(&c, request->namespaces, &pidfd) : start_sharing(&c, request->namespaces, &pidfd);
    int error = errno;
    SYSTEM(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8);
    close(ends[1]);

    struct report report = {LINUX_SPAWN_OK, 0};
    if (pid < 0) {
        report = (struct report){LINUX_SPAWN_CLONE, error};
    } else {
        ssize_t count;
        while ((count = read(ends[0], &report, sizeof report)) < 0 && errno == EINTR) {}
        if (count != sizeof report) {
            report = (struct report){LINUX_SPAWN_OK, 0}; // closed by the exec
        } else {
            SYSTEM(SYS_waitid, P_PIDFD, pidfd, NULL, WEXITED | __WALL, NULL);
            close(pidfd);
            pidfd = -1;
        }
    }
    close(ends[0]);
    result.pid = report.error ? -1 : (pid_t)pid;
    result.pidfd = pidfd;
    result.stage = report.stage;
    result.error = report.error;
    return result;
}

int linux_take_exit(int pidfd, struct linux_exit *exit) {
    siginfo_t info;
    struct rusage usage;
    memset(&info, 0, sizeof info);
    if (SYSTEM(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &usage) < 0) return errno;
    if (info.si_pid == 0) return EAGAIN;
    *exit = (struct linux_exit){
        .code = info.si_code,
        .status = info.si_status,
        .user_microseconds = usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
        .system_microseconds = usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
        .peak_kibibytes = usage.ru_maxrss,
    };
    return 0;
}

int linux_pidfd_open(pid_t pid) { return (int)SYSTEM(SYS_pidfd_open, pid, 0); }

int linux_pidfd_signal(int pidfd, int signal) {
    return SYSTEM(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? errno : 0;
}
