/* SPDX-License-Identifier: MIT */
/*
 * What will be served: a spec, checked and resolved, and the elements it stands for.
 *
 *     ti_plan_make(spec, &plan, &error);
 *     ti_plan_fill(plan, 0, ti_plan_info(plan)->elems, out, NULL);
 *
 * Every element is a pure function of the plan and its row-major index, so any range can be
 * filled in any order, by any thread, on any machine. docs/SPEC.md says which bits.
 */
#ifndef TENSORINIT_PLAN_H
#define TENSORINIT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/dtype.h>
#include <tensorinit/spec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opaque, immutable: threads may share it. */
struct ti_plan;

/* What an element costs, so that a server can decide where to compute it. */
enum ti_cost {
    TI_COST_COPY,    /* the same value everywhere */
    TI_COST_SAMPLE,  /* nanoseconds an element, any element alone */
    TI_COST_COMPUTE, /* long: before the first element (setup.h), or much for every one */
};

/*
 * TI_DISTRIBUTION(enumerator, name)
 *
 *   pattern        values that follow from the place alone
 *   sparse_normal  normal, with zeros in between
 *   orthogonal     elements of an orthogonal matrix, perhaps with zeros around it
 */
#define TI_DISTRIBUTIONS(TI_DISTRIBUTION)                                                \
    TI_DISTRIBUTION(CONSTANT, "constant")                                                \
    TI_DISTRIBUTION(UNIFORM, "uniform")                                                  \
    TI_DISTRIBUTION(NORMAL, "normal")                                                    \
    TI_DISTRIBUTION(TRUNCATED_NORMAL, "truncated_normal")                                \
    TI_DISTRIBUTION(PATTERN, "pattern")                                                  \
    TI_DISTRIBUTION(SPARSE_NORMAL, "sparse_normal")                                      \
    TI_DISTRIBUTION(ORTHOGONAL, "orthogonal")

enum ti_distribution {
#define TI_DISTRIBUTION(id, name) TI_DISTRIBUTION_##id,
    TI_DISTRIBUTIONS(TI_DISTRIBUTION)
#undef TI_DISTRIBUTION
};

/* The name of the list above, a static string. */
TI_API const char *ti_distribution_name(enum ti_distribution distribution);

/*
 * Everything a plan can say of itself.
 *
 *   scheme          canonical name ("he_normal" for scheme=he)
 *   framework_name  the framework's name that was asked for ("keras.HeNormal"), "" if none
 *   full_shape      'full_rank' dims of the tensor that was drawn
 *   shape           'rank' dims of what is served: the same, or the part that permute, slice
 *                   or shard leave of it; 'elems' is their product
 *   name            the tensor's name, NUL-terminated, "" if none
 *   stream          64-bit stream that the name selects; 0 for no name
 *   query           the canonical query: one spelling for all requests of these bytes
 *   etag            32 hexadecimal digits that follow from the query and the bits' version,
 *                   the same for every build and replica
 *   body_bytes      elems * bytes of the dtype
 *   workspace_bytes what ti_plan_fill() wants in 'workspace', 0 for none
 *   factor_bytes     memory that the plan's setup keeps (setup.h), 0 if it needs none;
 *   factor_peak_bytes  and while it is being computed
 *   factor_key       32 hexadecimal digits, equal for plans that can share a setup; else ""
 *   fan_in, fan_out from the full shape or as given; 0 where has_fans says they don't exist
 *   gain            factor on 1/sqrt(n), or on a matrix, where the scheme has one (else 0)
 *   random          whether the values depend on seed and name
 *   mean, std       of the distribution really sampled, after truncation; in value units.
 *                   Of a sparse one zeros count; of a pattern they and sigma are NaN
 *   sigma           standard deviation of the normal before truncation (else equal to std)
 *   low, high       no value lies outside (before rounding to a narrower dtype); +-infinity
 *                   where the distribution has no bound
 *
 * mean to high are binary64 and informative: what is computed is docs/SPEC.md's business.
 */
struct ti_plan_info {
    const char *scheme, *framework_name;
    enum ti_distribution distribution;
    enum ti_dtype dtype;
    enum ti_cost cost;
    unsigned full_rank, rank;
    uint64_t full_shape[TI_MAX_RANK], shape[TI_MAX_RANK];
    uint64_t elems;
    uint64_t body_bytes;
    size_t workspace_bytes;
    size_t factor_bytes, factor_peak_bytes;
    char factor_key[33];
    uint64_t seed;
    uint64_t stream;
    const char *name;
    const char *query;
    char etag[33];
    bool has_fan_in, has_fan_out, has_gain, random;
    uint64_t fan_in, fan_out;
    double gain;
    double mean, std, sigma, low, high;
};

/*
 * Checks and resolves a spec. The spec is only read and may be freed afterwards.
 *
 * Returns TI_OK and a plan in '*plan', which the caller ends with ti_plan_free(); TI_EMISSING,
 * TI_EVALUE, TI_EINAPPLICABLE or TI_ETOOLARGE with the field at fault in 'error'; TI_EISA if
 * TENSORINIT_ISA names an instruction set that this machine or build lacks; TI_ENOMEM. On
 * failure '*plan' is untouched. Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_plan_make(const struct ti_spec *spec, struct ti_plan **plan, struct ti_error *error);
TI_API void ti_plan_free(struct ti_plan *plan);

/* Borrowed from the plan and valid as long as it is. Never NULL. */
TI_API const struct ti_plan_info *ti_plan_info(const struct ti_plan *plan);

/*
 * Writes elements [first_elem, first_elem + count_elems), in row-major order, of what is
 * served to 'out'.
 *
 *   plan         from ti_plan_make(); only read, so threads may share it
 *   count_elems  0 is allowed and writes nothing
 *   out          caller's; count_elems * ti_dtype_bytes() bytes, any alignment
 *   workspace    caller's; workspace_bytes of ti_plan_info(), aligned to 64, not shared by
 *                concurrent calls; may be NULL if that is 0
 *
 * The bytes do not depend on CPU, thread, rounding mode or how a tensor is cut into calls.
 * Returns TI_OK; TI_ERANGE if the range leaves the tensor, TI_EFACTOR if the plan needs a setup
 * and has none (setup.h): then 'out' is untouched.
 */
TI_API TI_MUST_USE enum ti_status ti_plan_fill(const struct ti_plan *plan,
                                               uint64_t first_elem, uint64_t count_elems,
                                               void *out, void *workspace);

/*
 * The memory that ti_plan_fill() wants in 'workspace': workspace_bytes of ti_plan_info(),
 * aligned to 64. NULL where none is needed.
 *
 * Returns TI_OK and the workspace in '*workspace', which the caller ends with
 * ti_workspace_free(); TI_ENOMEM ('*workspace' untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_workspace_make(const struct ti_plan *plan, void **workspace, struct ti_error *error);
TI_API void ti_workspace_free(void *workspace);

/*
 * The instruction set that fills: "portable", "avx2", "avx512" or "neon". The environment
 * variable TENSORINIT_ISA, read once, forces one; NULL and TI_EISA in 'error' if it names
 * one that is not to be had.
 */
TI_API const char *ti_isa_name(struct ti_error *error);

#ifdef __cplusplus
}
#endif

#endif
