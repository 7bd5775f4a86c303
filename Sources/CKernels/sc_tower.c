#include "sc_tower.h"

#include <string.h>

#include "sc_adagrad.h"
#include "sc_clones.h"
#include "sc_dense.h"
#include "sc_tiles.h"

/// Columns c ..< c + vecs x SC_LANES of sum k, kept in registers over all of its entries.
BODY void sum_tile(
    const struct sc_bag *bag, size_t k, const float *rows, size_t columns, size_t c, float *sum,
    const int vecs) {
#pragma clang fp contract(fast)
    vec acc[4] = {0};
    for (int64_t e = bag->offsets[k]; e < bag->offsets[k + 1]; e++) {
        const float *row = rows + (size_t)bag->rows[e] * columns + c;
        UNROLL for (int v = 0; v < vecs; v++) acc[v] += bag->weights[e] * LOAD(row + v * SC_LANES);
    }
    UNROLL for (int v = 0; v < vecs; v++) STORE(sum + c + v * SC_LANES, acc[v]);
}

SC_CLONES
void sc_bag_sum(
    const struct sc_bag *bag, size_t first, size_t count, const float *rows, size_t columns,
    float *sums) {
    for (size_t k = 0; k < count; k++) {
        float *sum = sums + k * columns;
        size_t c = 0;
        for (; c + 4 * SC_LANES <= columns; c += 4 * SC_LANES)
            sum_tile(bag, first + k, rows, columns, c, sum, 4);
        for (; c < columns; c += SC_LANES) sum_tile(bag, first + k, rows, columns, c, sum, 1);
    }
}

size_t sc_bag_transpose(
    const struct sc_bag *bag, size_t count, int32_t *places, int32_t *touched, int64_t *offsets,
    int32_t *sums, float *weights) {
    size_t found = 0;
    offsets[0] = 0;
    for (int64_t e = 0; e < bag->offsets[count]; e++) {
        int32_t row = bag->rows[e];
        if (places[row] < 0) {
            places[row] = (int32_t)found;
            touched[found++] = row;
            offsets[found] = 0;
        }
        offsets[places[row] + 1]++;
    }
    // Counts become starts, which end as the next one's.
    int64_t start = 0;
    for (size_t k = 1; k <= found; k++) {
        int64_t entries = offsets[k];
        offsets[k] = start;
        start += entries;
    }
    for (size_t n = 0; n < count; n++) {
        for (int64_t e = bag->offsets[n]; e < bag->offsets[n + 1]; e++) {
            int64_t place = offsets[places[bag->rows[e]] + 1]++;
            sums[place] = (int32_t)n;
            weights[place] = bag->weights[e];
        }
    }
    for (size_t k = 0; k < found; k++) places[touched[k]] = -1;
    return found;
}

SC_CLONES
void sc_bag_step(
    const struct sc_bag *bag, const int32_t *touched, size_t first, size_t count,
    const float *slopes, const struct sc_features *side, float rate, float decay) {
    size_t columns = side->columns;
    float gradient[columns];
    for (size_t k = first; k < first + count; k++) {
        sc_bag_sum(bag, k, 1, slopes, columns, gradient);
        sc_adagrad_step(side, (size_t)touched[k], -1, gradient, rate, decay);
    }
}

size_t sc_tower_dense_count(const struct sc_tower *tower) {
    return tower->hidden == 0 ? 0
                              : 2 * tower->columns * tower->hidden + tower->hidden + tower->columns;
}

size_t sc_tower_scratch_count(const struct sc_tower *tower, size_t count) {
    return count * tower->hidden;
}

/// The first layer's floats.
static size_t first_count(const struct sc_tower *tower) {
    return (tower->columns + 1) * tower->hidden;
}

SC_CLONES
void sc_tower_forward(
    const struct sc_tower *tower, const float *x, size_t count, float *hidden, float *y,
    float *scales) {
#pragma clang fp reassociate(on) contract(fast)
    size_t columns = tower->columns;
    if (tower->hidden > 0) {
        sc_dense_forward(tower->dense, x, count, columns, tower->hidden, true, hidden);
        sc_dense_forward(
            tower->dense + first_count(tower), hidden, count, tower->hidden, columns, false, y);
        for (size_t c = 0; c < count * columns; c++) y[c] += x[c];
    } else {
        memcpy(y, x, count * columns * sizeof(float));
    }
    for (size_t k = 0; k < count && tower->length > 0; k++) {
        float *restrict vector = y + k * columns;
        // What has no direction stays near zero instead of growing without bound.
        float squares = 1e-12f;
        for (size_t c = 0; c < columns; c++) squares += vector[c] * vector[c];
        scales[k] = tower->length / __builtin_sqrtf(squares);
        for (size_t c = 0; c < columns; c++) vector[c] *= scales[k];
    }
}

SC_CLONES
void sc_tower_backward(
    const struct sc_tower *tower, const float *x, const float *hidden, const float *y,
    const float *scales, size_t count, float *by_y, float *by_dense, float *by_x, float *scratch) {
#pragma clang fp reassociate(on) contract(fast)
    size_t columns = tower->columns;
    // Only what is square to a vector changes its direction.
    for (size_t k = 0; k < count && tower->length > 0; k++) {
        const float *restrict vector = y + k * columns;
        float *restrict slope = by_y + k * columns;
        float along = 0;
        for (size_t c = 0; c < columns; c++) along += slope[c] * vector[c];
        along /= tower->length * tower->length;
        for (size_t c = 0; c < columns; c++)
            slope[c] = scales[k] * (slope[c] - along * vector[c]);
    }
    if (tower->hidden == 0) {
        memcpy(by_x, by_y, count * columns * sizeof(float));
        return;
    }
    float *by_hidden = scratch;
    size_t second = first_count(tower);
    sc_dense_backward(
        tower->dense + second, hidden, by_y, count, tower->hidden, columns, by_dense + second,
        by_hidden);
    sc_dense_rectify(hidden, by_hidden, count * tower->hidden);
    sc_dense_backward(
        tower->dense, x, by_hidden, count, columns, tower->hidden, by_dense, by_x);
    for (size_t c = 0; c < count * columns; c++) by_x[c] += by_y[c];
}
