#pragma once

/// Asks for the cache line of an address that will soon be read. Any address is fine; none is read.
static inline void sc_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }
