#include "sc_ials.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"
#include "sc_linalg.h"

/// 16 KiB of rows at a time, so that they stay in the nearest cache under the outer product; but no
/// fewer than 32, since for each panel the whole product is read and written.
#define PANEL_FLOATS 4096
#define PANEL_ROWS_MIN 32
#define PANEL_ROWS_MAX (PANEL_FLOATS / SC_LINALG_BLOCK)

static size_t panel_rows(size_t d) {
    size_t rows = PANEL_FLOATS / d;
    return rows < PANEL_ROWS_MIN ? PANEL_ROWS_MIN : rows;
}

/// Floats for rows that must be padded.
static size_t panel_floats(size_t d) { return panel_rows(d) * d; }

/// Rows of `d` floats that are `count` rows from their column `first` on: `rows` themselves where
/// they will do, or else a list of them in `list`. Those of fewer `columns` are copied to `panel`
/// and padded with zeros, since what follows them in memory is not theirs.
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
    size_t most = panel_rows(d);
    const float *starts[PANEL_ROWS_MAX], *list[PANEL_ROWS_MAX];
    for (size_t start = 0; start < count; start += most) {
        size_t n = count - start < most ? count - start : most;
        for (size_t k = 0; k < n; k++) starts[k] = rows + (start + k) * stride;
        sc_linalg_syrk(a, a, d, padded_rows(starts, n, 0, columns, d, scratch, list), n);
    }
}

size_t sc_ials_scratch_count(size_t d) { return d * d + panel_floats(d); }

float sc_ials_solve(
    const float *const *rows, size_t count, size_t columns, size_t d, const float *base,
    float ridge, float *scratch, float *x) {
    float *a = scratch;
    float *panel = scratch + d * d;
    memset(x, 0, d * sizeof(float));
    size_t most = panel_rows(d);
    const float *list[PANEL_ROWS_MAX];
    for (size_t start = 0; start < count; start += most) {
        size_t n = count - start < most ? count - start : most;
        const float *const *padded = padded_rows(rows + start, n, 0, columns, d, panel, list);
        sc_linalg_sum(x, d, padded, n);
        sc_linalg_syrk(a, start ? a : base, d, padded, n);
    }
    for (size_t i = 0; i < d; i++) a[i * d + i] += ridge;
    if (sc_linalg_cholesky(a, d, x) >= 0) return -1;
    return sc_linalg_backward(a, d, x);
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

SC_CLONES
void sc_ials_list_rows(
    const float *first, size_t stride, const int32_t *numbers, size_t count, const float **rows) {
    for (size_t k = 0; k < count; k++) rows[k] = first + numbers[k] * (ptrdiff_t)stride;
}

SC_CLONES
void sc_ials_residuals(
    const float *const *rows, size_t count, size_t columns, const float *x, float *rest) {
    for (size_t k = 0; k < count; k++) rest[k] = 1 - product(rows[k], x, columns);
}

size_t sc_ials_improve_scratch_count(size_t block) {
    return block * block + panel_floats(block) + 2 * block;
}

SC_CLONES
float sc_ials_improve(
    const float *const *rows, size_t count, size_t columns, size_t d, const float *base,
    float ridge, size_t first, size_t size, float *scratch, float *rest, float *x) {
    float *a = scratch;
    float *panel = a + size * size;
    float *step = panel + panel_floats(size);
    float *before = step + size;  // what the blocks before this one have of base x
    size_t used = columns - first < size ? columns - first : size;
    for (size_t i = 0; i < size; i++) {
        const float *row = base + (first + i) * d;
        memcpy(a + i * size, row + first, size * sizeof(float));
        a[i * size + i] += ridge;
        before[i] = product(row, x, first);
        step[i] = -before[i] - product(row + first, x + first, d - first) - ridge * x[first + i];
    }
    size_t most = panel_rows(size);
    const float *list[PANEL_ROWS_MAX];
    for (size_t start = 0; start < count; start += most) {
        size_t n = count - start < most ? count - start : most;
        const float *const *part = padded_rows(rows + start, n, first, used, size, panel, list);
        sc_linalg_syrk(a, a, size, part, n);
        for (size_t k = 0; k < n; k++) add(step, rest[start + k], part[k], size);
    }
    if (sc_linalg_cholesky(a, size, step) >= 0) return NAN;
    sc_linalg_backward(a, size, step);
    for (size_t k = 0; k < count; k++) rest[k] -= product(rows[k] + first, step, used);
    for (size_t i = 0; i < size; i++) x[first + i] += step[i];
    float penalty = 0;
    for (size_t i = 0; i < size; i++) {
        float own = product(base + (first + i) * d + first, x + first, size);
        penalty += x[first + i] * (2 * before[i] + own + ridge * x[first + i]);
    }
    return penalty;
}
