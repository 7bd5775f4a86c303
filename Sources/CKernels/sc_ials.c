#include "sc_ials.h"

#include <string.h>

#include "sc_linalg.h"

/// Rows packed at a time: some 24 KiB, so that the panel stays in the nearest cache under the outer
/// product.
static size_t panel_rows(size_t d) {
    size_t rows = 6144 / d;
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
