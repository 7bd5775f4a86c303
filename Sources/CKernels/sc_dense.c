#include "sc_dense.h"

#include <string.h>

#include "sc_blas.h"
#include "sc_clones.h"

SC_CLONES
void sc_dense_forward(
    const float *layer, const float *x, size_t count, size_t in, size_t out, bool rectified,
    float *y) {
    for (size_t k = 0; k < count; k++) memcpy(y + k * out, layer + in * out, out * sizeof(float));
    sc_blas_gemm(x, in, false, layer, out, false, count, out, in, true, y, out);
    if (!rectified) return;
    for (size_t c = 0; c < count * out; c++) y[c] = y[c] > 0 ? y[c] : 0;
}

SC_CLONES
void sc_dense_backward(
    const float *layer, const float *x, const float *by_y, size_t count, size_t in, size_t out,
    float *by_layer, float *by_x) {
    sc_blas_gemm(x, in, true, by_y, out, false, in, out, count, true, by_layer, out);
    float *by_bias = by_layer + in * out;
    for (size_t k = 0; k < count; k++) {
        for (size_t c = 0; c < out; c++) by_bias[c] += by_y[k * out + c];
    }
    if (by_x) sc_blas_gemm(by_y, out, false, layer, out, true, count, in, out, false, by_x, in);
}

SC_CLONES
void sc_dense_rectify(const float *outputs, float *slopes, size_t count) {
    for (size_t c = 0; c < count; c++) slopes[c] = outputs[c] > 0 ? slopes[c] : 0;
}
