#include "sc_dense.h"

#include <string.h>

#include "sc_clones.h"
#include "sc_gemm.h"

SC_CLONES
void sc_dense_forward(
    const float *layer, const float *x, size_t count, size_t in, size_t out, bool rectified,
    float *y) {
    for (size_t k = 0; k < count; k++) memcpy(y + k * out, layer + in * out, out * sizeof(float));
    sc_gemm(y, out, x, in, 1, layer, out, count, out, in);
    if (!rectified) return;
    for (size_t c = 0; c < count * out; c++) y[c] = y[c] > 0 ? y[c] : 0;
}

SC_CLONES
void sc_dense_backward(
    const float *layer, const float *x, const float *by_y, size_t count, size_t in, size_t out,
    float *by_layer, float *by_x, float *scratch) {
    sc_gemm(by_layer, out, x, 1, in, by_y, out, in, out, count);
    float *by_bias = by_layer + in * out;
    for (size_t k = 0; k < count; k++) {
        for (size_t c = 0; c < out; c++) by_bias[c] += by_y[k * out + c];
    }
    for (size_t i = 0; i < in; i++) {
        for (size_t c = 0; c < out; c++) scratch[c * in + i] = layer[i * out + c];
    }
    memset(by_x, 0, count * in * sizeof(float));
    sc_gemm(by_x, in, by_y, out, 1, scratch, in, count, in, out);
}

SC_CLONES
void sc_dense_rectify(const float *outputs, float *slopes, size_t count) {
    for (size_t c = 0; c < count; c++) slopes[c] = outputs[c] > 0 ? slopes[c] : 0;
}
