/// Dense products of small and medium matrices, single precision.
///
/// For what is computed while requests wait: a library's product, as training has in sc_blas.h,
/// takes locks and memory of its own.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// c += a b, with `c` of shape [m, n], `a` of shape [m, k] and `b` of shape [k, n].
///
/// Rows of `b` and `c` are `b_stride` and `c_stride` floats apart. `a` has its element (i, j) at
/// `a[i * a_row + j * a_column]`, so that a transposed matrix needs no copy. Each element of `c`
/// takes its sum in the order of k, whatever m and n are: slices of a product have the bits of the
/// whole. `c` overlaps neither factor. Fastest where n is a multiple of 16 and b fits the
/// second-level cache.
void sc_gemm(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column, const float *b,
    size_t b_stride, size_t m, size_t n, size_t k);

#pragma clang assume_nonnull end
