#pragma once

// What the kernels share that keep a tile of sums in registers.

enum { SC_LANES = 16 };

// One block row. The compiler splits it into what the machine has: one zmm, two ymm, four xmm or
// neon registers.
typedef float vec __attribute__((vector_size(SC_LANES * sizeof(float))));
typedef float loose_vec
    __attribute__((vector_size(SC_LANES * sizeof(float)), aligned(sizeof(float))));

#define LOAD(p) (*(const loose_vec *)(p))
#define STORE(p, v) (*(loose_vec *)(p) = (v))

// The bodies are inlined into one wrapper for each instruction set, which sets their register tile.
#define BODY static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// FOR_EACH_SET(INSTANCE) makes INSTANCE(set, attributes, tile_rows, tile_vecs) for each instruction
// set. A tile's sums, one row of the right factor and a broadcast must fit the registers: 32 zmm,
// 16 ymm, 16 xmm, 32 neon. CHOOSE(kernel) is the one of kernel_v4, kernel_v3 and kernel_base that
// suits the machine.
#if defined(__x86_64__)
// Without the width, compilers keep to 256 bits where a machine model prefers them.
#define FOR_EACH_SET(INSTANCE)                                                           \
    INSTANCE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 8, 2) \
    INSTANCE(v3, __attribute__((target("arch=x86-64-v3"))), 4, 1)                        \
    INSTANCE(base, , 2, 1)
#define CHOOSE(kernel)                                                  \
    (__builtin_cpu_supports("x86-64-v4")   ? kernel##_v4                \
     : __builtin_cpu_supports("x86-64-v3") ? kernel##_v3                \
                                           : kernel##_base)
#else
#define FOR_EACH_SET(INSTANCE) INSTANCE(base, , 4, 1)
#define CHOOSE(kernel) kernel##_base
#endif
