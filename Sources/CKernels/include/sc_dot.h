#pragma once
#include <stddef.h>

/// Inner products of one query with `count` rows of `dimensions` floats: the only f32 score in the
/// store, so that every path gives the same bits for the same two vectors on the same machine.
///
/// A null row scores NaN. Differs from the exact inner product by at most
/// `dimensions * 2^-24 / (1 - dimensions * 2^-24) * |query| * |row|`, whatever order the sum takes
/// (Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1), plus what
/// underflows.
void sc_dot_rows(
    const float *query, const float *const *rows, size_t count, size_t dimensions, float *scores);

/// The same in the order the elements come: the reference for tests.
float sc_dot_plain(const float *a, const float *b, size_t dimensions);
