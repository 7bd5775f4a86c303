#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

extern int accept4(int, struct sockaddr *, socklen_t *, int);

// A connection, non-blocking and close-on-exec, or -1 with errno set.
static inline int sc_accept(int fd) {
    return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Names the calling thread; Linux keeps 15 bytes.
static inline void sc_set_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
