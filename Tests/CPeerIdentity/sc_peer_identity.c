#include "sc_peer_identity.h"

#include <sys/syscall.h>
#include <unistd.h>

extern long syscall(long, ...);

// The C library's functions would change all threads of the process; the system calls change one.
int sc_thread_becomes(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t count) {
    if (syscall(SYS_setgroups, count, groups) != 0) return -1;
    if (syscall(SYS_setresgid, gid, gid, gid) != 0) return -1;
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}
