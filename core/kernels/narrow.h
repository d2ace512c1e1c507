/* SPDX-License-Identifier: MIT */
/* binary32 to the narrower types: docs/SPEC.md, "dtype". */
#ifndef TI_KERNELS_NARROW_H
#define TI_KERNELS_NARROW_H

/*
 * By integers, since the instruction for it flushes subnormals. Half of the last place that
 * stays is added, less one bit if that place is even. No value here is an infinity or a NaN.
 */
static inline v_u32 bf16_get(v_f32 value) {
    v_u32 bits = v_as_u32(value);
    v_u32 odd = v_u32_and(v_u32_shr(bits, 16), v_u32_set(1));
    return v_u32_shr(v_u32_add(v_u32_add(bits, v_u32_set(0x7fff)), odd), 16);
}

/*
 * An 8-bit float: sign, EXPONENT bits and the rest of 7 significand bits. Rounded to nearest
 * even; subnormals kept; the plan has seen to it that nothing is too large.
 *
 * Normal values as bf16, with the exponent counted from another bias. Subnormal ones by adding
 * a number whose last place is the type's: that rounds, and leaves the code in the low bits.
 */
#define F8_GET(name, EXPONENT)                                                           \
    static inline v_u32 name##_get(v_f32 value) {                                        \
        enum {                                                                           \
            STORED = 7 - EXPONENT,                                                       \
            DROPPED = 23 - STORED,                                                       \
            BIAS = (1 << (EXPONENT - 1)) - 1                                             \
        };                                                                               \
        v_u32 bits = v_as_u32(value), size = v_u32_and(bits, v_u32_set(0x7fffffff));     \
        v_u32 odd = v_u32_and(v_u32_shr(size, DROPPED), v_u32_set(1));                   \
        v_u32 normal =                                                                   \
            v_u32_add(v_u32_add(size, v_u32_set((1u << (DROPPED - 1)) - 1)), odd);       \
        normal = v_u32_add(v_u32_shr(normal, DROPPED),                                   \
                           v_u32_set(0u - ((127u - BIAS) << STORED)));                   \
        const v_u32 magic = v_u32_set((127u + 1 - BIAS - STORED + 23) << 23);            \
        v_f32 sum = v_f32_add(v_as_f32(size), v_as_f32(magic));                          \
        v_u32 subnormal = v_u32_xor(v_as_u32(sum), magic);                               \
        const v_f32 min_normal = v_as_f32(v_u32_set((127u + 1 - BIAS) << 23));           \
        v_u32 code = v_u32_if_less(v_as_f32(size), min_normal, subnormal, normal);       \
        return v_u32_or(code, v_u32_and(v_u32_shr(bits, 24), v_u32_set(0x80)));          \
    }

F8_GET(f8_e4m3, 4)
F8_GET(f8_e5m2, 5)

#endif
