/* SPDX-License-Identifier: MIT */
/*
 * A request for one tensor: parameters read from text, each checked by itself.
 *
 *     struct ti_spec *spec;
 *     if (ti_spec_make(&spec) == TI_OK) {
 *         if (ti_spec_set(spec, "shape", "512,784", 7, &error) == TI_OK && ...
 *
 * A spec checks that each value is well formed; ti_plan_make() (plan.h) checks the values
 * against each other. ti_spec_set() and ti_spec_set_query() are strict: they take what
 * docs/SPEC.md and docs/FRAMEWORKS.md define. ti_spec_set_query_lenient() also takes other
 * spellings of the same.
 */
#ifndef TENSORINIT_SPEC_H
#define TENSORINIT_SPEC_H

#include <stddef.h>

#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Max number of dimensions of a tensor, that of numpy 1.x. */
#define TI_MAX_RANK 32
/* Max size of a tensor's name, without a NUL. */
#define TI_MAX_NAME_BYTES 1024

/* Opaque; one thread at a time. */
struct ti_spec;

/*
 * Makes a spec without parameters.
 *
 * Returns TI_OK and a spec in '*spec', which the caller frees with ti_spec_free();
 * TI_ENOMEM ('*spec' is untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_make(struct ti_spec **spec);
TI_API void ti_spec_free(struct ti_spec *spec);

/*
 * Sets one parameter.
 *
 *   param        its name, NUL-terminated ("shape"); ti_param_get() lists them all
 *   value        its value as text, 'value_bytes' long; needs no NUL and may contain one
 *
 * Returns TI_OK; TI_EPARAM if there is no such parameter; TI_EDUPLICATE if it is set
 * already; TI_EVALUE if the value is not well formed. On failure the spec is unchanged.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_set(struct ti_spec *spec, const char *param,
                                              const char *value, size_t value_bytes,
                                              struct ti_error *error);

/*
 * Sets all parameters of a URL's query component (RFC 3986, section 3.4), such as
 * "shape=2,3&name=fc1.weight". Percent-encoding and '+' for a space are decoded. An empty
 * query sets none; every pair needs a '='.
 *
 * Returns as ti_spec_set(); also TI_EPARAM for a pair without a name, and TI_EVALUE for
 * one without '=' or with an invalid percent-encoding; TI_ENOMEM. On failure the
 * parameters before the one at fault stay set.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_set_query(struct ti_spec *spec,
                                                    const char *query, size_t query_bytes,
                                                    struct ti_error *error);

/*
 * As ti_spec_set_query(), for queries that people and programs write: takes the spellings
 * of docs/SPELLINGS.md, such as dtype=torch.float32, shape=(512, 784) and
 * shape=512&shape=784. The plan, its query and its entity tag are those of the plain
 * query.
 *
 * Returns as ti_spec_set_query(). The error names what may have been meant: "did you mean
 * 'layers=12'?", with at most three changes, each of which makes this very request
 * valid. On failure any parameters of the query may be set.
 */
TI_API TI_MUST_USE enum ti_status ti_spec_set_query_lenient(struct ti_spec *spec,
                                                            const char *query,
                                                            size_t query_bytes,
                                                            struct ti_error *error);

#ifdef __cplusplus
}
#endif

#endif
