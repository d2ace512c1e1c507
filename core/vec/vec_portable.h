/* SPDX-License-Identifier: MIT */
/*
 * The vector operations in plain C, one lane wide: the reference for every other ISA, and
 * what runs where none of them is available.
 *
 * Each vec_<isa>.h defines the same names with exactly the same meaning; kernels/ is written
 * in nothing else. What an operation means is said here, once.
 */
#ifndef TI_VEC_H
#define TI_VEC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_ISA portable
#define V_LANES 1     /* 32-bit lanes of a vector */
#define V_GROUP 4     /* words of one group: four a 64-bit lane */
#define V_GROUPS 2    /* groups that Philox keeps in flight */
#define V_UNROLL 8    /* vectors that a transform keeps in flight */
#define V_LUT_TOP 32  /* octaves, from the top, that a v_lut_top table holds */
#define V_F64_LANES 1 /* 64-bit lanes of a vector */
#define V_PARTS 1 /* vectors of 64-bit lanes that have as many lanes as one of 32 bits */
#define V_F64_UNROLL 8 /* vectors that a transform in binary64 keeps in flight */
#define V_OCTAVES 0    /* numbers of a column of v_octaves_get(); 0 if there is no such */
#define V_PRODUCT_ROWS                                                                   \
    4 /* rows, and vectors of each, that a matrix product keeps in flight */
#define V_PRODUCT_VECTORS 8

typedef uint64_t v_u64;
typedef uint32_t v_u32;
typedef float v_f32;
typedef double v_f64;
typedef const float *v_lut;
typedef const float *v_lut_top;
typedef const double *v_rows;

/* 64-bit lanes. */

static inline v_u64 v_u64_set(uint64_t x) { return x; }

/* Lane numbers first, first + 1, ... in the order in which v_interleave() wants them. */
static inline v_u64 v_u64_count(uint64_t first) { return first; }

/* The 64-bit numbers at 'p', in that order as well. */
static inline v_u64 v_u64_load(const uint64_t *p) { return *p; }

static inline v_u64 v_u64_high(v_u64 a) { return a >> 32; }

/* Product of the lanes' low halves; their high halves are ignored. */
static inline v_u64 v_u64_mul_low(v_u64 a, v_u64 b) {
    return (uint64_t)(uint32_t)a * (uint32_t)b;
}

static inline v_u64 v_u64_add(v_u64 a, v_u64 b) { return a + b; }
static inline v_u64 v_u64_xor(v_u64 a, v_u64 b) { return a ^ b; }
static inline v_u64 v_u64_xor3(v_u64 a, v_u64 b, v_u64 c) { return a ^ b ^ c; }
#define v_u64_shr(a, n) ((a) >> (n))

/* All ones where the top bit is set, else zero. */
static inline v_u64 v_u64_top_mask(v_u64 a) { return (uint64_t)0 - (a >> 63); }

/* (a & mask) | b, and a ^ (~b & mask). */
static inline v_u64 v_u64_and_or(v_u64 a, v_u64 mask, v_u64 b) { return (a & mask) | b; }
static inline v_u64 v_u64_xor_andnot(v_u64 a, v_u64 b, v_u64 mask) {
    return a ^ (~b & mask);
}

/* Numbers of 64 bits from their high and low halves, in the order of these: V_PARTS vectors. */
static inline void v_u64_join(uint32_t high, uint32_t low, v_u64 *out) {
    out[0] = (uint64_t)high << 32 | low;
}

/* The low halves of four vectors of lanes as words in order: a0 b0 c0 d0 a1 b1 ... */
static inline void v_interleave(v_u64 a, v_u64 b, v_u64 c, v_u64 d, v_u32 *out) {
    out[0] = (uint32_t)a;
    out[1] = (uint32_t)b;
    out[2] = (uint32_t)c;
    out[3] = (uint32_t)d;
}

/* 32-bit lanes. */

static inline v_u32 v_u32_set(uint32_t x) { return x; }
static inline v_u32 v_u32_load(const void *p) {
    v_u32 x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline void v_u32_store(void *p, v_u32 a) { memcpy(p, &a, sizeof a); }
static inline v_u32 v_u32_add(v_u32 a, v_u32 b) { return a + b; }
static inline v_u32 v_u32_and(v_u32 a, v_u32 b) { return a & b; }
static inline v_u32 v_u32_or(v_u32 a, v_u32 b) { return a | b; }
static inline v_u32 v_u32_xor(v_u32 a, v_u32 b) { return a ^ b; }
#define v_u32_shr(a, n) ((a) >> (n))

/* All ones where the top bit is set, else zero. */
static inline v_u32 v_u32_top_mask(v_u32 a) { return 0u - (a >> 31); }

/* (a & mask) | b, and a ^ (~b & mask). */
static inline v_u32 v_u32_and_or(v_u32 a, v_u32 mask, v_u32 b) { return (a & mask) | b; }
static inline v_u32 v_u32_xor_andnot(v_u32 a, v_u32 b, v_u32 mask) {
    return a ^ (~b & mask);
}

/* All ones where a is below b, or equal to it, else zero. */
static inline v_u32 v_u32_below(v_u32 a, v_u32 b) { return 0u - (a < b); }
static inline v_u32 v_u32_equal(v_u32 a, v_u32 b) { return 0u - (a == b); }

/* The top bits of all lanes; that of lane 0 is bit 0. */
static inline uint32_t v_u32_lanes(v_u32 a) { return a >> 31; }

static inline int v_u32_any_below(v_u32 a, uint32_t limit) { return a < limit; }

/* The low 16 bits of each lane, V_LANES * 2 bytes. */
static inline void v_u32_store16(void *p, v_u32 a) {
    uint16_t x = (uint16_t)a;
    memcpy(p, &x, sizeof x);
}

/* The low 8 bits of each lane, V_LANES bytes. */
static inline void v_u32_store8(void *p, v_u32 a) {
    uint8_t x = (uint8_t)a;
    memcpy(p, &x, sizeof x);
}

/* binary32 lanes: IEEE operations, each rounded to nearest even. */

static inline v_f32 v_f32_set(float x) { return x; }
static inline v_f32 v_f32_load(const void *p) {
    v_f32 x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline void v_f32_store(void *p, v_f32 a) { memcpy(p, &a, sizeof a); }
static inline v_f32 v_f32_add(v_f32 a, v_f32 b) { return a + b; }
static inline v_f32 v_f32_sub(v_f32 a, v_f32 b) { return a - b; }
static inline v_f32 v_f32_mul(v_f32 a, v_f32 b) { return a * b; }

/* a < b ? a : b, and a > b ? a : b. */
static inline v_f32 v_f32_min(v_f32 a, v_f32 b) { return a < b ? a : b; }
static inline v_f32 v_f32_max(v_f32 a, v_f32 b) { return a > b ? a : b; }

/* From a signed 32-bit integer. */
static inline v_f32 v_f32_from_i32(v_u32 a) {
    int32_t x;
    memcpy(&x, &a, sizeof x);
    return (float)x;
}

/* The same bits as another type. */
static inline v_f32 v_as_f32(v_u32 a) {
    v_f32 x;
    memcpy(&x, &a, sizeof x);
    return x;
}
static inline v_u32 v_as_u32(v_f32 a) {
    v_u32 x;
    memcpy(&x, &a, sizeof x);
    return x;
}

/* a < b ? x : y. */
static inline v_u32 v_u32_if_less(v_f32 a, v_f32 b, v_u32 x, v_u32 y) {
    return a < b ? x : y;
}

/* Rounded to binary16, to nearest even, subnormals kept: V_LANES * 2 bytes. */
static inline void v_f32_store_f16(void *p, v_f32 a) {
    uint32_t bits = v_as_u32(a), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
    uint32_t half;
    if (size >= 0x38800000) { /* normal: drop 13 bits, carrying into the exponent */
        half = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
    } else if (size >= 0x33000000) { /* subnormal: shift the whole significand out */
        uint32_t shift = 126 - (size >> 23), significand = (size & 0x7fffff) | 0x800000;
        uint32_t stored = significand >> shift, rest = significand << (32 - shift);
        half = stored + (rest > 0x80000000 || (rest == 0x80000000 && (stored & 1)));
    } else {
        half = 0;
    }
    v_u32_store16(p, sign | half);
}

/* binary64 lanes: the same. */

static inline v_f64 v_f64_set(double x) { return x; }
static inline v_f64 v_f64_load(const void *p) {
    v_f64 x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline void v_f64_store(void *p, v_f64 a) { memcpy(p, &a, sizeof a); }
static inline v_f64 v_f64_add(v_f64 a, v_f64 b) { return a + b; }
static inline v_f64 v_f64_sub(v_f64 a, v_f64 b) { return a - b; }
static inline v_f64 v_f64_mul(v_f64 a, v_f64 b) { return a * b; }
static inline v_f64 v_f64_min(v_f64 a, v_f64 b) { return a < b ? a : b; }
static inline v_f64 v_f64_max(v_f64 a, v_f64 b) { return a > b ? a : b; }

/* From an unsigned 64-bit integer, rounded once, to nearest even: both halves are exact. The
   cast itself takes a branch where there are only signed conversions. */
static inline v_f64 v_f64_from_u64(v_u64 a) {
    return (double)(uint32_t)(a >> 32) * 0x1p32 + (double)(uint32_t)a;
}

/* The same bits as another type. */
static inline v_f64 v_as_f64(v_u64 a) {
    v_f64 x;
    memcpy(&x, &a, sizeof x);
    return x;
}
static inline v_u64 v_as_u64(v_f64 a) {
    v_u64 x;
    memcpy(&x, &a, sizeof x);
    return x;
}

/* a < b ? x : y; a branch would be taken at random. */
static inline v_f64 v_f64_if_less(v_f64 a, v_f64 b, v_f64 x, v_f64 y) {
    const uint64_t mask = (uint64_t)0 - (a < b);
    return v_as_f64((v_as_u64(x) & mask) | (v_as_u64(y) & ~mask));
}

/* V_PARTS vectors rounded to one of binary32 numbers. */
static inline v_f32 v_f32_round(const v_f64 *parts) { return (float)parts[0]; }

/* From the V_F64_LANES binary32 numbers at 'p', exactly. */
static inline v_f64 v_f64_load_f32(const void *p) { return (double)v_f32_load(p); }

/*
 * Tables of 32 floats, one an octave, looked up by a binary32 number's exponent: octave 0 is
 * biased exponent 126. v_lut takes all; v_lut_top only the V_LUT_TOP last, and is the faster
 * one where they differ. The index is the number's bits shifted right by 23.
 */
static inline v_lut v_lut_make(const float *row) { return row; }
static inline v_f32 v_lut_get(v_lut lut, v_u32 exponent) { return lut[exponent - 126]; }
static inline v_lut_top v_lut_top_make(const float *row) { return row; }
static inline v_f32 v_lut_top_get(v_lut_top lut, v_u32 exponent) {
    return lut[exponent - 126];
}

/*
 * Tables of binary64 numbers by rows, aligned to 16 bytes: each lane has its own row, which
 * begins at table[at]. v_rows_pair() is the numbers k and k + 1 of each lane's row, k being
 * even.
 *
 * Where V_OCTAVES is not 0, there are
 *
 *     int v_f64_any_below(v_f64 a, double limit)
 *     v_f64 v_octaves_get(const double *column, v_u64 row)
 *
 * which is the faster way to a few numbers: column[row mod V_OCTAVES].
 */
static inline v_rows v_rows_at(const double *table, v_u64 at) { return table + at; }
static inline void v_rows_pair(v_rows rows, size_t k, v_f64 *first, v_f64 *second) {
    *first = rows[k];
    *second = rows[k + 1];
}

#endif
