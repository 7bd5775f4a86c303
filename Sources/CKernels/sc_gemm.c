#include "sc_gemm.h"

#include "sc_tiles.h"

#define BLOCK SC_LANES

/// One tile of `rows` x `vecs` blocks of c, kept in registers over the whole of k.
BODY void tile(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column, const float *b,
    size_t b_stride, size_t k, const int rows, const int vecs) {
    vec sum[8][2];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vecs; v++) sum[r][v] = LOAD(c + r * c_stride + v * BLOCK);
    }
    for (size_t p = 0; p < k; p++) {
        vec y[2];
        UNROLL for (int v = 0; v < vecs; v++) y[v] = LOAD(b + p * b_stride + v * BLOCK);
        UNROLL for (int r = 0; r < rows; r++) {
            float x = a[r * a_row + p * a_column];
            UNROLL for (int v = 0; v < vecs; v++) sum[r][v] += x * y[v];
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vecs; v++) STORE(c + r * c_stride + v * BLOCK, sum[r][v]);
    }
}

/// `rows` rows of c: tiles as wide as they come, then single columns.
BODY void row_band(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column, const float *b,
    size_t b_stride, size_t n, size_t k, const int rows, const int vecs) {
    size_t j = 0;
    for (; j + vecs * BLOCK <= n; j += vecs * BLOCK)
        tile(c + j, c_stride, a, a_row, a_column, b + j, b_stride, k, rows, vecs);
    for (; j + BLOCK <= n; j += BLOCK)
        tile(c + j, c_stride, a, a_row, a_column, b + j, b_stride, k, rows, 1);
    for (; j < n; j++) {
        for (int r = 0; r < rows; r++) {
            float sum = c[r * c_stride + j];
            for (size_t p = 0; p < k; p++)
                sum += a[r * a_row + p * a_column] * b[p * b_stride + j];
            c[r * c_stride + j] = sum;
        }
    }
}

BODY void gemm_body(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column, const float *b,
    size_t b_stride, size_t m, size_t n, size_t k, const int rows, const int vecs) {
    size_t i = 0;
    for (; i + rows <= m; i += rows)
        row_band(
            c + i * c_stride, c_stride, a + i * a_row, a_row, a_column, b, b_stride, n, k, rows,
            vecs);
    for (; i < m; i++)
        row_band(
            c + i * c_stride, c_stride, a + i * a_row, a_row, a_column, b, b_stride, n, k, 1, vecs);
}

#define INSTANCE(set, attributes, rows, vecs)                                                    \
    attributes static void gemm_##set(                                                           \
        float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column,                \
        const float *b, size_t b_stride, size_t m, size_t n, size_t k) {                         \
        gemm_body(c, c_stride, a, a_row, a_column, b, b_stride, m, n, k, rows, vecs);            \
    }

FOR_EACH_SET(INSTANCE)

void sc_gemm(
    float *c, size_t c_stride, const float *a, size_t a_row, size_t a_column, const float *b,
    size_t b_stride, size_t m, size_t n, size_t k) {
    CHOOSE(gemm)(c, c_stride, a, a_row, a_column, b, b_stride, m, n, k);
}
