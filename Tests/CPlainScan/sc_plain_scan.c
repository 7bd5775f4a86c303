#include "sc_plain_scan.h"

#include <math.h>
#include <string.h>

enum { rows_of_block = 16 };

float sc_plain_scan_portable(
    const int8_t *query, size_t quads, int32_t bias, const uint8_t *codes, const float *scales,
    size_t blocks) {
    float largest = -INFINITY;
    for (size_t row = 0; row < blocks * rows_of_block; row++) {
        const uint8_t *block = codes + row / rows_of_block * quads * 64;
        int32_t sum = bias;
        for (size_t quad = 0; quad < quads; quad++)
            for (size_t i = 0; i < 4; i++)
                sum += block[quad * 64 + row % rows_of_block * 4 + i] * query[quad * 4 + i];
        largest = fmaxf(largest, (float)sum * scales[row]);
    }
    return largest;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) static float sc_plain_scan_vnni(
    const int8_t *query, size_t quads, int32_t bias, const uint8_t *codes, const float *scales,
    size_t blocks) {
    __m512 largest = _mm512_set1_ps(-INFINITY);
    for (size_t b = 0; b < blocks; b++) {
        const uint8_t *block = codes + b * quads * 64;
        // Two sums, so that one multiply-add need not wait for the other.
        __m512i sums[2] = {_mm512_set1_epi32(bias), _mm512_setzero_si512()};
        for (size_t quad = 0; quad < quads; quad++) {
            int32_t four;
            memcpy(&four, query + quad * 4, 4);
            sums[quad % 2] = _mm512_dpbusd_epi32(
                sums[quad % 2], _mm512_loadu_si512(block + quad * 64), _mm512_set1_epi32(four));
        }
        __m512 product = _mm512_cvtepi32_ps(_mm512_add_epi32(sums[0], sums[1]));
        largest = _mm512_max_ps(
            largest, _mm512_mul_ps(product, _mm512_loadu_ps(scales + b * rows_of_block)));
    }
    return _mm512_reduce_max_ps(largest);
}
#endif

float sc_plain_scan(
    const int8_t *query, size_t quads, int32_t bias, const uint8_t *codes, const float *scales,
    size_t blocks) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
        return sc_plain_scan_vnni(query, quads, bias, codes, scales, blocks);
#endif
    return sc_plain_scan_portable(query, quads, bias, codes, scales, blocks);
}
