#include "sc_scan.h"

#include <math.h>

#include "sc_clones.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define SC_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#endif

// A scan reads rows while a writer may be filling other slots of the same block. What it makes of
// such a slot is thrown away: the store checks that a survivor was published before the scan began,
// and everything about a published row was written before. So the race is harmless, and the scans
// are not instrumented.
#define SC_RACY __attribute__((no_sanitize("thread")))

struct sc_quantized sc_quantize(const float *vector, size_t dimensions, int8_t *codes) {
    float largest = 0;
    double squares = 0;
    for (size_t i = 0; i < dimensions; i++) {
        largest = fmaxf(largest, fabsf(vector[i]));
        squares += (double)vector[i] * vector[i];
    }
    // Where the step underflows, the codes are zeros and the error is the whole vector.
    float scale = largest / 127;
    double errors = 0, quantized = 0;
    for (size_t i = 0; i < dimensions; i++) {
        float steps = scale > 0 ? rintf(vector[i] / scale) : 0;
        int code = (int)fmaxf(-127, fminf(127, steps));
        codes[i] = (int8_t)code;
        double value = (double)scale * code, error = vector[i] - value;
        errors += error * error;
        quantized += value * value;
    }
    // The sums are in double precision: one part in a million is far more than they can be off.
    const double up = 1 + 1e-6, tiny = 1e-44;
    return (struct sc_quantized){
        .scale = scale,
        .error = (float)(sqrt(errors) * up + tiny),
        .norm = (float)sqrt(squares),
        .norm_bound = (float)(sqrt(fmax(squares, quantized)) * up + tiny),
    };
}

static inline int32_t sc_product(
    const struct sc_scan_query *query, const uint8_t *block, size_t row) {
    int32_t sum = query->bias;
    for (size_t quad = 0; quad < query->quads; quad++)
        for (size_t i = 0; i < 4; i++)
            sum += block[quad * 64 + row * 4 + i] * query->codes[quad * 4 + i];
    return sum;
}

SC_RACY SC_CLONES
size_t sc_scan_blocks_portable(
    const struct sc_scan_query *query, const uint8_t *codes, const float *scales,
    const float *bounds, size_t blocks, float threshold, uint32_t *survivors, float *uppers) {
    size_t count = 0;
    for (size_t b = 0; b < blocks; b++) {
        float error = bounds[2 * b], norm = bounds[2 * b + 1];
        if (query->norm_by_norm * norm + query->constant < threshold) continue;
        float slack = query->by_error * error + query->by_norm * norm + query->constant;
        const uint8_t *block = codes + b * query->quads * 64;
        int32_t sums[SC_BLOCK_ROWS];
        for (size_t r = 0; r < SC_BLOCK_ROWS; r++) sums[r] = query->bias;
        for (size_t quad = 0; quad < query->quads; quad++)
            for (size_t r = 0; r < SC_BLOCK_ROWS; r++)
                for (size_t i = 0; i < 4; i++)
                    sums[r] += block[quad * 64 + r * 4 + i] * query->codes[quad * 4 + i];
        for (size_t r = 0; r < SC_BLOCK_ROWS; r++) {
            size_t row = b * SC_BLOCK_ROWS + r;
            float upper = (float)sums[r] * scales[row] * query->scale + slack;
            survivors[count] = (uint32_t)row;
            uppers[count] = upper;
            count += upper >= threshold;
        }
    }
    return count;
}

#if defined(SC_VNNI)
SC_VNNI static inline __m512 sc_products_vnni(
    const struct sc_scan_query *query, const uint8_t *block) {
    __m512i even = _mm512_set1_epi32(query->bias), odd = _mm512_setzero_si512();
    size_t quad = 0;
    for (; quad + 2 <= query->quads; quad += 2) {
        int32_t first, second;
        __builtin_memcpy(&first, query->codes + quad * 4, 4);
        __builtin_memcpy(&second, query->codes + quad * 4 + 4, 4);
        even = _mm512_dpbusd_epi32(
            even, _mm512_loadu_si512(block + quad * 64), _mm512_set1_epi32(first));
        odd = _mm512_dpbusd_epi32(
            odd, _mm512_loadu_si512(block + quad * 64 + 64), _mm512_set1_epi32(second));
    }
    if (quad < query->quads) {
        int32_t last;
        __builtin_memcpy(&last, query->codes + quad * 4, 4);
        odd = _mm512_dpbusd_epi32(
            odd, _mm512_loadu_si512(block + quad * 64), _mm512_set1_epi32(last));
    }
    return _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
}

SC_RACY SC_VNNI static size_t sc_scan_blocks_vnni(
    const struct sc_scan_query *query, const uint8_t *codes, const float *scales,
    const float *bounds, size_t blocks, float threshold, uint32_t *survivors, float *uppers) {
    const __m512i lanes =
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512 limit = _mm512_set1_ps(threshold), scale = _mm512_set1_ps(query->scale);
    size_t count = 0;
    for (size_t b = 0; b < blocks; b++) {
        float error = bounds[2 * b], norm = bounds[2 * b + 1];
        if (query->norm_by_norm * norm + query->constant < threshold) continue;
        float slack = query->by_error * error + query->by_norm * norm + query->constant;
        __m512 product = sc_products_vnni(query, codes + b * query->quads * 64);
        __m512 stepped = _mm512_mul_ps(product, _mm512_loadu_ps(scales + b * SC_BLOCK_ROWS));
        __m512 upper = _mm512_fmadd_ps(stepped, scale, _mm512_set1_ps(slack));
        __mmask16 alive = _mm512_cmp_ps_mask(upper, limit, _CMP_GE_OQ);
        if (!alive) continue;
        __m512i rows = _mm512_add_epi32(lanes, _mm512_set1_epi32((int)(b * SC_BLOCK_ROWS)));
        // Whole registers are stored: compressing into memory is far slower, and there is room for
        // 16.
        _mm512_storeu_si512(survivors + count, _mm512_maskz_compress_epi32(alive, rows));
        _mm512_storeu_ps(uppers + count, _mm512_maskz_compress_ps(alive, upper));
        count += (size_t)__builtin_popcount(alive);
    }
    return count;
}
#endif

size_t sc_scan_blocks(
    const struct sc_scan_query *query, const uint8_t *codes, const float *scales,
    const float *bounds, size_t blocks, float threshold, uint32_t *survivors, float *uppers) {
#if defined(SC_VNNI)
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw"))
        return sc_scan_blocks_vnni(
            query, codes, scales, bounds, blocks, threshold, survivors, uppers);
#endif
    return sc_scan_blocks_portable(
        query, codes, scales, bounds, blocks, threshold, survivors, uppers);
}
