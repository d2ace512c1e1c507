/* SPDX-License-Identifier: MIT */
/*
 * Factorizations: the elements of an orthogonal matrix all depend on each other, so its
 * factorization is computed once, before the first element. Other plans need none
 * (factor_bytes of ti_plan_info() is 0).
 *
 *     ti_factor_make(plan, &factor, &error);
 *     for (unsigned phase = 0; phase < ti_factor_phases(factor); phase++)
 *         for (size_t task = 0; task < ti_factor_tasks(factor, phase); task++)
 *             ti_factor_run(factor, phase, task);
 *     ti_plan_use(plan, factor);
 *     ti_plan_fill(plan, ...);
 *
 * Threads: the tasks of a phase may run in any order and at the same time, each once,
 * after all tasks of the phase before. The caller provides the threads, and cancels by
 * running no further task. A complete factorization is only read: any number of plans and
 * threads may share it. The bytes of the tensor do not depend on any of this.
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
 * Allocates factor_peak_bytes of ti_plan_info(); computes nothing. The plan may be freed
 * before the factorization.
 *
 * Returns TI_OK and a factorization in '*factor', which the caller frees with
 * ti_factor_free(); TI_ENOMEM ('*factor' is untouched). For a plan that needs none
 * '*factor' is NULL, which all functions here accept and which has no phases.
 */
TI_API TI_MUST_USE enum ti_status ti_factor_make(const struct ti_plan *plan,
                                                 struct ti_factor **factor,
                                                 struct ti_error *error);
TI_API void ti_factor_free(struct ti_factor *factor);

/* Number of phases, and number of tasks of a phase. A task takes some milliseconds at most,
   whatever the shape. */
TI_API unsigned ti_factor_phases(const struct ti_factor *factor);
TI_API size_t ti_factor_tasks(const struct ti_factor *factor, unsigned phase);

/* Computes one task. After the last task of the last phase the factorization is complete.
   */
TI_API void ti_factor_run(struct ti_factor *factor, unsigned phase, size_t task);

/* Runs all tasks of all phases, one after another. */
TI_API void ti_factor_run_all(struct ti_factor *factor);

/*
 * Gives the plan its factorization, which must be complete and must outlive the plan; NULL
 * takes it away. No other thread may use the plan during the call.
 *
 * Returns TI_OK; TI_EFACTOR if the factorization was made for a plan with another factor_key
 * (the plan is untouched).
 */
TI_API TI_MUST_USE enum ti_status ti_plan_use(struct ti_plan *plan,
                                              const struct ti_factor *factor);

#ifdef __cplusplus
}
#endif

#endif
