#include "sc_linalg.h"

#include <stdbool.h>

#include "sc_tiles.h"

#define BLOCK SC_LINALG_BLOCK

/// The rows of a panel: listed by their addresses, or else one after the other.
typedef struct {
    const float *const *list;
    const float *first;
    size_t stride;
} panel;

BODY const float *row_of(panel p, size_t k) { return p.list ? p.list[k] : p.first + k * p.stride; }

/// c = start +- left' right. c and start, of `stride` floats a row, are a tile of `tile_rows` x
/// `tile_vecs` blocks, kept in registers; `left` are the columns of `rows` from `i` on, and `right`
/// those from `j` on.
BODY void tile_body(
    float *c, const float *start, size_t stride, panel rows, size_t count, size_t i, size_t j,
    bool subtract, const int tile_rows, const int tile_vecs) {
    vec acc[16][3];
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) acc[r][v] = LOAD(start + r * stride + v * BLOCK);
    }
    for (size_t k = 0; k < count; k++) {
        const float *left = row_of(rows, k) + i, *right = row_of(rows, k) + j;
        vec y[3];
        UNROLL for (int v = 0; v < tile_vecs; v++) y[v] = LOAD(right + v * BLOCK);
        UNROLL for (int r = 0; r < tile_rows; r++) {
            float x = subtract ? -left[r] : left[r];
            UNROLL for (int v = 0; v < tile_vecs; v++) acc[r][v] += x * y[v];
        }
    }
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) STORE(c + r * stride + v * BLOCK, acc[r][v]);
    }
}

/// One block row of a, `vecs` blocks wide.
BODY void row_of_tiles_body(
    float *a, const float *start, size_t d, size_t block, size_t j, panel rows, size_t count,
    bool subtract, const int tile_rows, const int vecs) {
    for (size_t i = block; i < block + BLOCK; i += tile_rows) {
        size_t corner = i * d + j;
        tile_body(a + corner, start + corner, d, rows, count, i, j, subtract, tile_rows, vecs);
    }
}

/// The tiles of a block row, from column `j` on: a = start +- rows' rows.
BODY void block_row_body(
    float *a, const float *start, size_t d, size_t block, size_t j, panel rows, size_t count,
    bool subtract, const int tile_rows, const int tile_vecs) {
    // Two blocks at a time leave one over where there are an odd number; three do not.
    if (tile_vecs == 2 && (d - j) / BLOCK % 2 && d - j > BLOCK) {
        row_of_tiles_body(a, start, d, block, j, rows, count, subtract, tile_rows, 3);
        j += 3 * BLOCK;
    }
    for (; j + tile_vecs * BLOCK <= d; j += tile_vecs * BLOCK)
        row_of_tiles_body(a, start, d, block, j, rows, count, subtract, tile_rows, tile_vecs);
    // One block on its own takes tall tiles, to keep as many sums in flight.
    if (j < d)
        row_of_tiles_body(
            a, start, d, block, j, rows, count, subtract, tile_rows * tile_vecs, 1);
}

BODY void syrk_body(
    float *a, const float *start, size_t d, const float *const *list, size_t count,
    const int tile_rows, const int tile_vecs) {
    panel rows = {list, NULL, 0};
    for (size_t block = 0; block < d; block += BLOCK)
        block_row_body(a, start, d, block, block, rows, count, false, tile_rows, tile_vecs);
}

/// Lane by lane, 1 behind the diagonal of a block and 0 up to it.
static const vec behind_diagonal[BLOCK] = {
#define BEHIND(r)                                                                             \
    {0 > r, 1 > r, 2 > r,  3 > r,  4 > r,  5 > r,  6 > r,  7 > r,                             \
     8 > r, 9 > r, 10 > r, 11 > r, 12 > r, 13 > r, 14 > r, 15 > r}
    BEHIND(0), BEHIND(1), BEHIND(2),  BEHIND(3),  BEHIND(4),  BEHIND(5),  BEHIND(6),  BEHIND(7),
    BEHIND(8), BEHIND(9), BEHIND(10), BEHIND(11), BEHIND(12), BEHIND(13), BEHIND(14), BEHIND(15),
#undef BEHIND
};

/// Factors the 16 x 16 block at `a`, rows `stride` apart, and solves u'z = b for its part `x` of b;
/// returns the index of a bad pivot, or -1.
///
/// Rows are scaled last: a square root in every step would double what each waits for the one
/// before. In those waits the solution costs nothing.
BODY ptrdiff_t diagonal_body(float *a, size_t stride, float *x) {
    vec u[BLOCK], pivots, rest = LOAD(x);
    UNROLL for (int r = 0; r < BLOCK; r++) u[r] = LOAD(a + r * stride);
    float pivot = u[0][0];
    UNROLL for (int r = 0; r < BLOCK; r++) {
        float inverse = 1 / pivot;
        pivots[r] = pivot;
        // The next pivot before the row that it is in, so that its division may start.
        if (r + 1 < BLOCK) pivot = u[r + 1][r + 1] - u[r][r + 1] * u[r][r + 1] * inverse;
        vec scaled = u[r] * inverse;
        UNROLL for (int s = r + 1; s < BLOCK; s++) u[s] -= u[r][s] * scaled;
        rest -= rest[r] * (scaled * behind_diagonal[r]);
    }
    float reciprocals[BLOCK];
    STORE(reciprocals, 1 / __builtin_elementwise_sqrt(pivots));
    STORE(x, rest * LOAD(reciprocals));
    UNROLL for (int r = 0; r < BLOCK; r++) {
        if (!(pivots[r] > 0)) return r;
        STORE(a + r * stride, u[r] * reciprocals[r]);
        a[r * stride + r] = reciprocals[r];
    }
    return -1;
}

/// Solves u' x = b in place for the block of 16 columns at `b`, with `u` a factored diagonal block
/// and `z` its part of the solution; takes what `z` owes to `behind`, the solution's part of these
/// columns.
BODY void triangle_body(
    const float *u, float *b, size_t stride, const float *z, float *behind) {
    vec x[BLOCK], even = LOAD(behind), odd = {0};
    UNROLL for (int r = 0; r < BLOCK; r++) x[r] = LOAD(b + r * stride);
    UNROLL for (int r = 0; r < BLOCK; r++) {
        x[r] *= u[r * stride + r];
        UNROLL for (int s = r + 1; s < BLOCK; s++) x[s] -= u[r * stride + s] * x[r];
    }
    UNROLL for (int r = 0; r < BLOCK; r += 2) {
        even -= z[r] * x[r];
        odd -= z[r + 1] * x[r + 1];
    }
    STORE(behind, even + odd);
    UNROLL for (int r = 0; r < BLOCK; r++) STORE(b + r * stride, x[r]);
}

/// Left-looking by blocks: a block row takes what the finished rows above owe it, then is factored
/// itself. Factoring the diagonal block is a long chain of dependent steps; what stands between it
/// and its use fills the waits.
BODY ptrdiff_t cholesky_body(
    float *a, size_t d, float *x, const int tile_rows, const int tile_vecs) {
    for (size_t block = 0; block < d; block += BLOCK) {
        panel above = {NULL, a, d};
        float *diagonal = a + block * d + block;
        row_of_tiles_body(
            a, a, d, block, block, above, block, true, tile_rows * tile_vecs, 1);
        ptrdiff_t bad = diagonal_body(diagonal, d, x + block);
        if (bad >= 0) return (ptrdiff_t)block + bad;
        block_row_body(
            a, a, d, block, block + BLOCK, above, block, true, tile_rows, tile_vecs);
        for (size_t j = BLOCK; block + j < d; j += BLOCK)
            triangle_body(diagonal, diagonal + j, d, x + block, x + block + j);
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

/// u'z = b.
BODY void forward_body(const float *u, size_t d, float *x) {
    // A block at a time: its own triangle, then what it owes to the blocks behind it. z is the rest
    // scaled by the reciprocals; scaling the rows instead takes a multiplication out of what each
    // step waits for.
    for (size_t block = 0; block < d; block += BLOCK) {
        const float *rows = u + block * d;
        vec rest = LOAD(x + block), reciprocals;
        UNROLL for (int r = 0; r < BLOCK; r++) {
            const float *row = rows + r * d + block;
            reciprocals[r] = row[r];
            rest -= rest[r] * (LOAD(row) * (row[r] * behind_diagonal[r]));
        }
        STORE(x + block, rest * reciprocals);
        for (size_t j = block + BLOCK; j < d; j += BLOCK) {
            vec behind = LOAD(x + j);
            for (int r = 0; r < BLOCK; r++) behind -= x[block + r] * LOAD(rows + r * d + j);
            STORE(x + j, behind);
        }
    }
}

/// u x = z, from the last block. Returns z.z.
BODY float backward_body(const float *u, size_t d, float *x) {
    vec squares = {0};
    for (size_t j = 0; j < d; j += BLOCK) squares += LOAD(x + j) * LOAD(x + j);
    for (size_t block = d; block > 0;) {
        block -= BLOCK;
        for (int r = BLOCK - 1; r >= 0; r--) {
            const float *row = u + (block + r) * d;
            vec sum = {0};
            for (size_t j = block + BLOCK; j < d; j += BLOCK) sum += LOAD(row + j) * LOAD(x + j);
            x[block + r] -= total(&sum);
        }
        float part[BLOCK];
        UNROLL for (int r = 0; r < BLOCK; r++) part[r] = x[block + r];
        UNROLL for (int r = BLOCK - 1; r >= 0; r--) {
            const float *row = u + (block + r) * d + block;
            UNROLL for (int s = BLOCK - 1; s > r; s--) part[r] -= row[s] * part[s];
            part[r] *= row[r];
        }
        UNROLL for (int r = 0; r < BLOCK; r++) x[block + r] = part[r];
    }
    return total(&squares);
}

/// `vecs` blocks at once, since the next addition to one must wait for the last.
BODY void sum_columns_body(
    float *sum, const float *const *rows, size_t count, size_t j, const int vecs) {
    vec acc[4];
    UNROLL for (int v = 0; v < vecs; v++) acc[v] = LOAD(sum + j + v * BLOCK);
    for (size_t k = 0; k < count; k++) {
        UNROLL for (int v = 0; v < vecs; v++) acc[v] += LOAD(rows[k] + j + v * BLOCK);
    }
    UNROLL for (int v = 0; v < vecs; v++) STORE(sum + j + v * BLOCK, acc[v]);
}

BODY void sum_body(float *sum, size_t d, const float *const *rows, size_t count) {
    size_t j = 0;
    for (; j + 4 * BLOCK <= d; j += 4 * BLOCK) sum_columns_body(sum, rows, count, j, 4);
    for (; j < d; j += BLOCK) sum_columns_body(sum, rows, count, j, 1);
}

#define INSTANCE(set, attributes, tile_rows, tile_vecs)                                          \
    _Static_assert(BLOCK % (tile_rows * tile_vecs) == 0, "a block is cut into tall tiles");      \
    attributes static void sum_##set(                                                            \
        float *sum, size_t d, const float *const *rows, size_t count) {                          \
        sum_body(sum, d, rows, count);                                                           \
    }                                                                                            \
    attributes static void syrk_##set(                                                           \
        float *a, const float *start, size_t d, const float *const *rows, size_t count) {        \
        syrk_body(a, start, d, rows, count, tile_rows, tile_vecs);                               \
    }                                                                                            \
    attributes static ptrdiff_t cholesky_##set(float *a, size_t d, float *x) {                   \
        return cholesky_body(a, d, x, tile_rows, tile_vecs);                                     \
    }                                                                                            \
    attributes static void forward_##set(const float *u, size_t d, float *x) {                   \
        forward_body(u, d, x);                                                                   \
    }                                                                                            \
    attributes static float backward_##set(const float *u, size_t d, float *x) {                 \
        return backward_body(u, d, x);                                                           \
    }

FOR_EACH_SET(INSTANCE)

void sc_linalg_sum(float *sum, size_t d, const float *const *rows, size_t count) {
    CHOOSE(sum)(sum, d, rows, count);
}

void sc_linalg_syrk(
    float *a, const float *start, size_t d, const float *const *rows, size_t count) {
    CHOOSE(syrk)(a, start, d, rows, count);
}

ptrdiff_t sc_linalg_cholesky(float *a, size_t d, float *x) { return CHOOSE(cholesky)(a, d, x); }

void sc_linalg_forward(const float *u, size_t d, float *x) { CHOOSE(forward)(u, d, x); }

float sc_linalg_backward(const float *u, size_t d, float *x) { return CHOOSE(backward)(u, d, x); }
