/// One tower of a two-tower network: sums of rows, a dense part around which the sum also passes,
/// and vectors of one length.

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sc_pairwise.h"

#pragma clang assume_nonnull begin

/// Weighted sums: sum n is over the entries at offsets[n] ..< offsets[n + 1].
struct sc_bag {
    const int64_t *offsets;
    const int32_t *rows;
    const float *weights;
};

/// y = x + w2 max(0, w1 x + b1) + b2, and then of the given length.
struct sc_tower {
    /// Of x and y; a multiple of 16.
    size_t columns;
    /// Of the layer between; a multiple of 16, or 0 for y = x.
    size_t hidden;
    /// The length of each y, or 0 to leave it as it is.
    float length;
    /// w1, shape [columns, hidden], and b1; then w2, shape [hidden, columns], and b2.
    const float *dense;
};

/// Writes the sums numbered first ..< first + count, `columns` floats each, a multiple of 16.
void sc_bag_sum(
    const struct sc_bag *bag, size_t first, size_t count, const float *rows, size_t columns,
    float *sums);

/// Writes the bag transposed: by row, the sums that it is part of, ascending.
///
/// - count: the sums.
/// - places: -1 for each row that may appear; as before on return.
/// - touched: receives the rows that do, in the order in which they first appear.
/// - offsets, sums, weights: receive the transposed bag: the sums of row touched[k] are the entries
///   at offsets[k] ..< offsets[k + 1].
///
/// Returns how many rows were touched.
size_t sc_bag_transpose(
    const struct sc_bag *bag, size_t count, int32_t *places, int32_t *touched, int64_t *offsets,
    int32_t *sums, float *weights);

/// Takes one AdaGrad step with each of the rows touched[first ..< first + count], against the sum
/// of the slopes that its entries in `bag` name; the bag is that of the sums, transposed.
void sc_bag_step(
    const struct sc_bag *bag, const int32_t *touched, size_t first, size_t count,
    const float *slopes, const struct sc_features *side, float rate, float decay);

size_t sc_tower_dense_count(const struct sc_tower *tower);

/// The floats of scratch that sc_tower_backward needs.
size_t sc_tower_scratch_count(const struct sc_tower *tower, size_t count);

/// - x, y: shape [count, columns].
/// - hidden: receives the middle layer, shape [count, hidden].
/// - scales: receives what each y was multiplied by to have its length.
void sc_tower_forward(
    const struct sc_tower *tower, const float *x, size_t count, float *hidden, float *y,
    float *scales);

/// - by_y: slopes by y; overwritten.
/// - by_dense: takes the slopes of the dense parameters in addition.
/// - by_x: receives the slopes by x.
void sc_tower_backward(
    const struct sc_tower *tower, const float *x, const float *hidden, const float *y,
    const float *scales, size_t count, float *by_y, float *by_dense, float *by_x, float *scratch);

#pragma clang assume_nonnull end
