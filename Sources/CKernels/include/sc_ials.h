/// One regularised least-squares solve of implicit alternating least squares, the same for training
/// and fold-in.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// The floats of scratch that sc_ials_add_gramian needs for `d`.
size_t sc_ials_gramian_scratch_count(size_t d);

/// a += sum y y' over `count` rows y of `columns` floats, `stride` floats apart, in the layout of
/// sc_linalg.h; `d` is `columns` rounded up to SC_LINALG_BLOCK.
void sc_ials_add_gramian(
    const float *rows, size_t count, size_t columns, size_t stride, size_t d, float *scratch,
    float *a);

/// The floats of scratch that sc_ials_solve needs for systems of size `d`.
size_t sc_ials_scratch_count(size_t d);

/// Solves (sum y y' + base + ridge E) x = sum y over the `count` rows y.
///
/// `rows` point to `columns` floats each; `d` is `columns` rounded up to SC_LINALG_BLOCK. `base`,
/// shape [d, d], is the weighted Gramian (see sc_linalg.h for its layout); `x` receives `d` floats,
/// zero past `columns`.
///
/// Returns x . (sum y), which is not negative; a negative number says that the system is not
/// positive definite in single precision, and `x` is then meaningless.
float sc_ials_solve(
    const float *_Nonnull const *_Nonnull rows, size_t count, size_t columns, size_t d,
    const float *base, float ridge, float *scratch, float *x);

/// The floats of scratch that sc_ials_improve needs for systems of size `d`, blocks of `block` and up
/// to `count` rows.
size_t sc_ials_improve_scratch_count(size_t d, size_t block, size_t count);

/// Goes once through the blocks of `block` columns and sets each to its optimum with the rest of `x`
/// fixed, for the system of sc_ials_solve.
///
/// The blocks on the diagonal of `base` must be whole.
/// `block` is a multiple of SC_LINALG_BLOCK; the last one may be shorter. `x` holds a finite guess of
/// `d` floats, zero past `columns`, and is improved in place.
///
/// Returns count - objective, with the objective |Y x - 1|^2 + x . (base + ridge E) x, which is what
/// sc_ials_solve returns where x is the solution; NaN says that a block is not positive definite in
/// single precision, and `x` is then meaningless.
float sc_ials_improve(
    const float *_Nonnull const *_Nonnull rows, size_t count, size_t columns, size_t d,
    const float *base, float ridge, size_t block, float *scratch, float *x);

#pragma clang assume_nonnull end
