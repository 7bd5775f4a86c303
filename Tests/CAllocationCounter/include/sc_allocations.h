#ifndef SC_ALLOCATIONS_H
#define SC_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/// Whether allocations are counted: not under a sanitizer, which has an allocator of its own.
bool sc_allocations_counted(void);

/// How often the calling thread took memory from malloc, calloc, realloc or an aligned form of them.
size_t sc_allocations_of_thread(void);

/// The same for all threads together.
size_t sc_allocations_of_process(void);

#endif
