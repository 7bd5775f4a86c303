/// Dense algebra for training, by OpenBLAS: products of matrices of any size, and inverses.
///
/// The library is loaded when it is first needed and not linked, for two reasons. It reads its
/// settings from the environment while it is loaded, so that they must be set before; and a process
/// that never trains, such as a server, does without it.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// Loads the library; to be called once in a process, before anything else here is.
///
/// Sets OPENBLAS_CORETYPE, where the user has not, to the best kernels that this processor can run:
/// a version does not know the processors that came after it, and takes them for very old ones. The
/// library works on the calling thread alone, as callers have threads of their own.
///
/// - name: the file's name, looked for where the system has its libraries.
///
/// Returns NULL once all below may be called, or the system's words on why not.
const char *_Nullable sc_blas_load(const char *name);

/// c = a b, or c += a b, with `c` of shape [m, n], `a` of shape [m, k] and `b` of shape [k, n].
///
/// A factor that is transposed lies in memory as its transpose. Rows are `stride` floats apart as
/// they lie there. The same shapes and values give the same bits, but a slice of a product may
/// differ in its last ones from the whole.
void sc_blas_gemm(
    const float *a, size_t a_stride, bool a_transposed, const float *b, size_t b_stride,
    bool b_transposed, size_t m, size_t n, size_t k, bool adds, float *c, size_t c_stride);

/// Replaces the upper triangle of a symmetric matrix, shape [n, n], by that of the factor u with
/// a = u'u; the rest is neither read nor written. Rows are `stride` floats apart, at most INT_MAX.
///
/// Returns whether the matrix was positive definite; where it was not, what it holds is undefined.
bool sc_blas_factor(float *a, size_t stride, size_t n);

/// Replaces what sc_blas_factor left by the upper triangle of the matrix's inverse.
///
/// Returns false where the factor has a zero on its diagonal, which one that was found has not.
bool sc_blas_invert(float *a, size_t stride, size_t n);

#pragma clang assume_nonnull end
