/* SPDX-License-Identifier: MIT */
/*
 * Resolving a scheme to its distribution, in binary64, before rounding to a dtype: one
 * function for each family of schemes; schemes.def says which family a scheme belongs to.
 */
#ifndef TI_SCHEMES_H
#define TI_SCHEMES_H

#include <tensorinit/schemes.h>

#include "core/request/fans.h"
#include "core/request/spec.h"
#include "core/values/distribution.h"

/* Formula for the standard deviation from the sizes of a model: recipes.c. */
enum ti_recipe {
    TI_RECIPE_RESIDUAL,
    TI_RECIPE_SMALL,
    TI_RECIPE_WANG,
    TI_RECIPE_MITCHELL,
    TI_RECIPE_DEPTH,
    TI_RECIPE_MUP,
};

/* What distinguishes the schemes of a family: defaults of the parameters that they take,
   and constants in place of those that they do not take. */
struct ti_scheme_numbers {
    double scale, slope, value, std, low, high, start;
    enum ti_recipe recipe;
    enum ti_mode mode;
    enum ti_sampling sampling;
    enum ti_nonlinearity nonlinearity;
    enum ti_map map;
    enum ti_pattern_kind pattern;
    /* constant: the request must give the value */
    bool needs_value;
};

struct ti_scheme;

/*
 * Resolves a spec with the scheme to 'dist', which is all zeros. 'fans' is all zeros
 * unless the scheme takes mode=.
 *
 * Returns TI_OK; TI_EVALUE, TI_EMISSING, TI_EINAPPLICABLE or TI_ETOOLARGE with the field
 * at fault.
 */
typedef enum ti_status ti_scheme_function(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error);

struct ti_scheme {
    struct ti_scheme_info info;
    ti_scheme_function *resolve;
    struct ti_scheme_numbers numbers;
    /* the parameters that it takes besides the common ones: bits 1 << enum ti_param */
    uint64_t takes;
};

/* Row 'index' of schemes.def, which must exist. */
const struct ti_scheme *ti_scheme_at(size_t index);

/* Whether the scheme takes the parameter; true for common ones. */
bool ti_scheme_has(const struct ti_scheme *scheme, enum ti_param param);

/*
 * Sets a normal distribution with 'mean' and 'std', cut at 'cut'. If 'corrected', 'std'
 * is the standard deviation after truncation, which requires a symmetric cut: else
 * TI_EINAPPLICABLE for 'field', the parameter that was given.
 */
enum ti_status ti_dist_truncate(struct ti_dist *dist, double mean, double std,
                                struct ti_truncation cut, bool corrected,
                                const char *field, struct ti_error *error);

/*
 * gain= of a scheme whose own rule has none: multiplies bound or sigma by it. TI_EVALUE
 * unless it is above 0.
 */
enum ti_status ti_dist_gain(const struct ti_spec *spec, struct ti_dist *dist,
                            struct ti_error *error);

/* padding_idx=: the row of the full tensor that is 0. TI_EVALUE if there is none. */
enum ti_status ti_dist_padding(const struct ti_spec *spec, struct ti_dist *dist,
                               struct ti_error *error);

/* icnr=: which outputs are copies of others. */
void ti_dist_icnr(const struct ti_spec *spec, const struct ti_fans *fans,
                  struct ti_dist *dist);

/* TI_EMISSING unless the parameter is given; 'meaning' says what it is. */
enum ti_status ti_scheme_needs(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               enum ti_param param, const char *meaning,
                               struct ti_error *error);

/* The gain of nonlinearity= with slope=. */
double ti_scheme_gain_of(enum ti_nonlinearity nonlinearity, double slope);

/* Whether gain= is such a factor, on what the scheme's own rule computes. */
bool ti_scheme_gain_is_factor(const struct ti_scheme *scheme);

/* The value of std=, or the scheme's; TI_EVALUE if it is negative. */
enum ti_status ti_scheme_std(const struct ti_spec *spec, const struct ti_scheme *scheme,
                             double *std, struct ti_error *error);

/* TI_EVALUE unless 'number', the value of the parameter 'name', is above 0. */
enum ti_status ti_scheme_above_zero(double number, const char *name,
                                    struct ti_error *error);

/* TI_EVALUE on shape unless there are 'rank' axes or more. */
enum ti_status ti_scheme_min_rank(const struct ti_spec *spec, unsigned rank,
                                  struct ti_error *error);

/* The axes that batch_axis= leaves to a matrix, in their order. */
struct ti_stack {
    /* all others, as bits */
    uint64_t batches;
    unsigned rank, axis[TI_MAX_RANK];
};

/* TI_EVALUE on batch_axis; or on shape unless there are from 'min' to 'max' of these axes. */
enum ti_status ti_scheme_stack(const struct ti_spec *spec, unsigned min, unsigned max,
                               struct ti_stack *stack, struct ti_error *error);

/* TI_EVALUE on shape unless the rank is 'rank'. */
enum ti_status ti_scheme_rank(const struct ti_spec *spec, unsigned rank,
                              struct ti_error *error);

#define TI_FAMILY(name) ti_scheme_function ti_scheme_##name;
TI_FAMILY(constant)
TI_FAMILY(uniform)
TI_FAMILY(normal)
TI_FAMILY(truncated_normal)
TI_FAMILY(variance)
TI_FAMILY(kaiming_xavier)
TI_FAMILY(siren)
TI_FAMILY(recipe)
TI_FAMILY(t5)
TI_FAMILY(deepnorm)
TI_FAMILY(spectral)
TI_FAMILY(identity)
TI_FAMILY(dirac)
TI_FAMILY(zero_hadamard)
TI_FAMILY(lstm_forget_bias)
TI_FAMILY(bilinear)
TI_FAMILY(sparse)
TI_FAMILY(mapped)
TI_FAMILY(sequence)
TI_FAMILY(rope)
TI_FAMILY(sinusoidal)
TI_FAMILY(stft)
TI_FAMILY(orthogonal)
TI_FAMILY(delta_orthogonal)
#undef TI_FAMILY

#endif
