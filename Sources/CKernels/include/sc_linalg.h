/// Dense kernels for small symmetric positive definite systems, single precision.
///
/// Square matrices are row-major, shape [d, d], with `d` a positive multiple of SC_LINALG_BLOCK;
/// callers pad with zeros. Only the blocks on and above the diagonal are read and written; what
/// lies in a diagonal block below the diagonal is scratch, but must be finite. Nothing needs more
/// than the alignment of a float. Nothing allocates.
///
/// The widest instruction set that the machine has is chosen at each call; the others are not even
/// touched, so one binary runs everywhere. Sums are fused and reordered: results agree between
/// machines to rounding, not in bits.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

#define SC_LINALG_BLOCK 16

/// sum += the sum of `count` rows of `d` floats.
void sc_linalg_sum(
    float *sum, size_t d, const float *_Nonnull const *_Nonnull rows, size_t count);

/// a = start + rows' rows, over `count` rows of `d` floats, with the blocks on the diagonal whole;
/// `start` may be `a`. Best for so few rows that they stay in the nearest cache.
void sc_linalg_syrk(
    float *a, const float *start, size_t d, const float *_Nonnull const *_Nonnull rows,
    size_t count);

/// Factors a = u'u in place, with `u` upper triangular and the *reciprocals* of its diagonal on the
/// diagonal, and on the way solves u'z = b, `x` holding b at first and z in the end.
///
/// Returns -1, or the index of the first pivot that is not positive; both are then spoilt.
ptrdiff_t sc_linalg_cholesky(float *a, size_t d, float *x);

/// Solves u'z = b in place, `x` holding b at first, for `u` as sc_linalg_cholesky leaves it.
void sc_linalg_forward(const float *u, size_t d, float *x);

/// Solves u x = z in place, `x` holding z at first. Returns z.z, which is b.x for the solution x of
/// u'u x = b.
float sc_linalg_backward(const float *u, size_t d, float *x);

#pragma clang assume_nonnull end
