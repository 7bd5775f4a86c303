#include "sc_svdpp.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"

#define BODY static inline __attribute__((always_inline))

BODY void sum_y(
    const struct sc_svdpp *model, const int32_t *items, size_t count, float *restrict sum) {
    size_t columns = model->columns;
    for (size_t c = 0; c < columns; c++) sum[c] = 0;
    for (size_t k = 0; k < count; k++) {
        const float *y = model->y + (size_t)items[k] * columns;
        for (size_t c = 0; c < columns; c++) sum[c] += y[c];
    }
    float share = count > 0 ? 1 / sqrtf((float)count) : 0;
    for (size_t c = 0; c < columns; c++) sum[c] *= share;
}

SC_CLONES
double sc_svdpp_user(
    const struct sc_svdpp *model, const int32_t *items, const float *ratings, const int32_t *order,
    size_t count, float *user, float *item_steps, float *y_step, float *scratch) {
#pragma clang fp reassociate(on) contract(fast)
    size_t columns = model->columns, d = model->dimensions;
    float rate = model->rate, keep = 1 - model->rate * model->decay;
    // z, the implicit part, takes the steps that all her y take: each of them z's step over
    // sqrt(count).
    float *restrict z = scratch, *restrict own = scratch + columns;
    sum_y(model, items, count, z);
    memset(y_step, 0, columns * sizeof(float));
    double loss = 0;
    for (size_t k = 0; k < count; k++) {
        size_t place = (size_t)order[k];
        const float *item = model->items + (size_t)items[place] * columns;
        float *restrict step = item_steps + place * columns;
        float product = 0;
        for (size_t c = 0; c < columns; c++) {
            own[c] = user[c] + z[c];
            product += own[c] * item[c];
        }
        float error = ratings[place] - model->mean - product;
        loss += (double)error * error;
        float push = rate * error;
        for (size_t c = 0; c < columns; c++) {
            step[c] = push * own[c] - rate * model->decay * item[c];
            user[c] = keep * user[c] + push * item[c];
        }
        for (size_t c = 0; c < d; c++) {
            z[c] = keep * z[c] + push * item[c];
            y_step[c] = keep * y_step[c] + push * item[c];
        }
        step[d + 1] = 0;
        user[d] = 1;
    }
    float share = 1 / sqrtf((float)count);
    for (size_t c = 0; c < d; c++) y_step[c] *= share;
    return loss;
}

SC_CLONES
void sc_svdpp_vector(
    const struct sc_svdpp *model, const int32_t *items, size_t count, const float *user,
    float *vector) {
    sum_y(model, items, count, vector);
    for (size_t c = 0; c < model->columns; c++) vector[c] += user[c];
}

SC_CLONES
void sc_scale_add(float *y, float a, const float *x, size_t count) {
#pragma clang fp contract(fast)
    for (size_t c = 0; c < count; c++) y[c] = a * y[c] + x[c];
}
