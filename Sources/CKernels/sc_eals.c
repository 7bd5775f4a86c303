#include "sc_eals.h"

#include <string.h>

#include "sc_clones.h"

#define BODY static inline __attribute__((always_inline))
enum { LANES = 16 };

static size_t padded(size_t count) { return (count + LANES - 1) / LANES * LANES; }

size_t sc_eals_scratch_count(size_t count, size_t columns) {
    return (columns + 3) * padded(count);
}

BODY float dot(const float *a, const float *b, size_t count) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t k = 0; k < count; k++) sum += a[k] * b[k];
    return sum;
}

/// y += a x.
BODY void add(float *restrict y, float a, const float *restrict x, size_t count) {
#pragma clang fp contract(fast)
    for (size_t k = 0; k < count; k++) y[k] += a * x[k];
}

SC_CLONES
double sc_eals_row(
    float *x, size_t dimensions, size_t columns, const float *const *rows, const float *weights,
    const float *unobserved, size_t count, const float *s, float scale, float ridge,
    float *scratch) {
#pragma clang fp reassociate(on) contract(fast)
    // The rows are turned round, so that one element's turn runs over memory in one go.
    size_t n = padded(count);
    float *panel = scratch, *p = scratch + columns * n, *w = p + n, *excess = w + n;
    memset(scratch, 0, sc_eals_scratch_count(count, columns) * sizeof(float));
    for (size_t k = 0; k < count; k++) {
        for (size_t f = 0; f < dimensions; f++) panel[f * n + k] = rows[k][f];
        w[k] = weights[k];
        excess[k] = weights[k] - unobserved[k];
    }
    for (size_t f = 0; f < dimensions; f++) add(p, x[f], panel + f * n, n);
    for (size_t f = 0; f < dimensions; f++) {
        const float *y = panel + f * n;
        float slope = 0, curvature = 0;
        for (size_t k = 0; k < n; k++) {
            slope += (w[k] - excess[k] * (p[k] - x[f] * y[k])) * y[k];
            curvature += excess[k] * y[k] * y[k];
        }
        float diagonal = s[f * columns + f];
        slope -= scale * (dot(x, s + f * columns, columns) - x[f] * diagonal);
        float value = slope / (curvature + scale * diagonal + ridge);
        add(p, value - x[f], y, n);
        x[f] = value;
    }
    double loss = 0;
    for (size_t k = 0; k < count; k++)
        loss += (double)w[k] * (p[k] - 1) * (p[k] - 1) - (double)(w[k] - excess[k]) * p[k] * p[k];
    for (size_t f = 0; f < dimensions; f++)
        loss += (double)x[f] * (scale * dot(x, s + f * columns, columns) + ridge * x[f]);
    return loss;
}
