#pragma once
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

// Files and their attributes, as layers need them: xattr(7), makedev(3), lseek(2), open(2).

/// O_PATH of open(2).
int linux_o_path(void);

/// Major and minor number of a device (makedev(3)).
unsigned linux_device_major(uint64_t device);
unsigned linux_device_minor(uint64_t device);
uint64_t linux_device(unsigned major, unsigned minor);

/// llistxattr(2), lgetxattr(2), lsetxattr(2), lremovexattr(2): the last component is not followed.
/// Return what the calls return, -1 with errno set.
ssize_t linux_list_attributes(const char *path, char *names, size_t size);
ssize_t linux_get_attribute(const char *path, const char *name, void *value, size_t size);
int linux_set_attribute(const char *path, const char *name, const void *value, size_t size);
int linux_remove_attribute(const char *path, const char *name);

/// flistxattr(2), fgetxattr(2), fsetxattr(2), fremovexattr(2).
ssize_t linux_list_attributes_of(int descriptor, char *names, size_t size);
ssize_t linux_get_attribute_of(int descriptor, const char *name, void *value, size_t size);
int linux_set_attribute_of(int descriptor, const char *name, const void *value, size_t size);
int linux_remove_attribute_of(int descriptor, const char *name);

/// syncfs(2): all of the file system that holds the descriptor reaches the disk. 0, or -1 with errno set.
int linux_sync_file_system(int descriptor);

/// Copies all of a regular file into an empty one: copy_file_range(2), which shares the blocks where the file system can,
/// else sendfile(2). 0, or -1 with errno set.
int linux_copy_file(int from, int to);

/// Makes an empty file share all blocks of another (FICLONE of ioctl_ficlone(2)). 0, or -1 with errno set: where the file
/// system cannot, or the two lie on different ones.
int linux_clone_file(int from, int to);

/// Whether somebody has a file open for writing, or mapped so: asked by a lease (F_SETLEASE of fcntl(2)) that is given back at
/// once. The descriptor is open for reading alone; the file belongs to our user, or we are root. 1, 0, or -1 with errno set
/// where the file system has no leases.
int linux_is_open_for_writing(int descriptor);

/// openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: `root` is `/` for every component, links included.
/// A descriptor (always close-on-exec), or -1 with errno set.
int linux_open_in_root(int root, const char *path, int flags, unsigned mode);

/// openat2(2) with RESOLVE_NO_XDEV: like openat(2), but never across a mount point, bind mounts included (EXDEV).
int linux_open_on_mount(int parent, const char *name, int flags);
