#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Half precision, IEEE 754's binary16: a sign, 5 bits of exponent, 10 of mantissa. Holds magnitudes
// up to 65504 with 11 significant bits, and multiples of 2^-24 below 2^-14.

/// The largest magnitude that rounds to a finite half is just below 65520; what callers allow.
#define SC_HALF_MAX 65504.0f

/// Rounds to nearest, ties to even. Magnitudes are at most SC_HALF_MAX.
void sc_half_narrow(const float *values, size_t count, uint16_t *halves);

/// Exact.
void sc_half_widen(const uint16_t *halves, size_t count, float *values);

/// Whether narrowing would lose nothing of any value.
bool sc_half_holds(const float *values, size_t count);

/// Inner products of one query of floats with `count` rows of `dimensions` halves, a multiple of 32;
/// otherwise as `sc_dot_rows`.
void sc_dot_half_rows(
    const float *query, const uint16_t *const *rows, size_t count, size_t dimensions,
    float *scores);
