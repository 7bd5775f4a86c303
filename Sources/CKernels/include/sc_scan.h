#pragma once
#include <stddef.h>
#include <stdint.h>

// Rows as 8-bit codes: row[i] is about scale * (code[i] - 128). Sixteen rows make a block,
// interleaved by four dimensions: the code of row r, dimension i lies at byte (i / 4) * 64 + r * 4
// + i % 4, so that one 512-bit multiply-add advances all sixteen sums and none is ever added across
// a register.
enum { SC_BLOCK_ROWS = 16 };

/// What quantizing a vector left behind.
struct sc_quantized {
    /// Value of one step; 0 for a vector of zeros.
    float scale;
    /// At least the Euclidean distance between the vector and its quantized form.
    float error;
    /// The Euclidean norm, rounded to nearest.
    float norm;
    /// At least the norm, and at least the norm of the quantized form.
    float norm_bound;
};

/// Writes one code in -127...127 per element. The vector is finite. Plain loop.
struct sc_quantized sc_quantize(const float *vector, size_t dimensions, int8_t *codes);

/// A quantized query. For a block whose rows have errors up to E and norm bounds up to N, the f32
/// score of each of its rows is at most scale * row scale * (integer product) + by_error * E +
/// by_norm * N + constant, and at most norm_by_norm * N + constant.
struct sc_scan_query {
    /// `quads * 4` codes, padded with zeros.
    const int8_t *codes;
    size_t quads;
    /// -128 times the sum of the codes.
    int32_t bias;
    float scale;
    float by_error, by_norm, norm_by_norm, constant;
};

/// Finds the rows whose f32 score may reach a threshold.
///
/// - codes: `blocks * quads * 64` bytes; scales: `blocks * 16`; bounds: E and N of each block.
/// - survivors: receives the positions of the rows whose upper bound is not below the threshold,
///   ascending; uppers: receives those bounds. Both have room for `blocks * 16`.
///
/// Returns how many survived. Runs on AVX-512 VNNI where the processor has it.
size_t sc_scan_blocks(
    const struct sc_scan_query *query, const uint8_t *codes, const float *scales,
    const float *bounds, size_t blocks, float threshold, uint32_t *survivors, float *uppers);

/// The same as a plain loop, compiled once per instruction set: the portable twin.
size_t sc_scan_blocks_portable(
    const struct sc_scan_query *query, const uint8_t *codes, const float *scales,
    const float *bounds, size_t blocks, float threshold, uint32_t *survivors, float *uppers);
