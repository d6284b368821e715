#include "virtualization.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

int linux_kvm_error(void) {
    int device = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (device < 0) return errno;
    int machine = ioctl(device, KVM_CREATE_VM, 0);
    int error = machine < 0 ? errno : 0;
    if (machine >= 0) close(machine);
    close(device);
    return error;
}
