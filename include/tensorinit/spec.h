/* SPDX-License-Identifier: MIT */
/*
 * What was asked: the parameters of one tensor, as text, checked one by one.
 *
 *     struct ti_spec *spec;
 *     if (ti_spec_make(&spec) == TI_OK) {
 *         if (ti_spec_set(spec, "shape", "512,784", 7, &error) == TI_OK && ...
 *
 * A spec knows whether each value is well formed. Whether the values fit together is
 * ti_plan_make()'s business (plan.h).
 */
#ifndef TENSORINIT_SPEC_H
#define TENSORINIT_SPEC_H

#include <stddef.h>

#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Most dimensions of a tensor (numpy 1.x takes no more), most bytes of its name. */
#define TI_MAX_RANK 32
#define TI_MAX_NAME_BYTES 1024

/* Opaque; one thread at a time. */
struct ti_spec;

/*
 * Makes an empty spec: no parameter given. Returns TI_OK or TI_ENOMEM ('*spec' untouched).
 * The caller owns '*spec' and ends it with ti_spec_free(); freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_make(struct ti_spec **spec);
TI_API void ti_spec_free(struct ti_spec *spec);

/*
 * Gives one parameter.
 *
 *   param        its name, NUL-terminated ("shape"); ti_param_get() lists them all
 *   value        its value as text, 'value_bytes' long; needs no NUL and may hold one
 *
 * Returns TI_OK; TI_EPARAM if there is no such parameter; TI_EDUPLICATE if it was given before;
 * TI_EVALUE if the value is not well formed. On failure the spec is as it was.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_set(struct ti_spec *spec, const char *param,
                                              const char *value, size_t value_bytes,
                                              struct ti_error *error);

/*
 * Gives all parameters of a URL's query component ("shape=2,3&name=fc1.weight"), percent-
 * encoding and '+' for a space resolved. An empty query gives none. Every pair needs a '='.
 *
 * Returns as ti_spec_set(), TI_EVALUE for a broken percent-encoding as well. On failure the
 * parameters before the one at fault have been set.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_set_query(struct ti_spec *spec,
                                                    const char *query, size_t query_bytes,
                                                    struct ti_error *error);

#ifdef __cplusplus
}
#endif

#endif
