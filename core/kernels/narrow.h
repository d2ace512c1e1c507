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

#endif
