/// Inverts a large symmetric positive definite matrix in place, single precision, a block of pivots
/// at a time.
///
/// The matrix is row-major, shape [n, n], with `n` a positive multiple of SC_SPD_BLOCK; callers pad
/// with the identity. Only what lies on and above the diagonal is read and written, but for scratch
/// below it within diagonal tiles.
///
/// For each block q in turn: sc_spd_pivot once; then sc_spd_stripe for every stripe; then
/// sc_spd_update for every stripe. Stripes of one kind may run at the same time on different
/// threads. When all blocks are done, `a` holds the inverse, negated.
///
/// This is Gauss-Jordan elimination without exchanges, which a positive definite matrix does not
/// need, in its symmetric form: n^3 additions and multiplications together, as many as a Cholesky
/// factor and its inverse take, and nearly all of them in one kernel, a product of two packed
/// panels. Source: Bauer and Reinsch 1971, "Inversion of positive definite matrices by the
/// Gauss-Jordan method", in Wilkinson and Reinsch, Handbook for Automatic Computation, volume 2,
/// I/3; Peters and Wilkinson 1975, "On the stability of Gauss-Jordan elimination with pivoting".

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// Pivots eliminated at a time.
#define SC_SPD_BLOCK 128
/// Columns of a stripe.
#define SC_SPD_STRIPE 32

/// Inverts the Cholesky factor of diagonal block `q` into `factors`, [2, SC_SPD_BLOCK,
/// SC_SPD_BLOCK], and replaces the block by its negated inverse.
///
/// Returns -1, or the index of the first pivot in the block that is not positive; `a` is then
/// spoilt.
ptrdiff_t sc_spd_pivot(float *a, size_t n, size_t q, float *factors);

/// Eliminates block `q` from its own rows of stripe `s`, and packs what the other rows are owed
/// into `panels`, shape [n / SC_SPD_STRIPE, SC_SPD_BLOCK, SC_SPD_STRIPE].
void sc_spd_stripe(float *a, size_t n, size_t q, size_t s, const float *factors, float *panels);

/// Subtracts from the rows of stripe `s` what they are owed by block `q`, from the diagonal to the
/// right.
void sc_spd_update(float *a, size_t n, size_t q, size_t s, const float *panels);

/// Copies the columns of stripe `s` above the diagonal to its rows left of the diagonal.
void sc_spd_mirror(float *a, size_t n, size_t s);

#pragma clang assume_nonnull end
