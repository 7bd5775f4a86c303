#ifndef SC_PEER_IDENTITY_H
#define SC_PEER_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

/// Makes the calling thread, and no other, another user for good: 0, or -1 with errno set. The sockets that it
/// connects from then on are that user's. Root alone may do so.
int sc_thread_becomes(uint32_t uid, uint32_t gid, const uint32_t *groups, size_t count);

#endif
