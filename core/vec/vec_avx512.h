/* SPDX-License-Identifier: MIT */
/* The vector operations (see vec_portable.h) on AVX-512 F, BW, DQ and VL. */
#ifndef TI_VEC_H
#define TI_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define V_ISA avx512
#define V_LANES 16
#define V_GROUP 32
#define V_GROUPS 4
#define V_UNROLL 8
#define V_LUT_TOP 16
#define V_F64_LANES 8
#define V_PARTS 2
#define V_F64_UNROLL 8
#define V_OCTAVES 16
#define V_PRODUCT_ROWS 8
#define V_PRODUCT_VECTORS 2

typedef __m512i v_u64;
typedef __m512i v_u32;
typedef __m512 v_f32;
typedef __m512d v_f64;
typedef struct {
    __m512 low, high;
} v_lut;
typedef __m512 v_lut_top;
typedef struct {
    const double *table;
    __m512i at;
} v_rows;

static inline v_u64 v_u64_set(uint64_t x) { return _mm512_set1_epi64((long long)x); }
static inline v_u64 v_u64_count(uint64_t first) {
    /* Unpacking takes even lanes first. */
    return _mm512_add_epi64(v_u64_set(first), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
}
static inline v_u64 v_u64_load(const uint64_t *p) {
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7),
                                    _mm512_loadu_si512(p));
}
static inline v_u64 v_u64_high(v_u64 a) { return _mm512_srli_epi64(a, 32); }
static inline v_u64 v_u64_mul_low(v_u64 a, v_u64 b) { return _mm512_mul_epu32(a, b); }
static inline v_u64 v_u64_add(v_u64 a, v_u64 b) { return _mm512_add_epi64(a, b); }
static inline v_u64 v_u64_xor(v_u64 a, v_u64 b) { return _mm512_xor_si512(a, b); }
static inline v_u64 v_u64_xor3(v_u64 a, v_u64 b, v_u64 c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
#define v_u64_shr(a, n) _mm512_srli_epi64((a), (n))
static inline v_u64 v_u64_top_mask(v_u64 a) { return _mm512_srai_epi64(a, 63); }
static inline v_u64 v_u64_and_or(v_u64 a, v_u64 mask, v_u64 b) {
    return _mm512_ternarylogic_epi64(a, mask, b, 0xea);
}
static inline v_u64 v_u64_xor_andnot(v_u64 a, v_u64 b, v_u64 mask) {
    return _mm512_ternarylogic_epi64(a, b, mask, 0xd2);
}
static inline void v_u64_join(v_u32 high, v_u32 low, v_u64 *out) {
    const v_u32 first =
        _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const v_u32 second =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    out[0] = _mm512_permutex2var_epi32(low, first, high);
    out[1] = _mm512_permutex2var_epi32(low, second, high);
}
static inline void v_interleave(v_u64 a, v_u64 b, v_u64 c, v_u64 d, v_u32 *out) {
    v_u64 ab = _mm512_mask_shuffle_epi32(a, 0xaaaa, b, _MM_PERM_CCAA);
    v_u64 cd = _mm512_mask_shuffle_epi32(c, 0xaaaa, d, _MM_PERM_CCAA);
    out[0] = _mm512_unpacklo_epi64(ab, cd);
    out[1] = _mm512_unpackhi_epi64(ab, cd);
}

static inline v_u32 v_u32_set(uint32_t x) { return _mm512_set1_epi32((int)x); }
static inline v_u32 v_u32_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void v_u32_store(void *p, v_u32 a) { _mm512_storeu_si512(p, a); }
static inline v_u32 v_u32_add(v_u32 a, v_u32 b) { return _mm512_add_epi32(a, b); }
static inline v_u32 v_u32_and(v_u32 a, v_u32 b) { return _mm512_and_si512(a, b); }
static inline v_u32 v_u32_or(v_u32 a, v_u32 b) { return _mm512_or_si512(a, b); }
static inline v_u32 v_u32_xor(v_u32 a, v_u32 b) { return _mm512_xor_si512(a, b); }
#define v_u32_shr(a, n) _mm512_srli_epi32((a), (n))
static inline v_u32 v_u32_top_mask(v_u32 a) { return _mm512_srai_epi32(a, 31); }
static inline v_u32 v_u32_and_or(v_u32 a, v_u32 mask, v_u32 b) {
    return _mm512_ternarylogic_epi32(a, mask, b, 0xea);
}
static inline v_u32 v_u32_xor_andnot(v_u32 a, v_u32 b, v_u32 mask) {
    return _mm512_ternarylogic_epi32(a, b, mask, 0xd2);
}
static inline v_u32 v_u32_below(v_u32 a, v_u32 b) {
    return _mm512_movm_epi32(_mm512_cmplt_epu32_mask(a, b));
}
static inline v_u32 v_u32_equal(v_u32 a, v_u32 b) {
    return _mm512_movm_epi32(_mm512_cmpeq_epu32_mask(a, b));
}
static inline uint32_t v_u32_lanes(v_u32 a) { return _mm512_movepi32_mask(a); }
static inline int v_u32_any_below(v_u32 a, uint32_t limit) {
    return _mm512_cmplt_epu32_mask(a, v_u32_set(limit)) != 0;
}
static inline void v_u32_store16(void *p, v_u32 a) {
    _mm256_storeu_si256(p, _mm512_cvtepi32_epi16(a));
}
static inline void v_u32_store8(void *p, v_u32 a) {
    _mm_storeu_si128(p, _mm512_cvtepi32_epi8(a));
}

static inline v_f32 v_f32_set(float x) { return _mm512_set1_ps(x); }
static inline v_f32 v_f32_load(const void *p) { return _mm512_loadu_ps(p); }
static inline void v_f32_store(void *p, v_f32 a) { _mm512_storeu_ps(p, a); }
static inline v_f32 v_f32_add(v_f32 a, v_f32 b) { return _mm512_add_ps(a, b); }
static inline v_f32 v_f32_sub(v_f32 a, v_f32 b) { return _mm512_sub_ps(a, b); }
static inline v_f32 v_f32_mul(v_f32 a, v_f32 b) { return _mm512_mul_ps(a, b); }
static inline v_f32 v_f32_min(v_f32 a, v_f32 b) { return _mm512_min_ps(a, b); }
static inline v_f32 v_f32_max(v_f32 a, v_f32 b) { return _mm512_max_ps(a, b); }
static inline v_f32 v_f32_from_i32(v_u32 a) { return _mm512_cvtepi32_ps(a); }
static inline v_f32 v_as_f32(v_u32 a) { return _mm512_castsi512_ps(a); }
static inline v_u32 v_as_u32(v_f32 a) { return _mm512_castps_si512(a); }
static inline v_u32 v_u32_if_less(v_f32 a, v_f32 b, v_u32 x, v_u32 y) {
    return _mm512_mask_blend_epi32(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
static inline void v_f32_store_f16(void *p, v_f32 a) {
    _mm256_storeu_si256(p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static inline v_f64 v_f64_set(double x) { return _mm512_set1_pd(x); }
static inline v_f64 v_f64_load(const void *p) { return _mm512_loadu_pd(p); }
static inline void v_f64_store(void *p, v_f64 a) { _mm512_storeu_pd(p, a); }
static inline v_f64 v_f64_add(v_f64 a, v_f64 b) { return _mm512_add_pd(a, b); }
static inline v_f64 v_f64_sub(v_f64 a, v_f64 b) { return _mm512_sub_pd(a, b); }
static inline v_f64 v_f64_mul(v_f64 a, v_f64 b) { return _mm512_mul_pd(a, b); }
static inline v_f64 v_f64_min(v_f64 a, v_f64 b) { return _mm512_min_pd(a, b); }
static inline v_f64 v_f64_max(v_f64 a, v_f64 b) { return _mm512_max_pd(a, b); }
static inline v_f64 v_f64_from_u64(v_u64 a) { return _mm512_cvtepu64_pd(a); }
static inline v_f64 v_as_f64(v_u64 a) { return _mm512_castsi512_pd(a); }
static inline v_u64 v_as_u64(v_f64 a) { return _mm512_castpd_si512(a); }
static inline v_f64 v_f64_if_less(v_f64 a, v_f64 b, v_f64 x, v_f64 y) {
    return _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a, b, _CMP_LT_OQ), y, x);
}
static inline int v_f64_any_below(v_f64 a, double limit) {
    return _mm512_cmp_pd_mask(a, v_f64_set(limit), _CMP_LT_OQ) != 0;
}
static inline v_f32 v_f32_round(const v_f64 *parts) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(parts[0])),
                              _mm512_cvtpd_ps(parts[1]), 1);
}
static inline v_f64 v_f64_load_f32(const void *p) {
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}

/*
 * vpermt2ps and vpermps look at the index's low 5 or 4 bits only, so the tables are rotated
 * until biased exponent e is found at e mod 32 or e mod 16.
 */
static inline v_lut v_lut_make(const float *row) {
    const v_u32 turn =
        _mm512_setr_epi32(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    __m512 low = _mm512_loadu_ps(row), high = _mm512_loadu_ps(row + 16);
    v_lut lut = {_mm512_permutex2var_ps(low, turn, high),
                 _mm512_permutex2var_ps(high, turn, low)};
    return lut;
}
static inline v_f32 v_lut_get(v_lut lut, v_u32 exponent) {
    return _mm512_permutex2var_ps(lut.low, exponent, lut.high);
}
static inline v_lut_top v_lut_top_make(const float *row) {
    const v_u32 turn =
        _mm512_setr_epi32(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
    return _mm512_permutexvar_ps(turn, _mm512_loadu_ps(row + 16));
}
static inline v_f32 v_lut_top_get(v_lut_top lut, v_u32 exponent) {
    return _mm512_permutexvar_ps(exponent, lut);
}

/* The full table by gathering, which is slow and rare; the top octaves by vpermt2pd. */
static inline v_rows v_rows_at(const double *table, v_u64 at) {
    v_rows rows = {table, at};
    return rows;
}
static inline void v_rows_pair(v_rows rows, size_t k, v_f64 *first, v_f64 *second) {
    *first = _mm512_i64gather_pd(rows.at, rows.table + k, 8);
    *second = _mm512_i64gather_pd(rows.at, rows.table + k + 1, 8);
}
static inline v_f64 v_octaves_get(const double *column, v_u64 row) {
    return _mm512_permutex2var_pd(_mm512_load_pd(column), row,
                                  _mm512_load_pd(column + 8));
}

#endif
