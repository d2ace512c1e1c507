/* SPDX-License-Identifier: MIT */
/*
 * The members of struct ti_spec: values read from text, used by all of core/request.
 */
#ifndef TI_SPEC_H
#define TI_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include <tensorinit/dtype.h>
#include <tensorinit/spec.h>

#include "core/formats/formats.h"
#include "core/values/distribution.h"

/* Accepted values of axis lists, for params.def. */
#define TI_AXES_TEXT                                                                     \
    "axes separated by commas, negative ones counted from the last, or none"

enum ti_param {
#define TI_PARAM(name, kind, group, accepts, fallback, meaning) TI_PARAM_##name,
#include "core/request/params.def"
#undef TI_PARAM
    TI_PARAM_COUNT
};

/* Values of the 'choice' parameters, in the order of their words in params.def. */
enum ti_layout { TI_LAYOUT_OI, TI_LAYOUT_IO };
enum ti_mode { TI_MODE_FAN_IN, TI_MODE_FAN_OUT, TI_MODE_FAN_AVG, TI_MODE_FAN_GEO_AVG };
enum ti_sampling {
    TI_SAMPLING_TRUNCATED_NORMAL,
    TI_SAMPLING_UNTRUNCATED_NORMAL,
    TI_SAMPLING_UNIFORM,
};
enum ti_nonlinearity {
    TI_NONLINEARITY_LINEAR,
    TI_NONLINEARITY_CONV1D,
    TI_NONLINEARITY_CONV2D,
    TI_NONLINEARITY_CONV3D,
    TI_NONLINEARITY_CONV_TRANSPOSE1D,
    TI_NONLINEARITY_CONV_TRANSPOSE2D,
    TI_NONLINEARITY_CONV_TRANSPOSE3D,
    TI_NONLINEARITY_SIGMOID,
    TI_NONLINEARITY_TANH,
    TI_NONLINEARITY_RELU,
    TI_NONLINEARITY_LEAKY_RELU,
    TI_NONLINEARITY_SELU,
    TI_NONLINEARITY_GELU,
    TI_NONLINEARITY_SILU,
    TI_NONLINEARITY_ELU,
    TI_NONLINEARITY_MISH,
    TI_NONLINEARITY_SOFTPLUS,
};

enum ti_role {
    TI_ROLE_SHARED,
    TI_ROLE_LM_HEAD,
    TI_ROLE_Q,
    TI_ROLE_K,
    TI_ROLE_V,
    TI_ROLE_O,
    TI_ROLE_WI,
    TI_ROLE_WO,
    TI_ROLE_RELATIVE_ATTENTION_BIAS,
};

enum ti_arrangement {
    TI_ARRANGEMENT_HALVES,
    TI_ARRANGEMENT_INTERLEAVED,
    TI_ARRANGEMENT_GRID,
};

/* side= and scaling= of stft; of its windows distribution.h has the list. */
enum ti_stft_side {
    TI_STFT_SIDE_REAL,
    TI_STFT_SIDE_IMAG,
};

enum ti_scaling {
    TI_SCALING_DENSITY,
    TI_SCALING_SPECTRUM,
    TI_SCALING_NONE,
};

/* Where a normal is cut, in sigmas; low may be -infinity, high infinity. */
struct ti_truncation {
    double low, high;
};

/* A list of axes; negative ones count from the last. */
struct ti_axes {
    unsigned count;
    int64_t axis[TI_MAX_RANK];
};

/* slice: numpy's basic slicing, one item for each axis and at most one ellipsis. */
enum ti_slice_kind { TI_SLICE_INDEX, TI_SLICE_RANGE, TI_SLICE_ELLIPSIS };

struct ti_slice_item {
    enum ti_slice_kind kind;
    bool has_start, has_stop;
    /* an index is its 'start' */
    int64_t start, stop, step;
};

struct ti_slice {
    unsigned count;
    bool has_ellipsis;
    struct ti_slice_item item[TI_MAX_RANK + 1];
};

/* shard: part 'index' of 'count' along an axis; each one splits the part before it. */
#define TI_MAX_SHARDS 64

struct ti_shard {
    int64_t axis;
    uint64_t index, count;
};

struct ti_shards {
    unsigned count;
    struct ti_shard shard[TI_MAX_SHARDS];
};

/*
 * The value of a parameter; its kind in params.def determines the member.
 */
union ti_value {
    /* the position of the word in params.def; from TI_FRAMEWORK_WORD on a framework's
       word, plus its row in aliases.def, which ti_alias_translate_word() replaces */
    unsigned choice;
    bool flag;
    /* kinds count and index */
    uint64_t count;
    int64_t integer;
    /* kinds number, bound and constant */
    double number;
};

#define TI_FRAMEWORK_WORD 0x100u

/* The parameters of kind 'axes'. */
enum ti_axis_list {
    TI_AXES_in_axis,
    TI_AXES_out_axis,
    TI_AXES_batch_axis,
    TI_AXES_input_axes,
    TI_AXES_output_axes,
    TI_AXES_fan_in_axes,
    TI_AXES_COUNT
};

struct ti_alias;

/* Max bytes of a framework's name, with the NUL. */
#define TI_MAX_SCHEME_BYTES 48

struct ti_spec {
    /* whether a parameter is set; else its values have no meaning */
    bool given[TI_PARAM_COUNT];
    union ti_value value[TI_PARAM_COUNT];
    unsigned rank;
    uint64_t shape[TI_MAX_RANK];
    /* index into schemes.def; 0 is the default scheme */
    size_t scheme;
    /* the framework's name that scheme= has, and its row in aliases.def; "" and NULL if
       it is canonical */
    char framework_name[TI_MAX_SCHEME_BYTES];
    const struct ti_alias *alias;
    uint64_t seed;
    /* infinite on both sides for none */
    struct ti_truncation truncation;
    /* the value of kind 'constant' as an integer; value[] has it as a number */
    struct ti_integer constant;
    struct ti_axes permute;
    struct ti_axes axes[TI_AXES_COUNT];
    struct ti_slice slice;
    struct ti_shards shard;
    size_t name_bytes;
    char name[TI_MAX_NAME_BYTES + 1];
};

/* A request that has other parameters besides those of a spec, for errors. */
struct ti_other_params {
    const char *const *names;
    size_t count;
    /* Whether it takes a parameter of a spec, an index of ti_param_get(). */
    bool (*takes)(size_t param);
    /* What people write for others: pairs {typed, name}, until {NULL, NULL}. */
    const char *const (*meanings)[2];
};

/*
 * As ti_spec_set_query_lenient(); the error of a parameter that does not exist is about
 * 'others', too, which may be NULL.
 */
enum ti_status ti_spec_set_query_among(struct ti_spec *spec, const char *query,
                                       size_t query_bytes,
                                       const struct ti_other_params *others,
                                       struct ti_error *error);

/* The list of a parameter of kind 'axes'. */
enum ti_axis_list ti_spec_axis_list(enum ti_param param);

/* The value of a parameter, or 'fallback' if it is not given. */
static inline double ti_spec_number(const struct ti_spec *spec, enum ti_param param,
                                    double fallback) {
    return spec->given[param] ? spec->value[param].number : fallback;
}

static inline unsigned ti_spec_choice(const struct ti_spec *spec, enum ti_param param,
                                      unsigned fallback) {
    return spec->given[param] ? spec->value[param].choice : fallback;
}

static inline bool ti_spec_flag(const struct ti_spec *spec, enum ti_param param,
                                bool fallback) {
    return spec->given[param] ? spec->value[param].flag : fallback;
}

static inline uint64_t ti_spec_count(const struct ti_spec *spec, enum ti_param param,
                                     uint64_t fallback) {
    return spec->given[param] ? spec->value[param].count : fallback;
}

#endif
