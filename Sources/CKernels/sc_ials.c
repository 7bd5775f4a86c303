#include "sc_ials.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"
#include "sc_linalg.h"

/// Some 24 KiB, so that the panel stays in the nearest cache under the outer product.
#define PANEL_FLOATS 6144

/// Rows packed at a time.
static size_t panel_rows(size_t d) {
    size_t rows = PANEL_FLOATS / d;
    return rows < 8 ? 8 : rows;
}

size_t sc_ials_scratch_count(size_t d) { return d * d + panel_rows(d) * d; }

float sc_ials_solve(
    const float *const *rows, size_t count, size_t columns, size_t d, const float *base,
    float ridge, float *scratch, float *x) {
    float *a = scratch;
    float *panel = scratch + d * d;
    for (size_t i = 0; i < d; i++) {
        size_t first = i - i % SC_LINALG_BLOCK;
        memcpy(a + i * d + first, base + i * d + first, (d - first) * sizeof(float));
        a[i * d + i] += ridge;
    }
    memset(x, 0, d * sizeof(float));
    size_t step = panel_rows(d);
    for (size_t start = 0; start < count; start += step) {
        size_t n = count - start < step ? count - start : step;
        sc_linalg_gather(rows + start, n, columns, d, panel, x);
        sc_linalg_syrk(a, d, panel, n);
    }
    if (sc_linalg_cholesky(a, d) >= 0) return -1;
    return sc_linalg_solve(a, d, x);
}

#define BODY static inline __attribute__((always_inline))

BODY float product(const float *a, const float *b, size_t count) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

/// y += factor x
BODY void add(float *restrict y, float factor, const float *restrict x, size_t count) {
#pragma clang fp contract(fast)
    for (size_t i = 0; i < count; i++) y[i] += factor * x[i];
}

/// y += base[:, first to end] x[first to end], where only the blocks of `base` on and above the
/// diagonal hold anything.
BODY void add_columns(
    float *y, const float *base, size_t d, size_t first, size_t end, const float *x) {
    for (size_t i = 0; i < end; i++) {
        size_t diagonal = i - i % SC_LINALG_BLOCK;
        size_t start = diagonal > first ? diagonal : first;
        y[i] += product(base + i * d + start, x + start, end - start);
    }
    for (size_t i = first; i < end; i++) {
        // What lies left of the diagonal block is stored above it.
        size_t behind = i - i % SC_LINALG_BLOCK + SC_LINALG_BLOCK;
        add(y + behind, x[i], base + i * d + behind, d - behind);
    }
}

size_t sc_ials_improve_scratch_count(size_t d, size_t block, size_t count) {
    return block * block + panel_rows(block) * block + count + 3 * d;
}

SC_CLONES
float sc_ials_improve(
    const float *const *rows, size_t count, size_t columns, size_t d, const float *base,
    float ridge, size_t block, float *scratch, float *x) {
    float *a = scratch;
    float *panel = a + block * block;
    float *rest = panel + panel_rows(block) * block;  // 1 - y . x, by row
    float *weighted = rest + count;                    // base x
    float *step = weighted + d;                        // by what x changes; zero but for one block
    float *sums = step + d;
    memset(weighted, 0, 2 * d * sizeof(float));
    add_columns(weighted, base, d, 0, d, x);
    for (size_t k = 0; k < count; k++) rest[k] = 1 - product(rows[k], x, columns);
    for (size_t first = 0; first < d; first += block) {
        size_t size = d - first < block ? d - first : block;
        size_t used = columns - first < size ? columns - first : size;
        for (size_t i = 0; i < size; i++) {
            memcpy(a + i * size, base + (first + i) * d + first, size * sizeof(float));
            a[i * size + i] += ridge;
            step[first + i] = -weighted[first + i] - ridge * x[first + i];
        }
        size_t most = panel_rows(block);
        const float *parts[PANEL_FLOATS / SC_LINALG_BLOCK];
        for (size_t start = 0; start < count; start += most) {
            size_t n = count - start < most ? count - start : most;
            for (size_t k = 0; k < n; k++) parts[k] = rows[start + k] + first;
            sc_linalg_gather(parts, n, used, size, panel, sums);
            sc_linalg_syrk(a, size, panel, n);
            for (size_t k = 0; k < n; k++)
                add(step + first, rest[start + k], panel + k * size, size);
        }
        if (sc_linalg_cholesky(a, size) >= 0) return NAN;
        sc_linalg_solve(a, size, step + first);
        for (size_t k = 0; k < count; k++)
            rest[k] -= product(rows[k] + first, step + first, used);
        add_columns(weighted, base, d, first, first + size, step);
        for (size_t i = first; i < first + size; i++) {
            x[i] += step[i];
            step[i] = 0;
        }
    }
    float objective = product(weighted, x, d) + ridge * product(x, x, d);
    for (size_t k = 0; k < count; k++) objective += rest[k] * rest[k];
    return (float)count - objective;
}
