/* SPDX-License-Identifier: MIT */
/*
 * A plan: a spec that is checked and resolved, and the elements that it describes.
 *
 *     ti_plan_make(spec, &plan, &error);
 *     ti_plan_fill(plan, 0, ti_plan_info(plan)->elems, out, NULL);
 *
 * Every element is a pure function of the plan and its row-major index, so any range can
 * be filled in any order, by any thread, on any machine. docs/SPEC.md defines the bits.
 *
 * The library's functions need at most 128 KiB of stack if it is compiled with optimization:
 * a task of an orthogonal factorization about 70 KiB, ti_plan_fill() about 60.
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

/*
 * TI_DISTRIBUTION(enumerator, name)
 *
 *   pattern        values that depend on the element's index alone
 *   sparse_normal  normal, with zeros at random places
 *   mapped_uniform  a function of a uniform distribution; its mean and std are NaN
 *   orthogonal     elements of an orthogonal matrix, with zeros around it if the matrix
 *                  is smaller than the tensor
 */
#define TI_DISTRIBUTIONS(TI_DISTRIBUTION)                                                \
    TI_DISTRIBUTION(CONSTANT, "constant")                                                \
    TI_DISTRIBUTION(UNIFORM, "uniform")                                                  \
    TI_DISTRIBUTION(NORMAL, "normal")                                                    \
    TI_DISTRIBUTION(TRUNCATED_NORMAL, "truncated_normal")                                \
    TI_DISTRIBUTION(PATTERN, "pattern")                                                  \
    TI_DISTRIBUTION(SPARSE_NORMAL, "sparse_normal")                                      \
    TI_DISTRIBUTION(ORTHOGONAL, "orthogonal")                                            \
    TI_DISTRIBUTION(MAPPED_UNIFORM, "mapped_uniform")

enum ti_distribution {
#define TI_DISTRIBUTION(id, name) TI_DISTRIBUTION_##id,
    TI_DISTRIBUTIONS(TI_DISTRIBUTION)
#undef TI_DISTRIBUTION
};

/* The name of the list above, a static string; "unknown" for any other number. */
TI_API const char *ti_distribution_name(enum ti_distribution distribution);

/*
 * A plan's description of itself. Pointers are valid as long as the plan. 'mean' to
 * 'high' are informative binary64 numbers: nothing is computed from them.
 */
struct ti_plan_info {
    /* canonical name: "he_normal" for scheme=he */
    const char *scheme;
    /* the framework's name in the request: "keras.HeNormal"; or "" */
    const char *framework_name;
    enum ti_distribution distribution;
    enum ti_dtype dtype;
    /* number of dims of the full tensor and of the part that permute, slice or shard
       select */
    unsigned full_rank, rank;
    /* these dims; both shapes are equal if no part is selected */
    uint64_t full_shape[TI_MAX_RANK], shape[TI_MAX_RANK];
    /* product of 'shape' */
    uint64_t elems;
    /* elems * bytes of the dtype */
    uint64_t body_bytes;
    /* what an element of the part takes, in nanoseconds of one core: so that a caller can
       choose how many to compute at a time. An order of magnitude, measured on one
       machine; the most where elements differ, and if ti_plan_prepare() computes them.
       Without the factorization that a plan with factor_bytes needs first */
    double ns_per_elem;
    /* size of the 'workspace' of ti_plan_prepare() and ti_plan_fill(), 0 if they need none */
    size_t workspace_bytes;
    /* memory of a complete factorization (factor.h), 0 if the plan needs none; and the
       maximum while it is computed */
    size_t factor_bytes, factor_peak_bytes;
    /* 32 hexadecimal digits, equal for plans that can share a factorization; "" if the
       plan needs none */
    char factor_key[33];
    /* the factorization is that of the columns or matrices which the part touches: for a
       smaller part it may be smaller */
    bool factor_of_part;
    uint64_t seed;
    /* 64-bit number of the stream that the name selects; 0 without a name */
    uint64_t stream;
    /* the tensor's name, NUL-terminated, or "" */
    const char *name;
    /* the canonical query: one spelling for all requests of the same bytes */
    const char *query;
    /* 32 hexadecimal digits that identify the bytes, the same for every build and
       replica: a hash of the query and the version of the bits */
    char etag[33];
    /* whether fan_in, fan_out and gain exist; else these are 0 */
    bool has_fan_in, has_fan_out, has_gain;
    /* whether the values depend on seed and name */
    bool random;
    /* from the full shape or the request */
    uint64_t fan_in, fan_out;
    /* factor on 1/sqrt(n), or on the matrix */
    double gain;
    /* of the distribution that is sampled, after truncation and with the zeros of a
       sparse one; NaN for a pattern */
    double mean, std;
    /* standard deviation of the normal before truncation; else equal to 'std' */
    double sigma;
    /* bounds of the values in the dtype: those of the distribution, rounded as values are, so
       that no value is beyond them; -infinity and infinity if it has none. A uniform
       distribution reaches 'high' only where rounding to a dtype narrower than f32 does */
    double low, high;
};

/*
 * Checks and resolves a spec. The spec is only read and may be freed afterwards.
 *
 * Returns TI_OK and a plan in '*plan', which the caller frees with ti_plan_free();
 * TI_EMISSING, TI_EVALUE, TI_EINAPPLICABLE or TI_ETOOLARGE with the field at fault in
 * 'error', whose text may end with hints as those of ti_spec_set_query_lenient(); TI_EISA if TENSORINIT_ISA names an instruction set that this machine or build
 * lacks; TI_ENOMEM. On failure '*plan' is untouched. Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_plan_make(const struct ti_spec *spec, struct ti_plan **plan, struct ti_error *error);
TI_API void ti_plan_free(struct ti_plan *plan);

/* The plan's description, valid as long as the plan. Never NULL. */
TI_API const struct ti_plan_info *ti_plan_info(const struct ti_plan *plan);

/*
 * Writes elements [first_elem, first_elem + count_elems) of the planned tensor, or of the
 * part that the plan selects, to 'out' in row-major order.
 *
 *   plan         from ti_plan_make(); only read, so threads may share it
 *   count_elems  0 is allowed and writes nothing
 *   out          caller's; count_elems * ti_dtype_bytes() bytes, any alignment
 *   workspace    from ti_workspace_make() for this plan; one for each concurrent call. May
 *                be NULL if workspace_bytes of ti_plan_info() or count_elems is 0
 *
 * The bytes do not depend on CPU, thread, rounding mode or how a tensor is cut into
 * calls. Returns TI_OK; TI_ERANGE if the range leaves the tensor; TI_EFACTOR if the plan
 * needs a factorization and has none (factor.h). On failure 'out' is untouched. Allocates
 * nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_plan_fill(const struct ti_plan *plan,
                                               uint64_t first_elem, uint64_t count_elems,
                                               void *out, void *workspace);

/*
 * For readers that go through a tensor in small steps. The rows of an orthogonal matrix share
 * most of what it takes to compute them; this computes some rows to the workspace, so that
 * ti_plan_fill() copies from there. Without it, or beyond what it has computed, ti_plan_fill()
 * computes each range by itself, to the same bytes.
 *
 *   end_elem     where the reader is to end: nothing is computed beyond it
 *   max_ns       about how long to compute, in nanoseconds; less than 0.3 ms too long at
 *                most, times what the machine is slower than info.ns_per_elem says. INFINITY
 *                for no limit
 *   count_elems  out: how many elements from first_elem on ti_plan_fill() can take by now.
 *                0 before end_elem if the time was up: the same call goes on. All, at once,
 *                for plans whose elements share nothing
 *
 * Returns TI_OK; TI_ERANGE, TI_EFACTOR as ti_plan_fill(). Allocates nothing.
 */
TI_API TI_MUST_USE enum ti_status ti_plan_prepare(const struct ti_plan *plan,
                                                  uint64_t first_elem, uint64_t end_elem,
                                                  double max_ns, void *workspace,
                                                  uint64_t *count_elems);

/*
 * Allocates the 'workspace' of ti_plan_prepare() and ti_plan_fill(): workspace_bytes of
 * ti_plan_info().
 *
 * Returns TI_OK and the workspace in '*workspace', which the caller frees with
 * ti_workspace_free(), or NULL if the plan needs none; TI_ENOMEM ('*workspace' is
 * untouched). Freeing NULL does nothing.
 */
TI_API TI_MUST_USE enum ti_status
ti_workspace_make(const struct ti_plan *plan, void **workspace, struct ti_error *error);
TI_API void ti_workspace_free(void *workspace);

/*
 * The instruction set that ti_plan_fill() uses: "portable", "avx2", "avx512" or "neon".
 * The environment variable TENSORINIT_ISA, read once in a process, forces one.
 *
 * Returns a static string; NULL, and TI_EISA in 'error', if the variable names an
 * instruction set that this machine or build lacks.
 */
TI_API const char *ti_isa_name(struct ti_error *error);

/*
 * The names of all instruction sets that this machine and build have, "portable" first and
 * the fastest last; a static string, NULL beyond the last.
 */
TI_API const char *ti_isa_at(size_t index);

#ifdef __cplusplus
}
#endif

#endif
