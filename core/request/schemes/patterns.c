/* SPDX-License-Identifier: MIT */
/* Fixed patterns: identity, dirac, zero_hadamard, lstm_forget_bias, bilinear. */
#include <math.h>

#include "core/request/schemes/schemes.h"

/* Sets the distribution of a pattern whose values lie between 0 and 'value'. */
static void set_pattern(struct ti_dist *dist, struct ti_pattern pattern) {
    dist->distribution = TI_DISTRIBUTION_PATTERN;
    dist->pattern = pattern;
    dist->pattern.value += 0.0; /* no -0: the canonical query does not have it */
    dist->value_field = "gain";
    dist->integer.valid =
        pattern.value == floor(pattern.value) && fabs(pattern.value) < 0x1p53;
    dist->integer.negative = pattern.value < 0;
    if (dist->integer.valid) dist->integer.magnitude = (uint64_t)fabs(pattern.value);
    dist->low = pattern.value < 0 ? pattern.value : 0;
    dist->high = pattern.value > 0 ? pattern.value : 0;
}

enum ti_status ti_scheme_min_rank(const struct ti_spec *spec, unsigned rank,
                                  struct ti_error *error) {
    if (spec->rank >= rank) return TI_OK;
    return ti_error_set(
        error, TI_EVALUE, "shape",
        "Only tensors with %u or more dimensions are supported; this one has %u", rank,
        spec->rank);
}

enum ti_status ti_scheme_rank(const struct ti_spec *spec, unsigned rank,
                              struct ti_error *error) {
    if (spec->rank == rank) return TI_OK;
    return ti_error_set(error, TI_EVALUE, "shape",
                        "Only tensors with %u dimension%s are supported; this one has %u",
                        rank, rank == 1 ? "" : "s", spec->rank);
}

static uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* The product of the dims between two axes, without both. */
static uint64_t between(const struct ti_spec *spec, unsigned axis, unsigned end) {
    uint64_t product = 1;
    for (unsigned i = axis + 1; i < end; i++) product *= spec->shape[i];
    return product;
}

/* The diagonals of matrices, whose rows and columns are two of the axes. */
static struct ti_pattern diagonals(const struct ti_spec *spec, unsigned rows_at,
                                   unsigned cols_at, double value) {
    const uint64_t rows = spec->shape[rows_at], cols = spec->shape[cols_at];
    const uint64_t width = between(spec, cols_at, spec->rank);
    uint64_t all_rows = rows * between(spec, rows_at, cols_at);
    for (unsigned i = 0; i < rows_at; i++) all_rows *= spec->shape[i];
    if (spec->rank == 2) {
        return (struct ti_pattern){.kind = TI_PATTERN_DIAGONAL,
                                   .value = value,
                                   .cols = cols,
                                   .hits = smaller(rows, cols)};
    }
    return (struct ti_pattern){.kind = TI_PATTERN_TAPS,
                               .value = value,
                               .rows = all_rows,
                               .cols = cols * width,
                               .hits = smaller(rows, cols),
                               .step = width,
                               .width = width,
                               .repeat = between(spec, rows_at, cols_at),
                               .period = rows};
}

enum ti_status ti_scheme_identity(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    const double gain = ti_spec_number(spec, TI_PARAM_gain, 1);
    struct ti_stack stack;
    (void)scheme, (void)fans;
    const enum ti_status status = ti_scheme_stack(spec, 2, TI_MAX_RANK, &stack, error);
    if (status != TI_OK) return status;
    /* Further axes are of a stack, named or not. */
    set_pattern(dist, diagonals(spec, stack.axis[stack.rank - 2],
                                stack.axis[stack.rank - 1], gain));
    return TI_OK;
}

/* As PyTorch's dirac_: output d of each group copies input d, at the kernel's centre. */
enum ti_status ti_scheme_dirac(const struct ti_spec *spec, const struct ti_scheme *scheme,
                               const struct ti_fans *fans, struct ti_dist *dist,
                               struct ti_error *error) {
    const uint64_t groups = ti_spec_count(spec, TI_PARAM_groups, 1);
    struct ti_pattern pattern = {
        .kind = TI_PATTERN_TAPS, .value = 1, .step = 1, .width = 1, .repeat = 1};
    (void)scheme, (void)fans;
    if (spec->rank < 3 || spec->rank > 5) {
        return ti_error_set(error, TI_EVALUE, "shape",
                            "Only tensors with 3, 4, or 5 dimensions are supported; this "
                            "one has %u",
                            spec->rank);
    }
    if (spec->shape[0] % groups != 0) {
        return ti_error_set(
            error, TI_EVALUE, "groups",
            "dim 0 must be divisible by groups: %llu is not a multiple of "
            "%llu",
            (unsigned long long)spec->shape[0], (unsigned long long)groups);
    }
    for (unsigned i = 2; i < spec->rank; i++) {
        const uint64_t dim = spec->shape[i];
        pattern.offset = pattern.offset * dim + dim / 2;
        pattern.step *= dim;
    }
    pattern.rows = spec->shape[0];
    pattern.cols = spec->shape[1] * pattern.step;
    pattern.period = spec->shape[0] / groups;
    pattern.hits = smaller(pattern.period, spec->shape[1]);
    set_pattern(dist, pattern);
    return TI_OK;
}

/* Zhao, Schaefer, Anandkumar, "ZerO initialization", 2021, algorithm 1. */
enum ti_status ti_scheme_zero_hadamard(const struct ti_spec *spec,
                                       const struct ti_scheme *scheme,
                                       const struct ti_fans *fans, struct ti_dist *dist,
                                       struct ti_error *error) {
    struct ti_stack stack;
    (void)scheme, (void)fans;
    enum ti_status status = ti_scheme_stack(spec, 2, 2, &stack, error);
    if (status != TI_OK) return status;
    const unsigned rows_at = stack.axis[0], cols_at = stack.axis[1];
    const uint64_t rows = spec->shape[rows_at], cols = spec->shape[cols_at];
    if (rows <= cols) {
        set_pattern(dist, diagonals(spec, rows_at, cols_at, 1));
        return TI_OK;
    }
    uint64_t order = 1; /* the rows, rounded up to a power of two */
    while (order < rows) order *= 2;
    struct ti_pattern pattern = {.kind = TI_PATTERN_HADAMARD,
                                 .value = 1 / sqrt((double)order),
                                 .rows = rows,
                                 .cols = cols,
                                 .step = between(spec, cols_at, spec->rank),
                                 .period = between(spec, rows_at, spec->rank)};
    set_pattern(dist, pattern);
    dist->low = -dist->high;
    return TI_OK;
}

/* Jozefowicz, Zaremba, Sutskever 2015; gates in the order i, f, c, o. */
enum ti_status ti_scheme_lstm_forget_bias(const struct ti_spec *spec,
                                          const struct ti_scheme *scheme,
                                          const struct ti_fans *fans,
                                          struct ti_dist *dist, struct ti_error *error) {
    (void)scheme, (void)fans;
    enum ti_status status = ti_scheme_rank(spec, 1, error);
    if (status != TI_OK) return status;
    if (spec->shape[0] % 4 != 0) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "the bias of an LSTM has four gates: dim 0 must be divisible by "
            "4, %llu is not",
            (unsigned long long)spec->shape[0]);
    }
    const uint64_t units = spec->shape[0] / 4;
    struct ti_pattern pattern = {.kind = TI_PATTERN_BLOCK,
                                 .value = ti_spec_number(spec, TI_PARAM_value, 1),
                                 .offset = units,
                                 .hits = units};
    set_pattern(dist, pattern);
    dist->value_field = "value";
    if (spec->given[TI_PARAM_value]) dist->integer = spec->constant;
    return TI_OK;
}

/* Caffe's filler of the same name: upsampling by a transposed convolution. */
enum ti_status ti_scheme_bilinear(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    (void)scheme, (void)fans;
    enum ti_status status = ti_scheme_rank(spec, 4, error);
    if (status != TI_OK) return status;
    if (spec->shape[2] != spec->shape[3]) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "the kernel must be square: [out, in, k, k], this one is %llu "
            "by %llu",
            (unsigned long long)spec->shape[2], (unsigned long long)spec->shape[3]);
    }
    struct ti_pattern pattern = {
        .kind = TI_PATTERN_BILINEAR, .value = 1, .cols = spec->shape[3]};
    set_pattern(dist, pattern);
    return TI_OK;
}
