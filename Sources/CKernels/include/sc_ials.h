/// One regularised least-squares solve of implicit alternating least squares, the same for training
/// and fold-in.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

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

#pragma clang assume_nonnull end
