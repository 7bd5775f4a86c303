/// Tall blocks of SC_BLOCK_WIDTH columns, row-major, as subspace iterations have them.

#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#define SC_BLOCK_WIDTH 32

/// Rows `first` to `end` of the product of a sparse matrix, in compressed rows, with a block.
///
/// `result` receives shape [rows, SC_BLOCK_WIDTH], of which only these rows are written.
void sc_block_sparse_product(
    const ptrdiff_t *offsets, const int32_t *columns, const float *values, const float *block, size_t first,
    size_t end, float *result);

/// Multiplies `count` rows of a block by a matrix of shape [SC_BLOCK_WIDTH, SC_BLOCK_WIDTH], in place.
void sc_block_transform(float *rows, size_t count, const float *matrix);

/// The inner products of the columns of `count` rows, shape [SC_BLOCK_WIDTH, SC_BLOCK_WIDTH], summed in the
/// rows' order.
void sc_block_gram(const float *rows, size_t count, float *gram);

#pragma clang assume_nonnull end
