#pragma once

#include "sc_pairwise.h"

/// Adds one step of AdaGrad to a row (Duchi, Hazan and Singer 2011, section 1.1).
///
/// `gradient` points where the row shall go; `decay` pulls it towards zero.
static inline __attribute__((always_inline)) void sc_adagrad_step(
    const struct sc_features *side, size_t row, float scale, const float *gradient, float rate,
    float decay) {
#pragma clang fp contract(fast)
    float *restrict values = side->rows + row * side->columns;
    float *restrict squares = side->squares + row * side->columns;
    for (size_t c = 0; c < side->columns; c++) {
        float g = scale * gradient[c] - decay * values[c];
        squares[c] += g * g;
        // sqrtf would set errno, one element at a time.
        values[c] += rate * g / __builtin_elementwise_sqrt(squares[c]);
    }
}
