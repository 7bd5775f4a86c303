/// One regularized least-squares solve of implicit alternating least squares, the same for training
/// and fold-in.

#pragma once

#include <stddef.h>
#include <stdint.h>

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

/// Solves (sum y y' + base + ridge E) x = sum y over the `count` rows y, at least one.
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

/// Lists the addresses of `count` rows by their numbers, in a table whose rows are `stride` floats
/// apart.
void sc_ials_list_rows(
    const float *first, size_t stride, const int32_t *numbers, size_t count,
    const float *_Nonnull *_Nonnull rows);

/// rest = 1 - y . x over the `count` rows y, of `columns` floats each.
void sc_ials_residuals(
    const float *_Nonnull const *_Nonnull rows, size_t count, size_t columns, const float *x,
    float *rest);

/// The floats of scratch that sc_ials_improve needs for blocks of up to `block`.
size_t sc_ials_improve_scratch_count(size_t block);

/// Sets `size` entries of `x`, from `first` on, to their optimum with the others fixed, for the
/// system of sc_ials_solve.
///
/// `base` is whole here, not only its upper half. `first` and `size` are multiples of
/// SC_LINALG_BLOCK; `x` holds `d` floats, zero past `columns`, and `rest` what sc_ials_residuals
/// says of it: both are brought up to date.
///
/// Blocks are to be visited in order. Returns what this one adds to x . (base + ridge E) x over the
/// blocks up to it; NaN says that the block is not positive definite in single precision, and `x`
/// is then meaningless.
float sc_ials_improve(
    const float *_Nonnull const *_Nonnull rows, size_t count, size_t columns, size_t d,
    const float *base, float ridge, size_t first, size_t size, float *scratch, float *rest,
    float *x);

#pragma clang assume_nonnull end
