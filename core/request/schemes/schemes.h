/* SPDX-License-Identifier: MIT */
/*
 * From a scheme to a law: the distribution and its numbers, in binary64, before any dtype.
 * One function a family; schemes.def says which scheme belongs to which.
 */
#ifndef TI_SCHEMES_H
#define TI_SCHEMES_H

#include <tensorinit/schemes.h>

#include "core/request/fans.h"
#include "core/request/spec.h"
#include "core/values/distribution.h"

/* How a recipe gets a standard deviation from the sizes of a model (recipes.c). */
enum ti_recipe {
    TI_RECIPE_RESIDUAL,
    TI_RECIPE_SMALL,
    TI_RECIPE_WANG,
    TI_RECIPE_MITCHELL,
};

/* What distinguishes the schemes of a family. */
struct ti_scheme_numbers {
    double scale, slope, value, std;
    enum ti_recipe recipe;
    enum ti_mode mode;
    enum ti_sampling sampling;
    enum ti_nonlinearity nonlinearity;
    bool required; /* the numbers are the request's to give; those here are defaults */
};

struct ti_scheme;
typedef enum ti_status ti_scheme_function(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error);

struct ti_scheme {
    struct ti_scheme_info info;
    ti_scheme_function *resolve;
    struct ti_scheme_numbers numbers;
    uint64_t takes; /* bit 1 << enum ti_param */
};

/* The scheme 'index' of schemes.def, which must exist. */
const struct ti_scheme *ti_scheme_at(size_t index);

/* Whether the scheme takes the parameter. */
bool ti_scheme_has(const struct ti_scheme *scheme, enum ti_param param);

/*
 * A truncated normal of standard deviation 'std' cut at z_low and z_high sigmas; if
 * 'corrected', 'std' is meant after truncation.
 */
enum ti_status ti_dist_truncate(struct ti_dist *dist, double mean, double std,
                                struct ti_truncation cut, bool corrected,
                                struct ti_error *error);

/* The value 'std', which must be 0 or more, or the scheme's. */
enum ti_status ti_scheme_std(const struct ti_spec *spec, const struct ti_scheme *scheme,
                             double *std, struct ti_error *error);

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
TI_FAMILY(identity)
TI_FAMILY(dirac)
TI_FAMILY(zero_hadamard)
TI_FAMILY(lstm_forget_bias)
TI_FAMILY(bilinear)
TI_FAMILY(sparse)
TI_FAMILY(orthogonal)
TI_FAMILY(delta_orthogonal)
#undef TI_FAMILY

#endif
