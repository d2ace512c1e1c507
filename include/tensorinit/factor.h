/* SPDX-License-Identifier: MIT */
/*
 * What a plan needs computed once, before its first element: orthogonal matrices do, whose
 * elements all depend on each other. Other plans need nothing of this (factor_bytes of
 * ti_plan_info() is 0).
 *
 *     ti_factor_make(plan, &setup, &error);
 *     for (unsigned stage = 0; stage < ti_factor_phases(setup); stage++)
 *         for (size_t piece = 0; piece < ti_factor_tasks(setup, stage); piece++)
 *             ti_factor_run(setup, stage, piece);
 *     ti_plan_use(plan, setup);
 *     ti_plan_fill(plan, ...);
 *
 * Threads: the pieces of a stage may run in any order and at the same time, each once; a stage
 * begins when the one before it is complete. The caller brings the threads, and cancels by
 * running no further piece. A complete setup is only read: any number of plans and threads
 * may share it. The bytes of the tensor do not depend on any of this.
 */
#ifndef TENSORINIT_FACTOR_H
#define TENSORINIT_FACTOR_H

#include <stddef.h>

#include <tensorinit/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque. */
struct ti_factor;

/*
 * Sets the memory aside, factor_peak_bytes of ti_plan_info(); computes nothing. The plan may be
 * freed before the setup.
 *
 * Returns TI_OK and a setup in '*setup', which the caller ends with ti_factor_free(); TI_ENOMEM.
 * For a plan that needs no setup '*setup' is NULL, which all functions here accept and which
 * has no stages. On failure '*setup' is untouched.
 */
TI_API TI_MUST_USE enum ti_status ti_factor_make(const struct ti_plan *plan,
                                                 struct ti_factor **factor,
                                                 struct ti_error *error);
TI_API void ti_factor_free(struct ti_factor *factor);

/* How many stages; how many pieces a stage has. A piece takes some milliseconds. */
TI_API unsigned ti_factor_phases(const struct ti_factor *factor);
TI_API size_t ti_factor_tasks(const struct ti_factor *factor, unsigned stage);

/* Computes one piece. After the last piece of the last stage the setup is complete. */
TI_API void ti_factor_run(struct ti_factor *factor, unsigned stage, size_t piece);

/* Runs all pieces of all stages, one after another. */
TI_API void ti_factor_run_all(struct ti_factor *factor);

/*
 * Lets the plan compute with a complete setup, of this or of a plan with the same factor_key.
 * The setup must outlive the plan. Not while other threads use the plan.
 */
TI_API void ti_plan_use(struct ti_plan *plan, const struct ti_factor *factor);

#ifdef __cplusplus
}
#endif

#endif
