/// Neural matrix factorization: a product of factors beside a small tower of dense layers.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { SC_NEUMF_LAYERS_MAX = 4 };

/// A user's or item's row is `factors` floats for the product and then `inputs` floats for the
/// tower.
///
/// All widths are multiples of 16. The dense parameters lie one behind the other: for each layer
/// its weights, shape [in, out], and its out biases; then factors + widths[last] output weights,
/// and the output's bias.
struct sc_neumf {
    const float *users;
    const float *items;
    size_t factors;
    size_t inputs;
    size_t layers;
    size_t widths[SC_NEUMF_LAYERS_MAX];
    const float *dense;
};

size_t sc_neumf_dense_count(const struct sc_neumf *model);

/// The floats of scratch that `count` samples need.
size_t sc_neumf_scratch_count(const struct sc_neumf *model, size_t count);

/// Writes the samples' logits and leaves their activations in `scratch`.
void sc_neumf_forward(
    const struct sc_neumf *model, const int32_t *users, const int32_t *items, size_t count,
    float *scratch, float *logits);

/// Takes the slopes of the cross-entropy, summed over the samples, from what sc_neumf_forward left.
///
/// - labels: 0 or 1.
/// - dense: takes the dense parameters' slopes in addition.
/// - by_user, by_item: receive factors + inputs floats a sample.
///
/// Returns the sum of the cross-entropies.
double sc_neumf_backward(
    const struct sc_neumf *model, const int32_t *users, const int32_t *items, const float *labels,
    const float *logits, size_t count, float *scratch, float *dense, float *by_user,
    float *by_item);

#pragma clang assume_nonnull end
