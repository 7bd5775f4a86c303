#include "sc_spd.h"

#include <stdbool.h>
#include <string.h>

#include "sc_linalg.h"
#include "sc_tiles.h"

#define BLOCK SC_SPD_BLOCK
#define STRIPE SC_SPD_STRIPE

/// c = left' right, or c -= left' right, for a [tile_rows, tile_vecs] tile kept in registers.
///
/// `left` has BLOCK rows `left_stride` apart, `right` BLOCK rows of a packed stripe.
BODY void tile_body(
    float *c, size_t c_stride, const float *left, size_t left_stride, const float *right,
    bool subtract, const int tile_rows, const int tile_vecs) {
    vec acc[8][2];
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) {
            acc[r][v] = subtract ? LOAD(c + r * c_stride + v * SC_LANES) : (vec){0};
        }
    }
    for (size_t k = 0; k < BLOCK; k++) {
        vec y[2];
        UNROLL for (int v = 0; v < tile_vecs; v++) y[v] = LOAD(right + k * STRIPE + v * SC_LANES);
        UNROLL for (int r = 0; r < tile_rows; r++) {
            float x = left[k * left_stride + r];
            UNROLL for (int v = 0; v < tile_vecs; v++) {
                if (subtract)
                    acc[r][v] -= x * y[v];
                else
                    acc[r][v] += x * y[v];
            }
        }
    }
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++)
            STORE(c + r * c_stride + v * SC_LANES, acc[r][v]);
    }
}

/// `rows` rows of one stripe's width.
BODY void product_body(
    float *c, size_t c_stride, size_t rows, const float *left, size_t left_stride,
    const float *right, bool subtract, const int tile_rows, const int tile_vecs) {
    for (size_t r = 0; r < rows; r += tile_rows) {
        for (size_t j = 0; j < STRIPE; j += tile_vecs * SC_LANES)
            tile_body(
                c + r * c_stride + j, c_stride, left + r, left_stride, right + j, subtract,
                tile_rows, tile_vecs);
    }
}

/// Whether stripe `s` lies within pivot block `q`.
BODY bool is_pivot(size_t q, size_t s) { return s * STRIPE / BLOCK == q; }

BODY void stripe_body(
    float *a, size_t n, size_t q, size_t s, const float *factors, float *panels,
    const int tile_rows, const int tile_vecs) {
    if (is_pivot(q, s)) return;
    float source[BLOCK * STRIPE];
    float *owed = panels + s * BLOCK * STRIPE;
    size_t first = q * BLOCK, column = s * STRIPE;
    bool right = column > first;
    // Left of the pivot block its rows are kept as the columns above it.
    for (size_t p = 0; p < BLOCK; p++) {
        for (size_t j = 0; j < STRIPE; j++)
            source[p * STRIPE + j] =
                right ? a[(first + p) * n + column + j] : a[(column + j) * n + first + p];
    }
    product_body(
        owed, STRIPE, BLOCK, factors, BLOCK, source, false, tile_rows, tile_vecs);
    if (right) {
        product_body(
            a + first * n + column, n, BLOCK, factors + BLOCK * BLOCK, BLOCK, owed, false,
            tile_rows, tile_vecs);
        return;
    }
    product_body(
        source, STRIPE, BLOCK, factors + BLOCK * BLOCK, BLOCK, owed, false, tile_rows, tile_vecs);
    for (size_t j = 0; j < STRIPE; j++) {
        for (size_t p = 0; p < BLOCK; p++)
            a[(column + j) * n + first + p] = source[p * STRIPE + j];
    }
}

BODY void update_body(
    float *a, size_t n, size_t q, size_t s, const float *panels, const int tile_rows,
    const int tile_vecs) {
    if (is_pivot(q, s)) return;
    const float *left = panels + s * BLOCK * STRIPE;
    for (size_t t = s; t < n / STRIPE; t++) {
        if (is_pivot(q, t)) continue;
        product_body(
            a + s * STRIPE * n + t * STRIPE, n, STRIPE, left, STRIPE,
            panels + t * BLOCK * STRIPE, true, tile_rows, tile_vecs);
    }
}

#define INSTANCE(set, attributes, tile_rows, tile_vecs)                                        \
    attributes static void stripe_##set(                                                       \
        float *a, size_t n, size_t q, size_t s, const float *factors, float *panels) {         \
        stripe_body(a, n, q, s, factors, panels, tile_rows, tile_vecs);                        \
    }                                                                                          \
    attributes static void update_##set(                                                       \
        float *a, size_t n, size_t q, size_t s, const float *panels) {                         \
        update_body(a, n, q, s, panels, tile_rows, tile_vecs);                                 \
    }

FOR_EACH_SET(INSTANCE)

ptrdiff_t sc_spd_pivot(float *a, size_t n, size_t q, float *factors) {
    float *block = a + q * BLOCK * n + q * BLOCK;
    // The inverse v of the factor u, column by column of packed rows: [p][r] = v[p][r], upper
    // triangular.
    float *inverse = factors;
    float *transposed = factors + BLOCK * BLOCK;
    for (size_t p = 0; p < BLOCK; p++)
        memcpy(transposed + p * BLOCK, block + p * n, BLOCK * sizeof(float));
    ptrdiff_t bad = sc_linalg_cholesky(transposed, BLOCK);
    if (bad >= 0) return bad;
    // u v = 1 from the last row up; the factor's diagonal holds reciprocals.
    for (size_t p = BLOCK; p-- > 0;) {
        float *row = inverse + p * BLOCK;
        const float *u = transposed + p * BLOCK;
        memset(row, 0, BLOCK * sizeof(float));
        for (size_t k = p + 1; k < BLOCK; k++) {
            const float *below = inverse + k * BLOCK;
            for (size_t j = k - k % SC_LANES; j < BLOCK; j += SC_LANES)
                STORE(row + j, LOAD(row + j) - u[k] * LOAD(below + j));
        }
        for (size_t j = 0; j < BLOCK; j++) row[j] *= u[p];
        row[p] = u[p];
    }
    for (size_t p = 0; p < BLOCK; p++) {
        for (size_t r = 0; r < BLOCK; r++) transposed[r * BLOCK + p] = inverse[p * BLOCK + r];
    }
    // The block's inverse is v v', its upper part summed row by row of v'.
    for (size_t p = 0; p < BLOCK; p++) {
        float *row = block + p * n;
        for (size_t j = p - p % SC_LANES; j < BLOCK; j += SC_LANES) {
            vec sum = {0};
            for (size_t k = p; k < BLOCK; k++)
                sum -= inverse[p * BLOCK + k] * LOAD(transposed + k * BLOCK + j);
            STORE(row + j, sum);
        }
    }
    return -1;
}

void sc_spd_stripe(float *a, size_t n, size_t q, size_t s, const float *factors, float *panels) {
    CHOOSE(stripe)(a, n, q, s, factors, panels);
}

void sc_spd_update(float *a, size_t n, size_t q, size_t s, const float *panels) {
    CHOOSE(update)(a, n, q, s, panels);
}

void sc_spd_mirror(float *a, size_t n, size_t s) {
    for (size_t row = 0; row < (s + 1) * STRIPE; row += STRIPE) {
        for (size_t j = s * STRIPE; j < (s + 1) * STRIPE; j++) {
            for (size_t i = row; i < row + STRIPE && i < j; i++) a[j * n + i] = a[i * n + j];
        }
    }
}
