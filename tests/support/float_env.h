/* SPDX-License-Identifier: MIT */
/*
 * Floating-point environments that a caller may run in: every rounding mode and, where the
 * processor has them, flush-to-zero and denormals-are-zero.
 */
#ifndef TEST_FLOAT_ENV_H
#define TEST_FLOAT_ENV_H

#include <stdint.h>

struct float_env {
    const char *name;
    int rounding; /* fesetround() */
    int flushes;  /* FTZ and DAZ as well */
};

/* The first one is the default; a name of NULL ends the list. */
extern const struct float_env float_envs[];

void float_env_set(const struct float_env *env);
void float_env_reset(void);

/* The control register, for comparisons: rounding, flushing and, on x86-64, sticky flags. */
uint64_t float_env_get(void);

#endif
