#include "sc_neumf.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"
#include "sc_dense.h"

static size_t input_width(const struct sc_neumf *model, size_t layer) {
    return layer == 0 ? 2 * model->inputs : model->widths[layer - 1];
}

size_t sc_neumf_dense_count(const struct sc_neumf *model) {
    size_t count = 0;
    for (size_t l = 0; l < model->layers; l++)
        count += (input_width(model, l) + 1) * model->widths[l];
    return count + model->factors + model->widths[model->layers - 1] + 1;
}

/// Scratch: the product, the tower's input, each layer's output; then two slopes.
size_t sc_neumf_scratch_count(const struct sc_neumf *model, size_t count) {
    size_t row = model->factors + 2 * model->inputs, widest = 2 * model->inputs;
    for (size_t l = 0; l < model->layers; l++) {
        size_t out = model->widths[l];
        row += out;
        if (out > widest) widest = out;
    }
    return count * (row + 2 * widest);
}

SC_CLONES
void sc_neumf_forward(
    const struct sc_neumf *model, const int32_t *users, const int32_t *items, size_t count,
    float *scratch, float *logits) {
#pragma clang fp reassociate(on) contract(fast)
    size_t f = model->factors, e = model->inputs;
    float *product = scratch, *x = scratch + count * f;
    for (size_t k = 0; k < count; k++) {
        const float *user = model->users + (size_t)users[k] * (f + e);
        const float *item = model->items + (size_t)items[k] * (f + e);
        for (size_t c = 0; c < f; c++) product[k * f + c] = user[c] * item[c];
        memcpy(x + k * 2 * e, user + f, e * sizeof(float));
        memcpy(x + k * 2 * e + e, item + f, e * sizeof(float));
    }
    const float *weights = model->dense;
    size_t in = 2 * e;
    for (size_t l = 0; l < model->layers; l++) {
        size_t out = model->widths[l];
        float *y = x + count * in;
        sc_dense_forward(weights, x, count, in, out, true, y);
        weights += (in + 1) * out;
        x = y;
        in = out;
    }
    for (size_t k = 0; k < count; k++) {
        float sum = weights[f + in];
        for (size_t c = 0; c < f; c++) sum += product[k * f + c] * weights[c];
        for (size_t c = 0; c < in; c++) sum += x[k * in + c] * weights[f + c];
        logits[k] = sum;
    }
}

SC_CLONES
double sc_neumf_backward(
    const struct sc_neumf *model, const int32_t *users, const int32_t *items, const float *labels,
    const float *logits, size_t count, float *scratch, float *dense, float *by_user,
    float *by_item) {
#pragma clang fp reassociate(on) contract(fast)
    size_t f = model->factors, e = model->inputs, row = f + e, widest = 2 * e;
    const float *activations[SC_NEUMF_LAYERS_MAX + 1];
    size_t places[SC_NEUMF_LAYERS_MAX];
    activations[0] = scratch + count * f;
    size_t place = 0;
    for (size_t l = 0; l < model->layers; l++) {
        size_t in = input_width(model, l), out = model->widths[l];
        activations[l + 1] = activations[l] + count * in;
        places[l] = place;
        place += (in + 1) * out;
        if (out > widest) widest = out;
    }
    size_t last = model->widths[model->layers - 1];
    float *delta = scratch + (activations[model->layers] - scratch) + count * last;
    float *below = delta + count * widest;
    const float *output = model->dense + place;
    const float *top = activations[model->layers];
    double loss = 0;
    for (size_t k = 0; k < count; k++) {
        float logit = logits[k], slope = 1 / (1 + expf(-logit)) - labels[k];
        loss += fmaxf(logit, 0) - logit * labels[k] + log1pf(expf(-fabsf(logit)));
        const float *user = model->users + (size_t)users[k] * row;
        const float *item = model->items + (size_t)items[k] * row;
        for (size_t c = 0; c < f; c++) {
            dense[place + c] += slope * scratch[k * f + c];
            by_user[k * row + c] = slope * output[c] * item[c];
            by_item[k * row + c] = slope * output[c] * user[c];
        }
        for (size_t c = 0; c < last; c++) {
            float y = top[k * last + c];
            dense[place + f + c] += slope * y;
            delta[k * last + c] = y > 0 ? slope * output[f + c] : 0;
        }
        dense[place + f + last] += slope;
    }
    for (size_t l = model->layers; l-- > 0;) {
        size_t in = input_width(model, l), out = model->widths[l];
        sc_dense_backward(
            model->dense + places[l], activations[l], delta, count, in, out, dense + places[l],
            below);
        if (l > 0) sc_dense_rectify(activations[l], below, count * in);
        float *swap = delta;
        delta = below;
        below = swap;
    }
    for (size_t k = 0; k < count; k++) {
        memcpy(by_user + k * row + f, delta + k * 2 * e, e * sizeof(float));
        memcpy(by_item + k * row + f, delta + k * 2 * e + e, e * sizeof(float));
    }
    return loss;
}
