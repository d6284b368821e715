#define _GNU_SOURCE
#include "trees.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int linux_o_path(void) { return O_PATH; }

unsigned linux_device_major(uint64_t device) { return major(device); }
unsigned linux_device_minor(uint64_t device) { return minor(device); }
uint64_t linux_device(unsigned high, unsigned low) { return makedev(high, low); }

ssize_t linux_list_attributes(const char *path, char *names, size_t size) { return llistxattr(path, names, size); }
ssize_t linux_get_attribute(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}
int linux_set_attribute(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}
int linux_remove_attribute(const char *path, const char *name) { return lremovexattr(path, name); }

ssize_t linux_list_attributes_of(int descriptor, char *names, size_t size) {
    return flistxattr(descriptor, names, size);
}
ssize_t linux_get_attribute_of(int descriptor, const char *name, void *value, size_t size) {
    return fgetxattr(descriptor, name, value, size);
}
int linux_set_attribute_of(int descriptor, const char *name, const void *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}
int linux_remove_attribute_of(int descriptor, const char *name) { return fremovexattr(descriptor, name); }

int linux_sync_file_system(int descriptor) { return syncfs(descriptor); }

int linux_open_in_root(int root, const char *path, int flags, unsigned mode) {
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = mode,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int linux_open_on_mount(int parent, const char *name, int flags) {
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_XDEV};
    return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

int linux_copy_file(int from, int to) {
    const size_t most = 1 << 30;
    for (;;) {
        ssize_t count = copy_file_range(from, NULL, to, NULL, most, 0);
        if (count < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
            count = sendfile(to, from, NULL, most);
        if (count == 0) return 0;
        if (count < 0 && errno != EINTR) return -1;
    }
}

int linux_clone_file(int from, int to) { return ioctl(to, FICLONE, from); }

int linux_is_open_for_writing(int descriptor) {
    // Who opens it for writing while the lease is held makes the kernel send a signal; this one is ignored by default.
    if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
    if (fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? 1 : -1;
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return 0;
}
