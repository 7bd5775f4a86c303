#include "sc_pairwise.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "sc_adagrad.h"
#include "sc_clones.h"

#define BODY static inline __attribute__((always_inline))

/// How often a draw may fall on what the user took before the pair is given up.
enum { DRAWS_IN_VAIN_MAX = 64 };

/// SplitMix64, as SeededGenerator.
BODY uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

BODY float dot(const float *a, const float *b, size_t columns) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
    for (size_t c = 0; c < columns; c++) sum += a[c] * b[c];
    return sum;
}

/// An id's vector: its only row where it lies, or the sum of its rows in `room`.
BODY const float *vector_of(const struct sc_features *side, size_t id, float *room) {
#pragma clang fp contract(fast)
    size_t columns = side->columns;
    if (!side->offsets) return side->rows + id * columns;
    memset(room, 0, columns * sizeof(float));
    for (int64_t k = side->offsets[id]; k < side->offsets[id + 1]; k++) {
        const float *row = side->rows + (size_t)side->features[k] * columns;
        float weight = side->weights[k];
        for (size_t c = 0; c < columns; c++) room[c] += weight * row[c];
    }
    return room;
}

BODY bool took(const struct sc_pairwise *model, int32_t user, int32_t item) {
    const int32_t *low = model->history + model->history_offsets[user];
    size_t count = (size_t)(model->history_offsets[user + 1] - model->history_offsets[user]);
    while (count > 0) {
        size_t half = count / 2;
        if (low[half] < item) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low < model->history + model->history_offsets[user + 1] && *low == item;
}

BODY int32_t draw(const struct sc_pairwise *model, uint64_t *state) {
    return model->pool[(size_t)(((unsigned __int128)next(state) * model->pool_count) >> 64)];
}

/// Finds the pair's negative and leaves its vector; returns the weight of the pair, 0 for no step.
BODY float find_negative(
    const struct sc_pairwise *model, int32_t user, const float *vector, float positive,
    uint64_t *state, int32_t *negative, const float **negative_vector, float *room, double *loss) {
    size_t columns = model->items.columns;
    size_t in_vain = 0;
    for (size_t drawn = 1; in_vain < DRAWS_IN_VAIN_MAX;) {
        int32_t item = draw(model, state);
        if (took(model, user, item)) {
            in_vain++;
            continue;
        }
        *negative = item;
        *negative_vector = vector_of(&model->items, (size_t)item, room);
        float margin = positive - dot(vector, *negative_vector, columns);
        if (model->warp_draws_max == 0) {
            float weight = 1 / (1 + expf(margin));
            // log1p keeps the loss right where the margin is large; its mirror image holds where it
            // is not.
            *loss += margin > 0 ? log1pf(expf(-margin)) : log1pf(expf(margin)) - margin;
            return weight;
        }
        if (margin < 1) {
            float rank = (float)((model->pool_count - 1) / drawn);
            float weight = logf(rank < 1 ? 1 : rank);
            *loss += weight * (1 - margin);
            return weight;
        }
        if (drawn++ == model->warp_draws_max) return 0;
    }
    return 0;
}

SC_CLONES
double sc_pairwise_gradients(
    const struct sc_pairwise *model, const int32_t *users, const int32_t *items, size_t count,
    uint64_t seed, uint64_t first, int32_t *negatives, float *user_gradients,
    float *item_gradients, float *scratch) {
    size_t columns = model->items.columns;
    double loss = 0;
    for (size_t k = 0; k < count; k++) {
        uint64_t state = seed ^ ((first + k) * 0xd1342543de82ef95);
        float *by_user = user_gradients + k * columns;
        float *by_item = item_gradients + k * columns;
        const float *own = vector_of(&model->users, (size_t)users[k], by_item);
        if (own != by_item) memcpy(by_item, own, columns * sizeof(float));
        by_item[model->bias] = 1;
        const float *plus = vector_of(&model->items, (size_t)items[k], scratch);
        const float *minus = scratch;
        negatives[k] = -1;
        int32_t negative = -1;
        float weight = find_negative(
            model, users[k], by_item, dot(by_item, plus, columns), &state, &negative, &minus,
            scratch + columns, &loss);
        if (!(weight > 0)) continue;
        negatives[k] = negative;
        for (size_t c = 0; c < columns; c++) {
            by_user[c] = weight * (plus[c] - minus[c]);
            by_item[c] *= weight;
        }
        by_user[model->bias] = 0;
    }
    return loss;
}

BODY void step_id(
    const struct sc_features *side, size_t id, float sign, const float *gradient, size_t shard,
    size_t shards, float rate, float decay) {
    if (!side->offsets) {
        if ((id & (shards - 1)) == shard) sc_adagrad_step(side, id, sign, gradient, rate, decay);
        return;
    }
    for (int64_t k = side->offsets[id]; k < side->offsets[id + 1]; k++) {
        size_t row = (size_t)side->features[k];
        if ((row & (shards - 1)) == shard)
            sc_adagrad_step(side, row, sign * side->weights[k], gradient, rate, decay);
    }
}

SC_CLONES
void sc_pairwise_apply(
    const struct sc_features *side, const int32_t *plus, const int32_t *minus,
    const int32_t *used, const float *gradients, size_t count, size_t shard, size_t shards,
    float rate, float decay) {
    for (size_t k = 0; k < count; k++) {
        if (used[k] < 0) continue;
        const float *gradient = gradients + k * side->columns;
        step_id(side, (size_t)plus[k], 1, gradient, shard, shards, rate, decay);
        if (minus) step_id(side, (size_t)minus[k], -1, gradient, shard, shards, rate, decay);
    }
}

SC_CLONES
void sc_features_sum(const struct sc_features *side, size_t id, float *vector) {
    const float *row = vector_of(side, id, vector);
    if (row != vector) memcpy(vector, row, side->columns * sizeof(float));
}
