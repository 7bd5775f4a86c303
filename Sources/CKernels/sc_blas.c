#include "sc_blas.h"

#include <dlfcn.h>
#include <stdlib.h>

// As cblas.h and LAPACK have them; their integers are ints.
enum { row_major = 101, plain = 111, transposed = 112 };

/// Written once, by sc_blas_load.
static struct {
    void (*gemm)(
        int order, int turn_a, int turn_b, int m, int n, int k, float alpha, const float *a,
        int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride);
    void (*factor)(const char *triangle, const int *n, float *a, const int *stride, int *info);
    void (*invert)(const char *triangle, const int *n, float *a, const int *stride, int *info);
    void (*set_threads)(int count);
} blas;

static void choose_kernels(void) {
#if defined(__x86_64__)
    const char *type = __builtin_cpu_supports("x86-64-v4")   ? "SKYLAKEX"
                       : __builtin_cpu_supports("x86-64-v3") ? "HASWELL"
                                                             : NULL;
    if (type) setenv("OPENBLAS_CORETYPE", type, 0);
#endif
    // Spares it the threads that it makes while it is loaded.
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
}

const char *sc_blas_load(const char *name) {
    choose_kernels();
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
    const struct {
        const char *name;
        void *place;
    } symbols[] = {
        {"cblas_sgemm", &blas.gemm},
        {"spotrf_", &blas.factor},
        {"spotri_", &blas.invert},
        {"openblas_set_num_threads", &blas.set_threads},
    };
    for (size_t k = 0; k < sizeof symbols / sizeof symbols[0]; k++) {
        void *symbol = dlsym(library, symbols[k].name);
        if (!symbol) return dlerror();
        *(void **)symbols[k].place = symbol;
    }
    blas.set_threads(1);
    return NULL;
}

void sc_blas_gemm(
    const float *a, size_t a_stride, bool a_transposed, const float *b, size_t b_stride,
    bool b_transposed, size_t m, size_t n, size_t k, bool adds, float *c, size_t c_stride) {
    blas.gemm(
        row_major, a_transposed ? transposed : plain, b_transposed ? transposed : plain, (int)m,
        (int)n, (int)k, 1, a, (int)a_stride, b, (int)b_stride, adds, c, (int)c_stride);
}

// LAPACK's matrices are column-major: what is the upper triangle here is the lower one there.

bool sc_blas_factor(float *a, size_t stride, size_t n) {
    int order = (int)n, rows = (int)stride, info;
    blas.factor("L", &order, a, &rows, &info);
    return info == 0;
}

bool sc_blas_invert(float *a, size_t stride, size_t n) {
    int order = (int)n, rows = (int)stride, info;
    blas.invert("L", &order, a, &rows, &info);
    return info == 0;
}
