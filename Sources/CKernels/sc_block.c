#include "sc_block.h"

#include <string.h>

#include "sc_clones.h"

#define WIDTH SC_BLOCK_WIDTH

SC_CLONES
void sc_block_sparse_product(const ptrdiff_t *offsets, const int32_t *columns, const float *values, const float *block,
                             size_t first, size_t end, float *result) {
    for (size_t row = first; row < end; row++) {
        float sum[WIDTH] = {0};
        for (ptrdiff_t entry = offsets[row]; entry < offsets[row + 1]; entry++) {
            const float *other = block + (size_t)columns[entry] * WIDTH;
            float value = values[entry];
            for (size_t d = 0; d < WIDTH; d++) sum[d] += value * other[d];
        }
        memcpy(result + row * WIDTH, sum, sizeof sum);
    }
}

SC_CLONES
void sc_block_transform(float *rows, size_t count, const float *matrix) {
    for (size_t row = 0; row < count; row++) {
        float *own = rows + row * WIDTH;
        float sum[WIDTH] = {0};
        for (size_t k = 0; k < WIDTH; k++) {
            float value = own[k];
            for (size_t d = 0; d < WIDTH; d++) sum[d] += value * matrix[k * WIDTH + d];
        }
        memcpy(own, sum, sizeof sum);
    }
}

SC_CLONES
void sc_block_gram(const float *rows, size_t count, float *gram) {
    memset(gram, 0, WIDTH * WIDTH * sizeof *gram);
    for (size_t row = 0; row < count; row++) {
        const float *own = rows + row * WIDTH;
        for (size_t k = 0; k < WIDTH; k++) {
            float value = own[k];
            for (size_t d = 0; d < WIDTH; d++) gram[k * WIDTH + d] += value * own[d];
        }
    }
}
