// Linux calls that Swift's Glibc module does not show, because it is built without _GNU_SOURCE.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Values of the kernel's renameat2 interface.
enum { sc_rename_noreplace = 1, sc_rename_exchange = 2 };

// renameat2(2) on two names in one folder: 0, or -1 with errno set.
static inline int sc_rename(int folder, const char *from, const char *to, unsigned flags) {
    return (int)syscall(SYS_renameat2, folder, from, folder, to, flags);
}

// openat(2), which Swift cannot import as it is variadic: a descriptor, or -1 with errno set.
static inline int sc_open_at(int folder, const char *name, int flags, unsigned mode) {
    return openat(folder, name, flags, mode);
}

// Keeps this process, and those it starts from now on, on one processor, below 64: 0, or -1 with errno set.
static inline int sc_stay_on_cpu(unsigned cpu) {
    unsigned long mask = 1ul << cpu;
    return (int)syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask);
}
