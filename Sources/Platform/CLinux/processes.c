#define _GNU_SOURCE
#include "processes.h"
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int linux_blocking_pipe(int *ends) { return pipe2(ends, O_CLOEXEC) < 0 ? errno : 0; }

int linux_memory_file(const void *bytes, size_t count) {
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0) return -1;
    for (size_t at = 0; at < count;) {
        ssize_t written = write(file, (const char *)bytes + at, count - at);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            int error = errno;
            close(file);
            errno = error;
            return -1;
        }
        at += (size_t)written;
    }
    lseek(file, 0, SEEK_SET);
    return file;
}

int linux_terminal(int *controller, int *terminal, int rows, int columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    struct termios mode;
    if (openpty(controller, terminal, NULL, NULL, &size) < 0) return errno;
    tcgetattr(*terminal, &mode);
    mode.c_oflag &= ~(tcflag_t)OPOST; // a newline stays one byte
    mode.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(*terminal, TCSANOW, &mode);
    fcntl(*controller, F_SETFD, FD_CLOEXEC);
    fcntl(*terminal, F_SETFD, FD_CLOEXEC);
    return 0;
}

int linux_become_job(void) {
    if (getpid() != 1) return 0;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &all, NULL);
    pid_t job = fork();
    if (job < 0) _exit(126);
    if (job == 0) {
        sigprocmask(SIG_SETMASK, &none, NULL);
        setsid();
        return 1;
    }
    prctl(PR_SET_NAME, "job-init", 0, 0, 0);
    close_range(0, ~0u, 0); // hold nobody's pipe or lock open
    for (;;) {
        int signal, status;
        pid_t ended;
        if (sigwait(&all, &signal)) continue;
        if (signal == SIGTERM) kill(job, SIGTERM);
        if (signal == SIGCHLD)
            while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
                if (ended == job) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
}
