#include "sc_softmax.h"

#include <math.h>

#include "sc_clones.h"

#define BODY static inline __attribute__((always_inline))

/// e^x for x at most 0, to 3e-7 of it; 0 where it is less than 2^-64. Vectorises, and has the same
/// bits with every C library.
///
/// Smaller ones vanish in a sum of which 1 is part. Kept, they would end as subnormal slopes, which
/// processors multiply a hundred times slower than others.
BODY float exponential(float x) {
#pragma clang fp contract(fast)
    const float least = -64;
    float power = x * 1.44269504f;
    power = power < least ? least : power;
    // Adding and taking away 1.5 x 2^23 rounds to a whole number, which is left in the low bits.
    float rounder = 12582912;
    union {
        float value;
        int32_t bits;
    } shifted = {.value = power + rounder}, scale;
    float rest = power - (shifted.value - rounder);
    scale.bits = (shifted.bits - 0x4b400000 + 127) << 23;
    // 2^rest by its Taylor series, |rest| at most a half.
    float series = 1.5403530e-4f;
    series = series * rest + 1.3333558e-3f;
    series = series * rest + 9.6181291e-3f;
    series = series * rest + 5.5504109e-2f;
    series = series * rest + 2.4022651e-1f;
    series = series * rest + 6.9314718e-1f;
    series = series * rest + 1;
    return power > least ? series * scale.value : 0;
}

SC_CLONES
float sc_softmax_slopes(
    float *logits, const float *corrections, const uint8_t *excluded, size_t count,
    size_t positive) {
#pragma clang fp reassociate(on) contract(fast)
    // Excluded ones end so far below that their share is 0 in single precision.
    const float far_below = 1e30f;
    float own = logits[positive] - corrections[positive];
    float largest[16];
    for (size_t lane = 0; lane < 16; lane++) largest[lane] = own;
    for (size_t c = 0; c < count; c += 16) {
        for (size_t lane = 0; lane < 16; lane++) {
            float logit =
                logits[c + lane] - corrections[c + lane] - (float)excluded[c + lane] * far_below;
            logits[c + lane] = logit;
            largest[lane] = logit > largest[lane] ? logit : largest[lane];
        }
    }
    logits[positive] = own;
    float top = own, sum = 0;
    for (size_t lane = 0; lane < 16; lane++) top = largest[lane] > top ? largest[lane] : top;
    for (size_t c = 0; c < count; c++) {
        logits[c] = exponential(logits[c] - top);
        sum += logits[c];
    }
    float share = 1 / sum;
    for (size_t c = 0; c < count; c++) logits[c] *= share;
    logits[positive] -= 1;
    return logf(sum) + top - own;
}
