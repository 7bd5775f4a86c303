#include "sc_rank.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "sc_clones.h"

#define LANES 16
typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef float loose_vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

#define LOAD(p) (*(const loose_vec *)(p))
#define STORE(p, v) (*(loose_vec *)(p) = (v))
#define UNROLL _Pragma("clang loop unroll(full)")

void sc_rank_pack(const float *rows, size_t count, size_t columns, float *panels) {
    for (size_t first = 0; first < count; first += SC_RANK_ITEMS) {
        size_t n = count - first < SC_RANK_ITEMS ? count - first : SC_RANK_ITEMS;
        float *panel = panels + first * columns;
        memset(panel, 0, columns * SC_RANK_ITEMS * sizeof(float));
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < columns; k++)
                panel[k * SC_RANK_ITEMS + i] = rows[(first + i) * columns + k];
    }
}

/// One tile of `tile_rows` queries by `tile_vecs` * LANES items, its sums kept in registers.
static inline __attribute__((always_inline)) void tile(
    const float *queries, const float *panel, size_t columns, float *scores, size_t stride,
    const int tile_rows, const int tile_vecs) {
    vec acc[SC_RANK_QUERIES][SC_RANK_ITEMS / LANES] = {0};
    for (size_t k = 0; k < columns; k++) {
        vec items[SC_RANK_ITEMS / LANES];
        UNROLL for (int v = 0; v < tile_vecs; v++)
            items[v] = LOAD(panel + k * SC_RANK_ITEMS + v * LANES);
        UNROLL for (int r = 0; r < tile_rows; r++) {
            float query = queries[k * SC_RANK_QUERIES + r];
            UNROLL for (int v = 0; v < tile_vecs; v++) acc[r][v] += query * items[v];
        }
    }
    UNROLL for (int r = 0; r < tile_rows; r++) {
        UNROLL for (int v = 0; v < tile_vecs; v++) STORE(scores + r * stride + v * LANES, acc[r][v]);
    }
}

static inline __attribute__((always_inline)) void scores_body(
    const float *queries, const float *panels, size_t panel_count, size_t columns, float *scores,
    size_t stride, const int tile_rows, const int tile_vecs) {
    for (size_t p = 0; p < panel_count; p++)
        for (int r = 0; r < SC_RANK_QUERIES; r += tile_rows)
            for (int v = 0; v < SC_RANK_ITEMS / LANES; v += tile_vecs)
                tile(
                    queries + r, panels + p * SC_RANK_ITEMS * columns + v * LANES, columns,
                    scores + r * stride + p * SC_RANK_ITEMS + v * LANES, stride, tile_rows,
                    tile_vecs);
}

// A tile's sums, one row of items and a broadcast must fit the registers: 32 zmm, 16 ymm, 16 xmm,
// 32 neon.
#define INSTANCE(set, attributes, tile_rows, tile_vecs)                                        \
    attributes static void scores_##set(                                                       \
        const float *queries, const float *panels, size_t panel_count, size_t columns,         \
        float *scores, size_t stride) {                                                        \
        scores_body(                                                                           \
            queries, panels, panel_count, columns, scores, stride, tile_rows, tile_vecs);      \
    }

#if defined(__x86_64__)
INSTANCE(v4, __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), 8, 2)
INSTANCE(v3, __attribute__((target("arch=x86-64-v3"))), 4, 1)
INSTANCE(base, , 2, 1)
#else
INSTANCE(base, , 4, 1)
#endif

void sc_rank_scores(
    const float *queries, const float *panels, size_t panel_count, size_t columns, float *scores,
    size_t stride) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("x86-64-v4"))
        return scores_v4(queries, panels, panel_count, columns, scores, stride);
    if (__builtin_cpu_supports("x86-64-v3"))
        return scores_v3(queries, panels, panel_count, columns, scores, stride);
#endif
    scores_base(queries, panels, panel_count, columns, scores, stride);
}

// A key orders by score first and then by a scrambled index: item numbers often follow the order in
// which items were first seen, which says how popular they are, and ties must not profit from that.

/// Odd, so that multiplying by it modulo 2^32 is one to one.
#define SCRAMBLE 0x9e3779b1u

static inline uint64_t make_key(float score, uint32_t index) {
    uint32_t bits;
    score += 0.0f;  // Minus zero equals zero.
    memcpy(&bits, &score, sizeof bits);
    bits ^= bits >> 31 ? 0xffffffffu : 0x80000000u;
    uint32_t low = index * SCRAMBLE;
    return (uint64_t)bits << 32 | (low ^ low >> 16);
}

static inline float key_score(uint64_t key) {
    uint32_t bits = (uint32_t)(key >> 32);
    bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

/// SCRAMBLE's inverse, by Newton's method: each step doubles the number of right bits, from three.
static inline uint32_t inverse(uint32_t odd) {
    uint32_t x = odd;
    for (int step = 0; step < 4; step++) x *= 2 - odd * x;
    return x;
}

static inline int32_t key_index(uint64_t key) {
    uint32_t low = (uint32_t)key;
    return (int32_t)((low ^ low >> 16) * inverse(SCRAMBLE));
}

/// Splits into larger and smaller keys around one of them, and returns where that one ends up.
/// Needs n >= 3.
static size_t split(uint64_t *keys, size_t n) {
    uint64_t a = keys[0], b = keys[n / 2], c = keys[n - 1];
    size_t middle = a > b ? (b > c ? n / 2 : a > c ? n - 1 : 0)
                          : (a > c ? 0 : b > c ? n - 1 : n / 2);
    uint64_t pivot = keys[middle];
    keys[middle] = keys[n - 1];
    size_t end = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        uint64_t key = keys[i];
        keys[i] = keys[end];
        keys[end] = key;
        end += key > pivot;
    }
    keys[n - 1] = keys[end];
    keys[end] = pivot;
    return end;
}

/// Puts the k largest keys first, the smallest of them at k - 1.
static void select_largest(uint64_t *keys, size_t n, size_t k) {
    size_t wanted = k - 1;
    while (n >= 3) {
        size_t place = split(keys, n);
        if (place == wanted) return;
        if (place > wanted) {
            n = place;
        } else {
            keys += place + 1;
            wanted -= place + 1;
            n -= place + 1;
        }
    }
    if (n == 2 && keys[0] < keys[1]) {
        uint64_t key = keys[0];
        keys[0] = keys[1];
        keys[1] = key;
    }
}

static void sort_descending(uint64_t *keys, size_t n) {
    while (n > 16) {
        size_t place = split(keys, n);
        // The shorter side first, so that the stack stays within log2 n calls.
        if (place < n - place - 1) {
            sort_descending(keys, place);
            keys += place + 1;
            n -= place + 1;
        } else {
            sort_descending(keys + place + 1, n - place - 1);
            n = place;
        }
    }
    for (size_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        size_t j = i;
        for (; j > 0 && keys[j - 1] < key; j--) keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

static inline __attribute__((always_inline)) bool any_reaches(const float *scores, float threshold) {
    int found = 0;
    for (int i = 0; i < SC_RANK_ITEMS; i++) found |= scores[i] >= threshold;
    return found;
}

SC_CLONES
size_t sc_rank_top(const float *scores, size_t count, size_t k, uint64_t *keys, int32_t *best) {
    if (k == 0) return 0;
    // Nothing but minus infinity lies below; NaN reaches nothing.
    float threshold = -FLT_MAX;
    size_t n = 0;
    for (size_t first = 0; first < count; first += SC_RANK_ITEMS) {
        size_t end = first + SC_RANK_ITEMS < count ? first + SC_RANK_ITEMS : count;
        if (end - first == SC_RANK_ITEMS && !any_reaches(scores + first, threshold)) continue;
        for (size_t i = first; i < end; i++) {
            keys[n] = make_key(scores[i], (uint32_t)i);
            n += scores[i] >= threshold;
        }
        // One more block must fit, and one word behind it.
        if (n >= 2 * k) {
            select_largest(keys, n, k);
            n = k;
            threshold = key_score(keys[k - 1]);
        }
    }
    if (n > k) {
        select_largest(keys, n, k);
        n = k;
    }
    sort_descending(keys, n);
    for (size_t i = 0; i < n; i++) best[i] = key_index(keys[i]);
    return n;
}

SC_CLONES
struct sc_rank_standing sc_rank_count(const float *scores, size_t count, float score) {
    uint32_t higher = 0, tied = 0;
    for (size_t i = 0; i < count; i++) {
        higher += scores[i] > score;
        tied += scores[i] == score;
    }
    return (struct sc_rank_standing){higher, tied};
}
