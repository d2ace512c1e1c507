/* SPDX-License-Identifier: MIT */
/* The vector operations (see vec_portable.h) on AVX2 and F16C. */
#ifndef TI_VEC_H
#define TI_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_ISA avx2
#define V_LANES 8
#define V_GROUP 16
#define V_GROUPS 4
#define V_UNROLL 8
#define V_LUT_TOP 8
#define V_F64_LANES 4
#define V_PARTS 2
#define V_F64_UNROLL 8
#define V_OCTAVES 0
#define V_PRODUCT_ROWS 4
#define V_PRODUCT_VECTORS 2

typedef __m256i v_u64;
typedef __m256i v_u32;
typedef __m256 v_f32;
typedef __m256d v_f64;
typedef const float *v_lut;
typedef __m256 v_lut_top;
typedef struct {
    const double *lane[4];
} v_rows;

static inline v_u64 v_u64_set(uint64_t x) { return _mm256_set1_epi64x((long long)x); }
static inline v_u64 v_u64_count(uint64_t first) {
    /* Unpacking takes even lanes first. */
    return _mm256_add_epi64(v_u64_set(first), _mm256_setr_epi64x(0, 2, 1, 3));
}
static inline v_u64 v_u64_load(const uint64_t *p) {
    return _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)p),
                                    _MM_SHUFFLE(3, 1, 2, 0));
}
static inline v_u64 v_u64_high(v_u64 a) { return _mm256_srli_epi64(a, 32); }
static inline v_u64 v_u64_mul_low(v_u64 a, v_u64 b) { return _mm256_mul_epu32(a, b); }
static inline v_u64 v_u64_add(v_u64 a, v_u64 b) { return _mm256_add_epi64(a, b); }
static inline v_u64 v_u64_xor(v_u64 a, v_u64 b) { return _mm256_xor_si256(a, b); }
static inline v_u64 v_u64_xor3(v_u64 a, v_u64 b, v_u64 c) {
    return _mm256_xor_si256(_mm256_xor_si256(a, c), b);
}
#define v_u64_shr(a, n) _mm256_srli_epi64((a), (n))
static inline v_u64 v_u64_top_mask(v_u64 a) {
    return _mm256_cmpgt_epi64(_mm256_setzero_si256(), a);
}
static inline v_u64 v_u64_and_or(v_u64 a, v_u64 mask, v_u64 b) {
    return _mm256_or_si256(_mm256_and_si256(a, mask), b);
}
static inline v_u64 v_u64_xor_andnot(v_u64 a, v_u64 b, v_u64 mask) {
    return _mm256_xor_si256(a, _mm256_andnot_si256(b, mask));
}
static inline void v_u64_join(v_u32 high, v_u32 low, v_u64 *out) {
    /* Unpacking works in halves of a vector. */
    high = _mm256_permute4x64_epi64(high, _MM_SHUFFLE(3, 1, 2, 0));
    low = _mm256_permute4x64_epi64(low, _MM_SHUFFLE(3, 1, 2, 0));
    out[0] = _mm256_unpacklo_epi32(low, high);
    out[1] = _mm256_unpackhi_epi32(low, high);
}
static inline void v_interleave(v_u64 a, v_u64 b, v_u64 c, v_u64 d, v_u32 *out) {
    v_u64 ab = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
    v_u64 cd = _mm256_blend_epi32(c, _mm256_slli_epi64(d, 32), 0xaa);
    out[0] = _mm256_unpacklo_epi64(ab, cd);
    out[1] = _mm256_unpackhi_epi64(ab, cd);
}

static inline v_u32 v_u32_set(uint32_t x) { return _mm256_set1_epi32((int)x); }
static inline v_u32 v_u32_load(const void *p) { return _mm256_loadu_si256(p); }
static inline void v_u32_store(void *p, v_u32 a) { _mm256_storeu_si256(p, a); }
static inline v_u32 v_u32_add(v_u32 a, v_u32 b) { return _mm256_add_epi32(a, b); }
static inline v_u32 v_u32_and(v_u32 a, v_u32 b) { return _mm256_and_si256(a, b); }
static inline v_u32 v_u32_or(v_u32 a, v_u32 b) { return _mm256_or_si256(a, b); }
static inline v_u32 v_u32_xor(v_u32 a, v_u32 b) { return _mm256_xor_si256(a, b); }
#define v_u32_shr(a, n) _mm256_srli_epi32((a), (n))
static inline v_u32 v_u32_top_mask(v_u32 a) { return _mm256_srai_epi32(a, 31); }
static inline v_u32 v_u32_and_or(v_u32 a, v_u32 mask, v_u32 b) {
    return _mm256_or_si256(_mm256_and_si256(a, mask), b);
}
static inline v_u32 v_u32_xor_andnot(v_u32 a, v_u32 b, v_u32 mask) {
    return _mm256_xor_si256(a, _mm256_andnot_si256(b, mask));
}
/* There is no unsigned compare: shift both sides into the signed range. */
static inline v_u32 v_u32_below(v_u32 a, v_u32 b) {
    const v_u32 top = v_u32_set(0x80000000);
    return _mm256_cmpgt_epi32(_mm256_xor_si256(b, top), _mm256_xor_si256(a, top));
}
static inline v_u32 v_u32_equal(v_u32 a, v_u32 b) { return _mm256_cmpeq_epi32(a, b); }
static inline uint32_t v_u32_lanes(v_u32 a) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(a));
}
static inline int v_u32_any_below(v_u32 a, uint32_t limit) {
    __m256i inverted = _mm256_xor_si256(a, v_u32_set(0x80000000));
    __m256i below = _mm256_cmpgt_epi32(v_u32_set(limit ^ 0x80000000), inverted);
    return !_mm256_testz_si256(below, below);
}
static inline void v_u32_store16(void *p, v_u32 a) {
    __m128i low = _mm256_castsi256_si128(a), high = _mm256_extracti128_si256(a, 1);
    const __m128i mask = _mm_set1_epi32(0xffff);
    _mm_storeu_si128(
        p, _mm_packus_epi32(_mm_and_si128(low, mask), _mm_and_si128(high, mask)));
}
static inline void v_u32_store8(void *p, v_u32 a) {
    const __m256i bytes =
        _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0,
                         4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i packed = _mm256_shuffle_epi8(a, bytes);
    _mm_storel_epi64(p, _mm_unpacklo_epi32(_mm256_castsi256_si128(packed),
                                           _mm256_extracti128_si256(packed, 1)));
}

static inline v_f32 v_f32_set(float x) { return _mm256_set1_ps(x); }
static inline v_f32 v_f32_load(const void *p) { return _mm256_loadu_ps(p); }
static inline void v_f32_store(void *p, v_f32 a) { _mm256_storeu_ps(p, a); }
static inline v_f32 v_f32_add(v_f32 a, v_f32 b) { return _mm256_add_ps(a, b); }
static inline v_f32 v_f32_sub(v_f32 a, v_f32 b) { return _mm256_sub_ps(a, b); }
static inline v_f32 v_f32_mul(v_f32 a, v_f32 b) { return _mm256_mul_ps(a, b); }
static inline v_f32 v_f32_min(v_f32 a, v_f32 b) { return _mm256_min_ps(a, b); }
static inline v_f32 v_f32_max(v_f32 a, v_f32 b) { return _mm256_max_ps(a, b); }
static inline v_f32 v_f32_from_i32(v_u32 a) { return _mm256_cvtepi32_ps(a); }
static inline v_f32 v_as_f32(v_u32 a) { return _mm256_castsi256_ps(a); }
static inline v_u32 v_as_u32(v_f32 a) { return _mm256_castps_si256(a); }
static inline v_u32 v_u32_if_less(v_f32 a, v_f32 b, v_u32 x, v_u32 y) {
    return _mm256_blendv_epi8(y, x, _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_LT_OQ)));
}
static inline void v_f32_store_f16(void *p, v_f32 a) {
    _mm_storeu_si128(p, _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static inline v_f64 v_f64_set(double x) { return _mm256_set1_pd(x); }
static inline v_f64 v_f64_load(const void *p) { return _mm256_loadu_pd(p); }
static inline void v_f64_store(void *p, v_f64 a) { _mm256_storeu_pd(p, a); }
static inline v_f64 v_f64_add(v_f64 a, v_f64 b) { return _mm256_add_pd(a, b); }
static inline v_f64 v_f64_sub(v_f64 a, v_f64 b) { return _mm256_sub_pd(a, b); }
static inline v_f64 v_f64_mul(v_f64 a, v_f64 b) { return _mm256_mul_pd(a, b); }
static inline v_f64 v_f64_min(v_f64 a, v_f64 b) { return _mm256_min_pd(a, b); }
static inline v_f64 v_f64_max(v_f64 a, v_f64 b) { return _mm256_max_pd(a, b); }
static inline v_f64 v_as_f64(v_u64 a) { return _mm256_castsi256_pd(a); }
static inline v_u64 v_as_u64(v_f64 a) { return _mm256_castpd_si256(a); }
/*
 * Each half as the low bits of a number whose last place is the half's: 2^52 + low and
 * 2^84 + 2^32 * high. Their differences from 2^52 + 2^84 are exact, but for the one addition
 * that rounds.
 */
static inline v_f64 v_f64_from_u64(v_u64 a) {
    const v_u64 low_one = v_u64_set(0x4330000000000000);
    const v_u64 high_one = v_u64_set(0x4530000000000000);
    v_f64 low = v_as_f64(_mm256_blend_epi32(a, low_one, 0xaa));
    v_f64 high = v_as_f64(_mm256_or_si256(v_u64_high(a), high_one));
    return v_f64_add(v_f64_sub(high, v_f64_set(0x1p84 + 0x1p52)), low);
}
static inline v_f64 v_f64_if_less(v_f64 a, v_f64 b, v_f64 x, v_f64 y) {
    return _mm256_blendv_pd(y, x, _mm256_cmp_pd(a, b, _CMP_LT_OQ));
}
static inline v_f32 v_f32_round(const v_f64 *parts) {
    return _mm256_set_m128(_mm256_cvtpd_ps(parts[1]), _mm256_cvtpd_ps(parts[0]));
}
static inline v_f64 v_f64_load_f32(const void *p) {
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}

/* The full table by gathering, which is slow and rare; the top octaves by vpermps, turned
   until biased exponent e is found at e mod 8. */
static inline v_lut v_lut_make(const float *row) { return row; }
static inline v_f32 v_lut_get(v_lut lut, v_u32 exponent) {
    return _mm256_i32gather_ps(lut, _mm256_sub_epi32(exponent, v_u32_set(126)), 4);
}
static inline v_lut_top v_lut_top_make(const float *row) {
    const v_u32 turn = _mm256_setr_epi32(2, 3, 4, 5, 6, 7, 0, 1);
    return _mm256_permutevar8x32_ps(_mm256_loadu_ps(row + 24), turn);
}
static inline v_f32 v_lut_top_get(v_lut_top lut, v_u32 exponent) {
    return _mm256_permutevar8x32_ps(lut, exponent);
}

/* Two numbers of each row at a time: gathers cost twice as much. */
static inline v_rows v_rows_at(const double *table, v_u64 at) {
    v_rows rows = {
        {table + _mm256_extract_epi64(at, 0), table + _mm256_extract_epi64(at, 1),
         table + _mm256_extract_epi64(at, 2), table + _mm256_extract_epi64(at, 3)}};
    return rows;
}
static inline void v_rows_pair(v_rows rows, size_t k, v_f64 *first, v_f64 *second) {
    __m256d even =
        _mm256_set_m128d(_mm_load_pd(rows.lane[2] + k), _mm_load_pd(rows.lane[0] + k));
    __m256d odd =
        _mm256_set_m128d(_mm_load_pd(rows.lane[3] + k), _mm_load_pd(rows.lane[1] + k));
    *first = _mm256_unpacklo_pd(even, odd);
    *second = _mm256_unpackhi_pd(even, odd);
}

#endif
