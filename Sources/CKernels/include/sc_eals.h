/// One row's turn in element-wise alternating least squares.

#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin

/// The floats of scratch that sc_eals_row needs for `count` entries and rows of `columns` floats.
size_t sc_eals_scratch_count(size_t count, size_t columns);

/// Sets the elements of x one after the other, each to where it lowers most, with p_k = x . y_k,
///
///     sum over entries k of (weights[k] (p_k - 1)^2 - unobserved[k] p_k^2) + scale x'Sx + ridge x'x
///
/// - x: `columns` floats, a multiple of 16, of which the first `dimensions` are set; the others are
///   zero.
/// - rows: the entries' rows y, `columns` floats each, zero past `dimensions`.
/// - s: S, symmetric, shape [columns, columns].
///
/// Returns that objective at the new x.
double sc_eals_row(
    float *x, size_t dimensions, size_t columns, const float *_Nonnull const *_Nonnull rows,
    const float *weights, const float *unobserved, size_t count, const float *s, float scale,
    float ridge, float *scratch);

#pragma clang assume_nonnull end
