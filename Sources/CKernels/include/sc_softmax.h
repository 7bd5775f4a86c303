/// The cross-entropy of a softmax over a batch.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Turns a sample's logits into their slopes: the softmax, less 1 at the positive.
///
/// - logits: `count` floats, a multiple of 16.
/// - corrections: subtracted from the logits first.
/// - excluded: candidates with a 1 here have no part in it; the positive's is ignored.
///
/// Returns the cross-entropy.
float sc_softmax_slopes(
    float *logits, const float *corrections, const uint8_t *excluded, size_t count,
    size_t positive);

#pragma clang assume_nonnull end
