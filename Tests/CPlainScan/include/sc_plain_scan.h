#pragma once
#include <stddef.h>
#include <stdint.h>

/// The least a scan of 8-bit codes can do, which benchmarks compare the exact search with: the
/// largest `row scale * (integer product)` of all rows.
///
/// - query: `quads * 4` codes; codes: `blocks` blocks of sixteen rows, laid out as `sc_scan.h`
///   says; scales: one a row; bias: -128 times the sum of the query's codes.
float sc_plain_scan(
    const int8_t *query, size_t quads, int32_t bias, const uint8_t *codes, const float *scales,
    size_t blocks);

/// The same as a plain loop, for tests.
float sc_plain_scan_portable(
    const int8_t *query, size_t quads, int32_t bias, const uint8_t *codes, const float *scales,
    size_t blocks);
