#include "sc_dot.h"

#include <math.h>

#include "sc_clones.h"

SC_CLONES
void sc_dot_rows(
    const float *query, const float *const *rows, size_t count, size_t dimensions, float *scores) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < count; r++) {
        const float *row = rows[r];
        if (!row) {
            scores[r] = NAN;
            continue;
        }
        float sum = 0;
        for (size_t i = 0; i < dimensions; i++) sum += query[i] * row[i];
        scores[r] = sum;
    }
}

float sc_dot_plain(const float *a, const float *b, size_t dimensions) {
    float sum = 0;
    for (size_t i = 0; i < dimensions; i++) sum += a[i] * b[i];
    return sum;
}
