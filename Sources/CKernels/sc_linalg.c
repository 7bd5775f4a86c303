#include "sc_linalg.h"

#include <stdbool.h>
#include <string.h>

#include "sc_tiles.h"

#define BLOCK SC_LINALG_BLOCK

/// c +-= left' right, where c is a tile of `tile_rows` x `tile_vecs` blocks kept in registers.
///
/// `left` and `right` point to the tile's first row and column within the rows of one panel.
BODY void tile_body(
    float *c, const float *left, const float *right, size_t stride, size_t count, bool subtract,
    const int tile_rows, const int tile_vecs) {
    vec acc[8][2];
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) acc[r][v] = LOAD(c + r * stride + v * BLOCK);
    }
    for (size_t k = 0; k < count; k++) {
        vec y[2];
        UNROLL for (int v = 0; v < tile_vecs; v++) y[v] = LOAD(right + k * stride + v * BLOCK);
        UNROLL for (int r = 0; r < tile_rows; r++) {
            float x = subtract ? -left[k * stride + r] : left[k * stride + r];
            UNROLL for (int v = 0; v < tile_vecs; v++) acc[r][v] += x * y[v];
        }
    }
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) STORE(c + r * stride + v * BLOCK, acc[r][v]);
    }
}

/// The tiles of one block row of a, from the diagonal to the right end: a +-= panel' panel.
BODY void block_row_body(
    float *a, size_t d, size_t block, const float *panel, size_t count, bool subtract,
    const int tile_rows, const int tile_vecs) {
    for (size_t i = block; i < block + BLOCK; i += tile_rows) {
        size_t j = block;
        for (; j + tile_vecs * BLOCK <= d; j += tile_vecs * BLOCK)
            tile_body(
                a + i * d + j, panel + i, panel + j, d, count, subtract, tile_rows, tile_vecs);
        for (; j < d; j += BLOCK)
            tile_body(a + i * d + j, panel + i, panel + j, d, count, subtract, tile_rows, 1);
    }
}

BODY void syrk_body(
    float *a, size_t d, const float *rows, size_t count, const int tile_rows, const int tile_vecs) {
    for (size_t block = 0; block < d; block += BLOCK)
        block_row_body(a, d, block, rows, count, false, tile_rows, tile_vecs);
}

/// Factors the 16 x 16 block at `a`, rows `stride` apart; returns the index of a bad pivot, or -1.
BODY ptrdiff_t diagonal_body(float *a, size_t stride) {
    for (int r = 0; r < BLOCK; r++) {
        float pivot = a[r * stride + r];
        if (!(pivot > 0)) return r;
        float reciprocal = 1 / __builtin_elementwise_sqrt(pivot);
        vec u = LOAD(a + r * stride) * reciprocal;
        STORE(a + r * stride, u);
        a[r * stride + r] = reciprocal;
        for (int s = r + 1; s < BLOCK; s++) {
            float *row = a + s * stride;
            STORE(row, LOAD(row) - a[r * stride + s] * u);
        }
    }
    return -1;
}

/// Solves u' x = b in place for the block of 16 columns at `b`, with `u` a factored diagonal block.
BODY void triangle_body(const float *u, float *b, size_t stride) {
    vec x[BLOCK];
    UNROLL for (int r = 0; r < BLOCK; r++) x[r] = LOAD(b + r * stride);
    UNROLL for (int r = 0; r < BLOCK; r++) {
        x[r] *= u[r * stride + r];
        UNROLL for (int s = r + 1; s < BLOCK; s++) x[s] -= u[r * stride + s] * x[r];
    }
    UNROLL for (int r = 0; r < BLOCK; r++) STORE(b + r * stride, x[r]);
}

/// Left-looking by blocks: a block row takes what the finished rows above owe it, then is factored
/// itself.
BODY ptrdiff_t cholesky_body(float *a, size_t d, const int tile_rows, const int tile_vecs) {
    for (size_t block = 0; block < d; block += BLOCK) {
        block_row_body(a, d, block, a, block, true, tile_rows, tile_vecs);
        float *diagonal = a + block * d + block;
        ptrdiff_t bad = diagonal_body(diagonal, d);
        if (bad >= 0) return (ptrdiff_t)block + bad;
        for (size_t j = BLOCK; block + j < d; j += BLOCK)
            triangle_body(diagonal, diagonal + j, d);
    }
    return -1;
}

/// The sum of the lanes; by pointer, since a vector argument's place depends on the instruction
/// set.
BODY float total(const vec *v) {
    typedef float half __attribute__((vector_size(BLOCK / 2 * sizeof(float))));
    typedef float quarter __attribute__((vector_size(BLOCK / 4 * sizeof(float))));
    half h = __builtin_shufflevector(*v, *v, 0, 1, 2, 3, 4, 5, 6, 7) +
             __builtin_shufflevector(*v, *v, 8, 9, 10, 11, 12, 13, 14, 15);
    quarter q = __builtin_shufflevector(h, h, 0, 1, 2, 3) +
                __builtin_shufflevector(h, h, 4, 5, 6, 7);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

BODY float solve_body(const float *u, size_t d, float *x) {
    float product = 0;
    // Forward, u'z = b, a block at a time: its own triangle, then what it owes to the blocks behind
    // it.
    for (size_t block = 0; block < d; block += BLOCK) {
        const float *rows = u + block * d;
        vec rest = LOAD(x + block);
        UNROLL for (int r = 0; r < BLOCK; r++) {
            float z = rest[r] * rows[r * d + block + r];
            rest -= z * LOAD(rows + r * d + block);
            x[block + r] = z;
            product += z * z;
        }
        for (size_t j = block + BLOCK; j < d; j += BLOCK) {
            vec behind = LOAD(x + j);
            for (int r = 0; r < BLOCK; r++) behind -= x[block + r] * LOAD(rows + r * d + j);
            STORE(x + j, behind);
        }
    }
    // Backward, u x = z, from the last block.
    for (size_t block = d; block > 0;) {
        block -= BLOCK;
        for (int r = BLOCK - 1; r >= 0; r--) {
            const float *row = u + (block + r) * d;
            vec sum = {0};
            for (size_t j = block + BLOCK; j < d; j += BLOCK) sum += LOAD(row + j) * LOAD(x + j);
            x[block + r] -= total(&sum);
        }
        for (int r = BLOCK - 1; r >= 0; r--) {
            const float *row = u + (block + r) * d + block;
            float value = x[block + r];
            for (int s = BLOCK - 1; s > r; s--) value -= row[s] * x[block + s];
            x[block + r] = value * row[r];
        }
    }
    return product;
}

BODY void gather_body(
    const float *const *rows, size_t count, size_t columns, size_t d, float *panel, float *sum) {
    size_t whole = columns - columns % BLOCK;
    for (size_t k = 0; k < count; k++) {
        float *copy = panel + k * d;
        for (size_t j = 0; j < whole; j += BLOCK) STORE(copy + j, LOAD(rows[k] + j));
        if (whole < d) {
            STORE(copy + whole, (vec){0});
            memcpy(copy + whole, rows[k] + whole, (columns - whole) * sizeof(float));
        }
    }
    for (size_t j = 0; j < d; j += BLOCK) {
        vec acc = LOAD(sum + j);
        for (size_t k = 0; k < count; k++) acc += LOAD(panel + k * d + j);
        STORE(sum + j, acc);
    }
}

#define INSTANCE(set, attributes, tile_rows, tile_vecs)                                          \
    attributes static void gather_##set(                                                         \
        const float *const *rows, size_t count, size_t columns, size_t d, float *panel,          \
        float *sum) {                                                                            \
        gather_body(rows, count, columns, d, panel, sum);                                        \
    }                                                                                            \
    attributes static void syrk_##set(float *a, size_t d, const float *rows, size_t count) {     \
        syrk_body(a, d, rows, count, tile_rows, tile_vecs);                                      \
    }                                                                                            \
    attributes static ptrdiff_t cholesky_##set(float *a, size_t d) {                             \
        return cholesky_body(a, d, tile_rows, tile_vecs);                                        \
    }                                                                                            \
    attributes static float solve_##set(const float *u, size_t d, float *x) {                    \
        return solve_body(u, d, x);                                                              \
    }

FOR_EACH_SET(INSTANCE)

void sc_linalg_gather(
    const float *const *rows, size_t count, size_t columns, size_t d, float *panel, float *sum) {
    CHOOSE(gather)(rows, count, columns, d, panel, sum);
}

void sc_linalg_syrk(float *a, size_t d, const float *rows, size_t count) {
    CHOOSE(syrk)(a, d, rows, count);
}

ptrdiff_t sc_linalg_cholesky(float *a, size_t d) { return CHOOSE(cholesky)(a, d); }

float sc_linalg_solve(const float *u, size_t d, float *x) { return CHOOSE(solve)(u, d, x); }
