/* SPDX-License-Identifier: MIT */
/* Floating-point environments of callers: see float_env.h. */
#include "support/float_env.h"

#include <fenv.h>
#include <stddef.h>

const struct float_env float_envs[] = {
    {"nearest", FE_TONEAREST, 0},
    {"upward", FE_UPWARD, 0},
    {"downward", FE_DOWNWARD, 0},
    {"toward zero", FE_TOWARDZERO, 0},
    {"nearest, flushing", FE_TONEAREST, 1},
    {"upward, flushing", FE_UPWARD, 1},
    {NULL, 0, 0},
};

#if defined(__x86_64__)

#include <xmmintrin.h>

#define FTZ_AND_DAZ 0x8040u

static void set_flushing(int flushes) {
    _mm_setcsr((_mm_getcsr() & ~FTZ_AND_DAZ) | (flushes ? FTZ_AND_DAZ : 0));
}

uint64_t float_env_get(void) { return (uint64_t)fegetround() << 32 | _mm_getcsr(); }

#elif defined(__aarch64__)

#define FZ ((uint64_t)1 << 24)

static uint64_t control(void) {
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr;
}

static void set_flushing(int flushes) {
    __asm__ volatile("msr fpcr, %0" : : "r"((control() & ~FZ) | (flushes ? FZ : 0)));
}

uint64_t float_env_get(void) { return control(); }

#else

static void set_flushing(int flushes) { (void)flushes; }
uint64_t float_env_get(void) { return (uint64_t)fegetround(); }

#endif

void float_env_set(const struct float_env *env) {
    fesetround(env->rounding);
    set_flushing(env->flushes);
}

void float_env_reset(void) {
    fesetround(FE_TONEAREST);
    set_flushing(0);
}
