#include <fcntl.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

// What Swift cannot import: Linux calls that the headers only declare for _GNU_SOURCE, and variadic functions.

#ifndef SO_PEERCRED
#define SO_PEERCRED 17
#endif

// The kernel's `struct ucred`.
struct sc_peer_credentials {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

// 0, or -1 with errno set.
static inline int sc_peer_credentials(int fd, struct sc_peer_credentials *out) {
    socklen_t length = sizeof *out;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, out, &length);
}

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

// Supplementary groups of the peer: 0 and how many `groups` holds, or -1 with errno set. ERANGE: there are more,
// and `count` says how many.
static inline int sc_peer_groups(int fd, uint32_t *groups, uint32_t *count) {
    socklen_t length = *count * sizeof *groups;
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
    *count = length / sizeof *groups;
    return result;
}

// A descriptor of what is at a path, a socket too, without opening it; or -1 with errno set.
static inline int sc_open_place(const char *path) {
    enum { o_path = 010000000 };
    return open(path, o_path | O_NOFOLLOW | O_CLOEXEC);
}

// Memory of what was sent and the peer has not read yet, in bytes, or -1 with errno set.
static inline int sc_unread_by_peer(int fd) {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

// From this size on freed memory goes back to the system at once; glibc would raise the bound by itself.
static inline void sc_return_memory_from(int bytes) {
    mallopt(M_MMAP_THRESHOLD, bytes);
    mallopt(M_TRIM_THRESHOLD, bytes);
}

// Gives the system what free memory the allocator keeps.
static inline void sc_return_free_memory(void) { malloc_trim(0); }

extern int accept4(int, struct sockaddr *, socklen_t *, int);

// A connection, non-blocking and close-on-exec, or -1 with errno set.
static inline int sc_accept(int fd) {
    return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Names the calling thread; Linux keeps 15 bytes.
static inline void sc_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// What sched_setattr(2) reads; it has no wrapper, and its header clashes with others.
struct sc_sched_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

enum { sc_policy_normal = 0, sc_policy_batch = 3 };

// Sets how the calling thread is scheduled, where it is by the normal policy and that is allowed.
static inline void sc_set_schedule(uint32_t policy, uint64_t slice_nanoseconds, int nicer) {
    struct sc_sched_attr attr = {0};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0 || attr.policy != sc_policy_normal) return;
    attr.policy = policy;
    attr.runtime = slice_nanoseconds;
    attr.nice += nicer;
    syscall(SYS_sched_setattr, 0, &attr, 0);
}

// Has the calling thread run as soon as it has something to do, in place of threads that run in longer slices: Linux 6.12
// and later let a thread ask for a slice, and the shorter one goes first. Earlier ones ignore it.
static inline void sc_ask_for_slice(uint64_t nanoseconds) { sc_set_schedule(sc_policy_normal, nanoseconds, 0); }

// Has the calling thread never take the processor from one that runs, when it wakes up, and makes it so much nicer.
static inline void sc_give_way(int nicer) { sc_set_schedule(sc_policy_batch, 0, nicer); }

// The lowest priority there is for the calling thread, for the processor (nice 19) and for files (the idle class of
// ioprio_set(2), which has no header). What of it is not allowed is not needed.
static inline void sc_lower_thread_priority(void) {
    enum { who_process = 1, class_idle = 3, class_shift = 13 };
    pid_t thread = (pid_t)syscall(SYS_gettid);
    setpriority(PRIO_PROCESS, (id_t)thread, 19);
    syscall(SYS_ioprio_set, who_process, 0, class_idle << class_shift);
}
