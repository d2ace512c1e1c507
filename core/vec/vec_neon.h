/* SPDX-License-Identifier: MIT */
/* The vector operations (see vec_portable.h) on AArch64 NEON. */
#ifndef TI_VEC_H
#define TI_VEC_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_ISA neon
#define V_LANES 4
#define V_GROUP 8
#define V_GROUPS 2
#define V_UNROLL 2
#define V_LUT_TOP 16
#define V_F64_LANES 2
#define V_PARTS 2
#define V_F64_UNROLL 4
#define V_OCTAVES 0
#define V_PRODUCT_ROWS 8
#define V_PRODUCT_VECTORS 2

typedef uint64x2_t v_u64;
typedef uint32x4_t v_u32;
typedef float32x4_t v_f32;
typedef float64x2_t v_f64;
typedef const float *v_lut;
typedef uint8x16x4_t v_lut_top;
typedef struct {
    const double *lane[2];
} v_rows;

static inline v_u64 v_u64_set(uint64_t x) { return vdupq_n_u64(x); }
static inline v_u64 v_u64_count(uint64_t first) {
    return vaddq_u64(v_u64_set(first), vcombine_u64(vcreate_u64(0), vcreate_u64(1)));
}
static inline v_u64 v_u64_load(const uint64_t *p) { return vld1q_u64(p); }
static inline v_u64 v_u64_high(v_u64 a) { return vshrq_n_u64(a, 32); }
static inline v_u64 v_u64_mul_low(v_u64 a, v_u64 b) {
    return vmull_u32(vmovn_u64(a), vmovn_u64(b));
}
static inline v_u64 v_u64_add(v_u64 a, v_u64 b) { return vaddq_u64(a, b); }
static inline v_u64 v_u64_xor(v_u64 a, v_u64 b) { return veorq_u64(a, b); }
static inline v_u64 v_u64_xor3(v_u64 a, v_u64 b, v_u64 c) {
    return veorq_u64(veorq_u64(a, c), b);
}
#define v_u64_shr(a, n) vshrq_n_u64((a), (n))
static inline v_u64 v_u64_top_mask(v_u64 a) {
    return vreinterpretq_u64_s64(vshrq_n_s64(vreinterpretq_s64_u64(a), 63));
}
static inline v_u64 v_u64_and_or(v_u64 a, v_u64 mask, v_u64 b) {
    return vorrq_u64(vandq_u64(a, mask), b);
}
static inline v_u64 v_u64_xor_andnot(v_u64 a, v_u64 b, v_u64 mask) {
    return veorq_u64(a, vbicq_u64(mask, b));
}
static inline void v_u64_join(v_u32 high, v_u32 low, v_u64 *out) {
    out[0] = vreinterpretq_u64_u32(vzip1q_u32(low, high));
    out[1] = vreinterpretq_u64_u32(vzip2q_u32(low, high));
}
static inline void v_interleave(v_u64 a, v_u64 b, v_u64 c, v_u64 d, v_u32 *out) {
    uint32x4_t ab = vtrn1q_u32(vreinterpretq_u32_u64(a), vreinterpretq_u32_u64(b));
    uint32x4_t cd = vtrn1q_u32(vreinterpretq_u32_u64(c), vreinterpretq_u32_u64(d));
    out[0] = vcombine_u32(vget_low_u32(ab), vget_low_u32(cd));
    out[1] = vcombine_u32(vget_high_u32(ab), vget_high_u32(cd));
}

static inline v_u32 v_u32_set(uint32_t x) { return vdupq_n_u32(x); }
/* By bytes, since the memory may have any alignment. */
static inline v_u32 v_u32_load(const void *p) {
    return vreinterpretq_u32_u8(vld1q_u8(p));
}
static inline void v_u32_store(void *p, v_u32 a) { vst1q_u8(p, vreinterpretq_u8_u32(a)); }
static inline v_u32 v_u32_add(v_u32 a, v_u32 b) { return vaddq_u32(a, b); }
static inline v_u32 v_u32_and(v_u32 a, v_u32 b) { return vandq_u32(a, b); }
static inline v_u32 v_u32_or(v_u32 a, v_u32 b) { return vorrq_u32(a, b); }
static inline v_u32 v_u32_xor(v_u32 a, v_u32 b) { return veorq_u32(a, b); }
#define v_u32_shr(a, n) vshrq_n_u32((a), (n))
static inline v_u32 v_u32_top_mask(v_u32 a) {
    return vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(a), 31));
}
static inline v_u32 v_u32_and_or(v_u32 a, v_u32 mask, v_u32 b) {
    return vorrq_u32(vandq_u32(a, mask), b);
}
static inline v_u32 v_u32_xor_andnot(v_u32 a, v_u32 b, v_u32 mask) {
    return veorq_u32(a, vbicq_u32(mask, b));
}
static inline v_u32 v_u32_below(v_u32 a, v_u32 b) { return vcltq_u32(a, b); }
static inline v_u32 v_u32_equal(v_u32 a, v_u32 b) { return vceqq_u32(a, b); }
static inline uint32_t v_u32_lanes(v_u32 a) {
    const v_u32 bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(v_u32_top_mask(a), bits));
}
static inline int v_u32_any_below(v_u32 a, uint32_t limit) {
    return vminvq_u32(a) < limit;
}
static inline void v_u32_store16(void *p, v_u32 a) {
    vst1_u8(p, vreinterpret_u8_u16(vmovn_u32(a)));
}
static inline void v_u32_store8(void *p, v_u32 a) {
    uint16x4_t half = vmovn_u32(a);
    uint8x8_t bytes = vmovn_u16(vcombine_u16(half, half));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(bytes), 0);
    memcpy(p, &four, sizeof four);
}

static inline v_f32 v_f32_set(float x) { return vdupq_n_f32(x); }
static inline v_f32 v_f32_load(const void *p) {
    return vreinterpretq_f32_u8(vld1q_u8(p));
}
static inline void v_f32_store(void *p, v_f32 a) { vst1q_u8(p, vreinterpretq_u8_f32(a)); }
static inline v_f32 v_f32_add(v_f32 a, v_f32 b) { return vaddq_f32(a, b); }
static inline v_f32 v_f32_sub(v_f32 a, v_f32 b) { return vsubq_f32(a, b); }
static inline v_f32 v_f32_mul(v_f32 a, v_f32 b) { return vmulq_f32(a, b); }
static inline v_f32 v_f32_min(v_f32 a, v_f32 b) {
    return vbslq_f32(vcltq_f32(a, b), a, b);
}
static inline v_f32 v_f32_max(v_f32 a, v_f32 b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
static inline v_f32 v_f32_from_i32(v_u32 a) {
    return vcvtq_f32_s32(vreinterpretq_s32_u32(a));
}
static inline v_f32 v_as_f32(v_u32 a) { return vreinterpretq_f32_u32(a); }
static inline v_u32 v_as_u32(v_f32 a) { return vreinterpretq_u32_f32(a); }
static inline v_u32 v_u32_if_less(v_f32 a, v_f32 b, v_u32 x, v_u32 y) {
    return vbslq_u32(vcltq_f32(a, b), x, y);
}
static inline void v_f32_store_f16(void *p, v_f32 a) {
    vst1_u8(p, vreinterpret_u8_f16(vcvt_f16_f32(a)));
}

static inline v_f64 v_f64_set(double x) { return vdupq_n_f64(x); }
static inline v_f64 v_f64_load(const void *p) {
    return vreinterpretq_f64_u8(vld1q_u8(p));
}
static inline void v_f64_store(void *p, v_f64 a) { vst1q_u8(p, vreinterpretq_u8_f64(a)); }
static inline v_f64 v_f64_add(v_f64 a, v_f64 b) { return vaddq_f64(a, b); }
static inline v_f64 v_f64_sub(v_f64 a, v_f64 b) { return vsubq_f64(a, b); }
static inline v_f64 v_f64_mul(v_f64 a, v_f64 b) { return vmulq_f64(a, b); }
static inline v_f64 v_f64_min(v_f64 a, v_f64 b) {
    return vbslq_f64(vcltq_f64(a, b), a, b);
}
static inline v_f64 v_f64_max(v_f64 a, v_f64 b) {
    return vbslq_f64(vcgtq_f64(a, b), a, b);
}
static inline v_f64 v_f64_from_u64(v_u64 a) { return vcvtq_f64_u64(a); }
static inline v_f64 v_as_f64(v_u64 a) { return vreinterpretq_f64_u64(a); }
static inline v_u64 v_as_u64(v_f64 a) { return vreinterpretq_u64_f64(a); }
static inline v_f64 v_f64_if_less(v_f64 a, v_f64 b, v_f64 x, v_f64 y) {
    return vbslq_f64(vcltq_f64(a, b), x, y);
}
static inline v_f32 v_f32_round(const v_f64 *parts) {
    return vcvt_high_f32_f64(vcvt_f32_f64(parts[0]), parts[1]);
}
static inline v_f64 v_f64_load_f32(const void *p) {
    return vcvt_f64_f32(vreinterpret_f32_u8(vld1_u8(p)));
}

/* The full table lane by lane; the 16 top octaves, 64 bytes, by one tbl of four registers. */
static inline v_lut v_lut_make(const float *row) { return row; }
static inline v_f32 v_lut_get(v_lut lut, v_u32 exponent) {
    float lane[4] = {
        lut[vgetq_lane_u32(exponent, 0) - 126], lut[vgetq_lane_u32(exponent, 1) - 126],
        lut[vgetq_lane_u32(exponent, 2) - 126], lut[vgetq_lane_u32(exponent, 3) - 126]};
    return vld1q_f32(lane);
}
static inline v_lut_top v_lut_top_make(const float *row) {
    return vld1q_u8_x4((const uint8_t *)(row + 16));
}
static inline v_f32 v_lut_top_get(v_lut_top lut, v_u32 exponent) {
    /* Octave number times 4 in each byte, plus 0 1 2 3. */
    v_u32 octave = vandq_u32(vsubq_u32(exponent, vdupq_n_u32(142)), vdupq_n_u32(15));
    v_u32 bytes = vmlaq_u32(vdupq_n_u32(0x03020100), octave, vdupq_n_u32(0x04040404));
    return vreinterpretq_f32_u8(vqtbl4q_u8(lut, vreinterpretq_u8_u32(bytes)));
}

static inline v_rows v_rows_at(const double *table, v_u64 at) {
    v_rows rows = {{table + vgetq_lane_u64(at, 0), table + vgetq_lane_u64(at, 1)}};
    return rows;
}
static inline void v_rows_pair(v_rows rows, size_t k, v_f64 *first, v_f64 *second) {
    float64x2_t a = vld1q_f64(rows.lane[0] + k), b = vld1q_f64(rows.lane[1] + k);
    *first = vzip1q_f64(a, b);
    *second = vzip2q_f64(a, b);
}

#endif
