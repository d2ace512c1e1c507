/* SPDX-License-Identifier: MIT */
/*
 * Values that follow from the place on the last axis, or the last two: arange, linspace,
 * log_arange, alibi_slopes, rope_inv_freq, sinusoidal, stft. docs/SPEC.md defines the formulas.
 */
#include <math.h>

#include "core/kernels/elementary.h"
#include "core/request/schemes/schemes.h"

static void set_sequence(struct ti_dist *dist, struct ti_pattern pattern, double low,
                         double high) {
    dist->distribution = TI_DISTRIBUTION_PATTERN;
    dist->pattern = pattern;
    dist->value_field = "dtype";
    dist->low = low < high ? low : high;
    dist->high = low < high ? high : low;
}

enum ti_status ti_scheme_sequence(const struct ti_spec *spec,
                                  const struct ti_scheme *scheme,
                                  const struct ti_fans *fans, struct ti_dist *dist,
                                  struct ti_error *error) {
    const double start = ti_spec_number(spec, TI_PARAM_start, scheme->numbers.start);
    const double step = ti_spec_number(spec, TI_PARAM_step, 1);
    const double stop = ti_spec_number(spec, TI_PARAM_stop, 1);
    struct ti_pattern pattern = {.kind = scheme->numbers.pattern,
                                 .number = {start, step}};
    (void)fans;
    enum ti_status status = ti_scheme_min_rank(spec, 1, error);
    if (status != TI_OK) return status;
    pattern.cols = spec->shape[spec->rank - 1];
    const double last = start + (double)(pattern.cols > 0 ? pattern.cols - 1 : 0) * step;
    switch (pattern.kind) {
    case TI_PATTERN_LINSPACE:
        pattern.number[1] = stop;
        set_sequence(dist, pattern, start, stop);
        return TI_OK;
    case TI_PATTERN_LOG_ARANGE:
        if (!(start > 0 && last > 0)) {
            return ti_error_set(error, TI_EVALUE, start > 0 ? "step" : "start",
                                "log_arange needs numbers above 0: they are %.6g to %.6g",
                                start, last);
        }
        set_sequence(dist, pattern, ti_log(start), isinf(last) ? last : ti_log(last));
        return TI_OK;
    case TI_PATTERN_ALIBI:
        set_sequence(dist, pattern, 0, 1);
        return TI_OK;
    default:
        set_sequence(dist, pattern, start, last);
        return TI_OK;
    }
}

/* base=, of which the logarithm is needed. */
static enum ti_status get_base(const struct ti_spec *spec, double *log_base,
                               struct ti_error *error) {
    const double base = ti_spec_number(spec, TI_PARAM_base, 10000);
    if (!(base >= 1)) {
        return ti_error_set(error, TI_EVALUE, "base",
                            "base must be a number of 1 or more");
    }
    *log_base = ti_log(base);
    return TI_OK;
}

/* Llama 3's scaling, as Hugging Face's _compute_llama3_parameters. */
static enum ti_status get_scaling(const struct ti_spec *spec, double number[5],
                                  struct ti_error *error) {
    static const enum ti_param params[] = {
        TI_PARAM_low_freq_factor, TI_PARAM_high_freq_factor, TI_PARAM_original_length};
    number[1] = ti_spec_number(spec, TI_PARAM_factor, 0);
    number[2] = ti_spec_number(spec, TI_PARAM_low_freq_factor, 1);
    number[3] = ti_spec_number(spec, TI_PARAM_high_freq_factor, 4);
    number[4] = (double)ti_spec_count(spec, TI_PARAM_original_length, 8192);
    for (size_t i = 0; i < 3 && !spec->given[TI_PARAM_factor]; i++) {
        const char *name = ti_param_get(params[i])->name;
        if (!spec->given[params[i]]) continue;
        return ti_error_set(error, TI_EINAPPLICABLE, name, "%s requires factor=", name);
    }
    if (spec->given[TI_PARAM_factor] && !(number[1] >= 1)) {
        return ti_error_set(error, TI_EVALUE, "factor",
                            "factor must be a number of 1 or more");
    }
    const enum ti_status status =
        ti_scheme_above_zero(number[2], "low_freq_factor", error);
    if (status != TI_OK || number[3] > number[2]) return status;
    return ti_error_set(error, TI_EVALUE,
                        spec->given[TI_PARAM_high_freq_factor] ? "high_freq_factor"
                                                               : "low_freq_factor",
                        "high_freq_factor must be above low_freq_factor");
}

enum ti_status ti_scheme_rope(const struct ti_spec *spec, const struct ti_scheme *scheme,
                              const struct ti_fans *fans, struct ti_dist *dist,
                              struct ti_error *error) {
    struct ti_pattern pattern = {.kind = TI_PATTERN_ROPE};
    (void)scheme, (void)fans;
    enum ti_status status = ti_scheme_min_rank(spec, 1, error);
    if (status == TI_OK) status = get_base(spec, &pattern.number[0], error);
    if (status == TI_OK) status = get_scaling(spec, pattern.number, error);
    if (status != TI_OK) return status;
    pattern.cols = spec->shape[spec->rank - 1];
    set_sequence(dist, pattern, 0, 1);
    return TI_OK;
}

/* The square root, if it is an integer; else 0. */
static uint64_t side_of(uint64_t positions) {
    const uint64_t side = (uint64_t)sqrt((double)positions);
    return side * side == positions ? side : 0;
}

enum ti_status ti_scheme_sinusoidal(const struct ti_spec *spec,
                                    const struct ti_scheme *scheme,
                                    const struct ti_fans *fans, struct ti_dist *dist,
                                    struct ti_error *error) {
    const enum ti_arrangement arrangement = (enum ti_arrangement)ti_spec_choice(
        spec, TI_PARAM_arrangement, TI_ARRANGEMENT_HALVES);
    struct ti_pattern pattern = {.kind = TI_PATTERN_HALVES};
    (void)scheme, (void)fans;
    enum ti_status status = ti_scheme_min_rank(spec, 2, error);
    if (status == TI_OK) status = get_base(spec, &pattern.number[0], error);
    if (status != TI_OK) return status;
    pattern.rows = spec->shape[spec->rank - 2];
    pattern.cols = spec->shape[spec->rank - 1];
    const bool grid = arrangement == TI_ARRANGEMENT_GRID;
    if (arrangement == TI_ARRANGEMENT_INTERLEAVED) pattern.kind = TI_PATTERN_INTERLEAVED;
    if (grid) pattern.kind = TI_PATTERN_GRID;
    if (pattern.cols % (grid ? 4 : 2) != 0) {
        return ti_error_set(error, TI_EVALUE, "shape",
                            "the last dim must be a multiple of %d, %llu is not",
                            grid ? 4 : 2, (unsigned long long)pattern.cols);
    }
    if (pattern.rows > (uint64_t)TI_SIN_MAX) {
        return ti_error_set(error, TI_ETOOLARGE, "shape",
                            "there are at most 2^24 positions, these are %llu",
                            (unsigned long long)pattern.rows);
    }
    pattern.period = side_of(pattern.rows);
    if (grid && pattern.rows > 0 && pattern.period == 0) {
        return ti_error_set(error, TI_EVALUE, "shape",
                            "a grid is square, and %llu positions are not",
                            (unsigned long long)pattern.rows);
    }
    set_sequence(dist, pattern, -1, 1);
    return TI_OK;
}

/* Max places of the time axis, all of whose windows a plan adds up, and of the other one. */
#define STFT_TIMES_MAX ((uint64_t)1 << 15)
#define STFT_FREQUENCIES_MAX ((uint64_t)1 << 24)

static enum ti_status check_stft_shape(const struct ti_spec *spec,
                                       struct ti_error *error) {
    const enum ti_status status = ti_scheme_rank(spec, 3, error);
    if (status != TI_OK) return status;
    if (spec->shape[0] > STFT_TIMES_MAX || spec->shape[2] > STFT_FREQUENCIES_MAX) {
        return ti_error_set(
            error, TI_ETOOLARGE, "shape",
            "stft has at most 2^15 times and 2^24 frequencies, dims 0 and 2");
    }
    if (spec->shape[1] > 1 || spec->shape[2] == 1) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "the shape of stft is [frame length, 1, fft length / 2 + 1]: dim 1 is "
            "1 and dim 2 is 2 or more, these are %llu and %llu",
            (unsigned long long)spec->shape[1], (unsigned long long)spec->shape[2]);
    }
    return TI_OK;
}

/* What the window is divided by; and its maximum. */
static void scale_window(const struct ti_pattern *pattern, enum ti_scaling scaling,
                         double *scale, double *max) {
    double squares = 0, sizes = 0;
    *max = 0;
    for (uint64_t t = 0; t < pattern->rows; t++) {
        const double w = ti_stft_window(pattern, t);
        squares = squares + w * w;
        sizes = sizes + fabs(w);
        if (fabs(w) > *max) *max = fabs(w);
    }
    *scale = scaling == TI_SCALING_DENSITY    ? sqrt(squares)
             : scaling == TI_SCALING_SPECTRUM ? sizes
                                              : 1;
}

enum ti_status ti_scheme_stft(const struct ti_spec *spec, const struct ti_scheme *scheme,
                              const struct ti_fans *fans, struct ti_dist *dist,
                              struct ti_error *error) {
    const bool imag =
        ti_spec_choice(spec, TI_PARAM_side, TI_STFT_SIDE_REAL) == TI_STFT_SIDE_IMAG;
    enum ti_scaling scaling =
        (enum ti_scaling)ti_spec_choice(spec, TI_PARAM_scaling, TI_SCALING_DENSITY);
    struct ti_pattern pattern = {.kind = TI_PATTERN_STFT, .step = imag ? 2 : 1};
    double max;
    (void)scheme, (void)fans;
    const enum ti_status status = check_stft_shape(spec, error);
    if (status != TI_OK) return status;
    pattern.offset = ti_spec_choice(spec, TI_PARAM_window, TI_WINDOW_HANN);
    pattern.rows = spec->shape[0];
    pattern.cols = spec->shape[2];
    pattern.period = pattern.rows - !ti_spec_flag(spec, TI_PARAM_periodic, false);
    /* As Keras: without a window nothing is divided. */
    if (pattern.offset == TI_WINDOW_NONE) scaling = TI_SCALING_NONE;
    scale_window(&pattern, scaling, &pattern.number[0], &max);
    if (pattern.rows > 0 && pattern.number[0] == 0) {
        return ti_error_set(
            error, TI_EVALUE, "shape",
            "this window is 0 everywhere, and cannot be scaled: it needs more "
            "than %llu times, or periodic=true",
            (unsigned long long)pattern.rows);
    }
    max = pattern.rows > 0 ? max / pattern.number[0] : 0;
    set_sequence(dist, pattern, -max, max);
    return TI_OK;
}
