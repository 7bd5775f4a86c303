#pragma once

#include <stdint.h>  // Says whether the C library is glibc.

// SC_CLONES before a function's definition makes one version of it per x86-64 level; the loader
// picks the best one when the program starts. Sanitizers initialize after the loader, so they get
// the plain version.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SC_SANITIZED 1
#endif
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(SC_SANITIZED)
#define SC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SC_CLONES
#endif
