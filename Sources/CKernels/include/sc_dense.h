/// Dense layers, and the slopes of their parameters. sc_blas_load comes before them.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/// y = x w + b, with `x` of shape [count, in] and `y` of shape [count, out].
///
/// - layer: the weights w, shape [in, out], and then the biases b.
/// - rectified: whether what is below zero becomes zero.
void sc_dense_forward(
    const float *layer, const float *x, size_t count, size_t in, size_t out, bool rectified,
    float *y);

/// Takes the slopes of a loss through one layer.
///
/// - by_y: the loss's slopes by what sc_dense_forward wrote, before it was rectified.
/// - by_layer: takes the slopes by weights and biases in addition, shaped as `layer`.
/// - by_x: receives the slopes by the input, shape [count, in]; NULL where they are not wanted.
void sc_dense_backward(
    const float *layer, const float *x, const float *by_y, size_t count, size_t in, size_t out,
    float *by_layer, float *_Nullable by_x);

/// Clears those slopes whose unit's output was rectified to zero.
void sc_dense_rectify(const float *outputs, float *slopes, size_t count);

#pragma clang assume_nonnull end
