/* SPDX-License-Identifier: MIT */
/*
 * The floating-point state for computing values: round to nearest even, no flushing of
 * subnormals, no traps. Public functions that compute set it on entry and restore the
 * caller's on return.
 *
 * Also rejects hosts and compiler options with which the bits would differ.
 */
#ifndef TI_FLOAT_STATE_H
#define TI_FLOAT_STATE_H

#include <float.h>
#include <stdint.h>

#if FLT_EVAL_METHOD != 0
#error "tensorinit needs FLT_EVAL_METHOD 0 (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensorinit needs a little-endian host"
#endif
#ifdef __FAST_MATH__
#error "tensorinit must not be compiled with -ffast-math"
#endif

struct ti_float_state {
    uint64_t saved;
};

#if defined(__x86_64__) || defined(__i386__)

#include <xmmintrin.h>

/* SSE computes the values; strtod() may use the x87 unit's rounding mode. */
static inline struct ti_float_state ti_float_enter(void) {
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    struct ti_float_state state = {(uint64_t)x87 << 32 | _mm_getcsr()};
    _mm_setcsr(0x1f80); /* nearest, FTZ and DAZ off, all exceptions masked */
    if (x87 & 0x0c00) {
        x87 &= (uint16_t)~0x0c00;
        __asm__ volatile("fldcw %0" : : "m"(x87));
    }
    return state;
}

static inline void ti_float_leave(struct ti_float_state state) {
    const uint16_t x87 = (uint16_t)(state.saved >> 32);
    if (x87 & 0x0c00) __asm__ volatile("fldcw %0" : : "m"(x87));
    _mm_setcsr((unsigned)state.saved);
}

#elif defined(__aarch64__)

static inline struct ti_float_state ti_float_enter(void) {
    struct ti_float_state state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state.saved));
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
    return state;
}

static inline void ti_float_leave(struct ti_float_state state) {
    __asm__ volatile("msr fpcr, %0" : : "r"(state.saved) : "memory");
}

#else

#include <fenv.h>

/* Other CPUs: <fenv.h> sets the rounding; flush-to-zero is assumed off. */
static inline struct ti_float_state ti_float_enter(void) {
    struct ti_float_state state = {(uint64_t)fegetround()};
    fesetround(FE_TONEAREST);
    return state;
}

static inline void ti_float_leave(struct ti_float_state state) {
    fesetround((int)state.saved);
}

#endif

#endif
