#pragma once

/// Whether /dev/kvm makes virtual machines: the device may be there and refuse (nested virtualization switched off, a
/// container without the right). Returns 0, or the errno of what failed.
int linux_kvm_error(void);
