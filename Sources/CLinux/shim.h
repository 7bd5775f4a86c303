// Linux calls that Swift's Glibc module does not show, because it is built without _GNU_SOURCE.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Values of the kernel's renameat2 interface.
enum { sc_rename_noreplace = 1, sc_rename_exchange = 2 };

// renameat2(2) on two paths: 0, or -1 with errno set.
static inline int sc_rename(const char *from, const char *to, unsigned flags) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}
