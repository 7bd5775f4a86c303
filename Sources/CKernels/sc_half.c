#include "sc_half.h"

#include <math.h>
#include <string.h>

#include "sc_clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static inline uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t narrow(float value) {
    const uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000;
    const float magnitude = fabsf(value);
    // Below 2^-14 a half is a multiple of 2^-24, which is what a float beside 0.5 holds: the addition
    // rounds, and leaves the multiple in the low bits.
    const uint32_t small = bits_of(magnitude + 0.5f) - bits_of(0.5f);
    // From there on 13 bits of the mantissa go; the carry of rounding may reach the exponent.
    const uint32_t kept = bits_of(magnitude);
    const uint32_t large = (kept + 0xFFF + (kept >> 13 & 1) - (112u << 23)) >> 13;
    return (uint16_t)(sign | (magnitude < 0x1p-14f ? small : large));
}

static inline float widen(uint16_t half) {
    // The exponent is 112 short of a float's; scaling mends it, below 2^-14 too.
    const float magnitude = float_of((uint32_t)(half & 0x7FFF) << 13) * 0x1p112f;
    return float_of(bits_of(magnitude) | (uint32_t)(half & 0x8000) << 16);
}

SC_CLONES
void sc_half_narrow(const float *values, size_t count, uint16_t *halves) {
    for (size_t i = 0; i < count; i++) halves[i] = narrow(values[i]);
}

SC_CLONES
void sc_half_widen(const uint16_t *halves, size_t count, float *values) {
    for (size_t i = 0; i < count; i++) values[i] = widen(halves[i]);
}

SC_CLONES
bool sc_half_holds(const float *values, size_t count) {
    bool all = true;
    for (size_t i = 0; i < count; i++)
        all &= fabsf(values[i]) <= SC_HALF_MAX && bits_of(widen(narrow(values[i]))) == bits_of(values[i]);
    return all;
}

static void dot_portable(
    const float *query, const uint16_t *const *rows, size_t count, size_t dimensions,
    float *scores) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < count; r++) {
        if (!rows[r]) {
            scores[r] = NAN;
            continue;
        }
        float sum = 0;
        for (size_t i = 0; i < dimensions; i++) sum += query[i] * widen(rows[r][i]);
        scores[r] = sum;
    }
}

#if defined(__x86_64__) && !defined(SC_SANITIZED)
__attribute__((target("arch=x86-64-v4"))) static void dot_v4(
    const float *query, const uint16_t *const *rows, size_t count, size_t dimensions,
    float *scores) {
    for (size_t r = 0; r < count; r++) {
        const uint16_t *row = rows[r];
        if (!row) {
            scores[r] = NAN;
            continue;
        }
        __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
        for (size_t i = 0; i < dimensions; i += 32) {
            const __m256i first = _mm256_loadu_si256((const __m256i *)(row + i));
            const __m256i second = _mm256_loadu_si256((const __m256i *)(row + i + 16));
            even = _mm512_fmadd_ps(_mm512_loadu_ps(query + i), _mm512_cvtph_ps(first), even);
            odd = _mm512_fmadd_ps(_mm512_loadu_ps(query + i + 16), _mm512_cvtph_ps(second), odd);
        }
        scores[r] = _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
    }
}

__attribute__((target("arch=x86-64-v3"))) static void dot_v3(
    const float *query, const uint16_t *const *rows, size_t count, size_t dimensions,
    float *scores) {
    for (size_t r = 0; r < count; r++) {
        const uint16_t *row = rows[r];
        if (!row) {
            scores[r] = NAN;
            continue;
        }
        __m256 even = _mm256_setzero_ps(), odd = _mm256_setzero_ps();
        for (size_t i = 0; i < dimensions; i += 16) {
            const __m128i first = _mm_loadu_si128((const __m128i *)(row + i));
            const __m128i second = _mm_loadu_si128((const __m128i *)(row + i + 8));
            even = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), _mm256_cvtph_ps(first), even);
            odd = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + 8), _mm256_cvtph_ps(second), odd);
        }
        const __m256 sum = _mm256_add_ps(even, odd);
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
        four = _mm_add_ps(four, _mm_movehl_ps(four, four));
        scores[r] = _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
    }
}
#endif

void sc_dot_half_rows(
    const float *query, const uint16_t *const *rows, size_t count, size_t dimensions,
    float *scores) {
#if defined(__x86_64__) && !defined(SC_SANITIZED)
    if (__builtin_cpu_supports("x86-64-v4")) return dot_v4(query, rows, count, dimensions, scores);
    if (__builtin_cpu_supports("x86-64-v3")) return dot_v3(query, rows, count, dimensions, scores);
#endif
    dot_portable(query, rows, count, dimensions, scores);
}
