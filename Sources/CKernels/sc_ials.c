#include "sc_ials.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"
#include "sc_linalg.h"

/// Some 24 KiB of rows at a time, so that they stay in the nearest cache under the outer product.
#define PANEL_FLOATS 6144
#define PANEL_ROWS_MAX (PANEL_FLOATS / SC_LINALG_BLOCK)

static size_t panel_rows(size_t d) {
    size_t rows = PANEL_FLOATS / d;
    return rows < 8 ? 8 : rows;
}

/// Floats for rows that must be padded.
static size_t panel_floats(size_t d) { return panel_rows(d) * d; }

/// Rows of `d` floats that are `count` rows from their column `first` on: `rows` themselves where
/// they will do, or else a list of them in `list`. Those of fewer `columns` are copied to `panel` and
/// padded with zeros, since what follows them in memory is not theirs.
static const float *const *padded_rows(
    const float *const *rows, size_t count, size_t first, size_t columns, size_t d, float *panel,
    const float **list) {
    if (columns == d && first == 0) return rows;
    for (size_t k = 0; k < count; k++) {
        list[k] = rows[k] + first;
        if (columns == d) continue;
        float *copy = panel + k * d;
        memcpy(copy, list[k], columns * sizeof(float));
        memset(copy + columns, 0, (d - columns) * sizeof(float));
        list[k] = copy;
    }
    return list;
}

size_t sc_ials_gramian_scratch_count(size_t d) { return panel_floats(d); }

void sc_ials_add_gramian(
    const float *rows, size_t count, size_t columns, size_t stride, size_t d, float *scratch,
    float *a) {
    size_t step = panel_rows(d);
    const float *starts[PANEL_ROWS_MAX], *list[PANEL_ROWS_MAX];
    for (size_t start = 0; start < count; start += step) {
        size_t n = count - start < step ? count - start : step;
        for (size_t k = 0; k < n; k++) starts[k] = rows + (start + k) * stride;
        sc_linalg_syrk(a, d, padded_rows(starts, n, 0, columns, d, scratch, list), n);
    }
}

size_t sc_ials_scratch_count(size_t d) { return d * d + panel_floats(d); }

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
    const float *list[PANEL_ROWS_MAX];
    for (size_t start = 0; start < count; start += step) {
        size_t n = count - start < step ? count - start : step;
        const float *const *padded = padded_rows(rows + start, n, 0, columns, d, panel, list);
        sc_linalg_sum(x, d, padded, n);
        sc_linalg_syrk(a, d, padded, n);
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
    return block * block + panel_floats(block) + count + 2 * d;
}

SC_CLONES
float sc_ials_improve(
    const float *const *rows, size_t count, size_t columns, size_t d, const float *base,
    float ridge, size_t block, float *scratch, float *x) {
    float *a = scratch;
    float *panel = a + block * block;
    float *rest = panel + panel_floats(block);  // 1 - y . x, by row
    float *weighted = rest + count;                    // base x
    float *step = weighted + d;                        // by what x changes; zero but for one block
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
        const float *list[PANEL_ROWS_MAX];
        for (size_t start = 0; start < count; start += most) {
            size_t n = count - start < most ? count - start : most;
            const float *const *part =
                padded_rows(rows + start, n, first, used, size, panel, list);
            sc_linalg_syrk(a, size, part, n);
            for (size_t k = 0; k < n; k++) add(step + first, rest[start + k], part[k], size);
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
