/* SPDX-License-Identifier: MIT */
/*
 * core/values/sampler: a distribution rounded to a dtype. It is refused if and only if an
 * element could be infinite; the numbers of a uniform are each rounded once.
 */
#include <math.h>
#include <stdio.h>

#include "core/values/sampler.h"
#include "support/oracle.h"
#include "support/random.h"
#include "support/test.h"
#include "support/values.h"

static struct ti_dist cut_normal(double low, double high) {
    const struct ti_dist dist = {.distribution = TI_DISTRIBUTION_TRUNCATED_NORMAL,
                                 .sigma = 1,
                                 .z_low = low,
                                 .z_high = high};
    return dist;
}

/* z' of a word, in the compute type: the value for mean 0 and sigma 1. */
static double z_of(struct ti_dist dist, enum ti_dtype dtype, bool top) {
    struct ti_sampler sampler;
    dist.mean = 0;
    dist.sigma = 1;
    dist.bounded = false;
    assert_int_equal(ti_sampler_make(&dist, dtype, 0, 0, &sampler, NULL), TI_OK);
    if (dtype == TI_DTYPE_F64) return values_f64(&sampler, top ? UINT64_MAX : 0);
    return (double)values_f32(&sampler, top ? UINT32_MAX : 0);
}

/* The maximum of |z'|. */
static double reach_of(struct ti_dist dist, enum ti_dtype dtype) {
    if (dtype != TI_DTYPE_F64 && dist.z_low == -dist.z_high && dist.z_high >= 0.5) {
        /* docs/SPEC.md, range rule: the smaller of the untruncated normal's maximum and
           the cut */
        const struct ti_dist normal = {.distribution = TI_DISTRIBUTION_NORMAL,
                                       .sigma = 1};
        return fmin(fabs(z_of(normal, dtype, false)), (double)(float)dist.z_high);
    }
    const double first = fabs(z_of(dist, dtype, false)),
                 last = fabs(z_of(dist, dtype, true));
    return first > last ? first : last;
}

/* Maximum |z| of an untruncated normal: mpmath's quantiles at 2^-33 and 2^-65. */
static void reach(void **state) {
    const struct ti_dist normal = {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1};
    (void)state;
    assert_true(fabs(reach_of(normal, TI_DTYPE_F32) - 6.337957754553789) <= 1e-6);
    assert_true(fabs(reach_of(normal, TI_DTYPE_F64) - 9.155293772686072) <= 9e-15);
    assert_true(reach_of(cut_normal(-2, 2), TI_DTYPE_F32) <= 2);
    /* a cut on one side reaches further, since all words share what is beyond it */
    assert_true(fabs(reach_of(cut_normal(6, INFINITY), TI_DTYPE_F32) - 8.998075974) <
                1e-6);
    /* but no further than the least tail of the table, 2^-65 */
    assert_true(reach_of(cut_normal(-INFINITY, -6), TI_DTYPE_F64) ==
                0x1.24f82aa55eb15p+3);
    assert_true(reach_of(cut_normal(6, 13), TI_DTYPE_F64) == 0x1.24f82aa55eb15p+3);
}

static bool is_finite_in(enum ti_dtype dtype, double x) {
    switch (dtype) {
    case TI_DTYPE_F64:
        return isfinite(x);
    case TI_DTYPE_F32:
        return isfinite((float)x);
    default:
        for (const struct oracle_type *type = oracle_types; type->name; type++) {
            if (strcmp(type->name, ti_dtype_name(dtype)) == 0) return x < type->limit;
        }
        return false;
    }
}

/* The largest |value|, as the element loops compute it. */
static double largest(enum ti_dtype dtype, double mean, double sigma, double z) {
    if (dtype == TI_DTYPE_F64) {
        const double product = sigma * z;
        return mean + product;
    }
    const float product = (float)sigma * (float)z;
    const float sum = (float)mean + product;
    return (double)sum;
}

static double next_sigma(enum ti_dtype dtype, double sigma) {
    return dtype == TI_DTYPE_F64 ? nextafter(sigma, INFINITY)
                                 : (double)nextafterf((float)sigma, INFINITY);
}

static double rounded_to(enum ti_dtype dtype, double x) {
    return dtype == TI_DTYPE_F64 ? x : (double)(float)x;
}

static bool takes(const struct ti_dist *dist, enum ti_dtype dtype) {
    struct ti_sampler sampler;
    struct ti_error error = {TI_OK, "", ""};
    const enum ti_status status = ti_sampler_make(dist, dtype, 0, 0, &sampler, &error);
    if (status == TI_OK) return true;
    assert_int_equal(status, TI_EVALUE);
    /* the width of a uniform may be what does not fit */
    const bool width = dist->distribution == TI_DISTRIBUTION_UNIFORM &&
                       !dist->symmetric &&
                       isinf(rounded_to(dtype, dist->high - dist->low));
    assert_string_equal(error.field, width ? "high" : "dtype");
    assert_non_null(strstr(error.text, ti_dtype_name(dtype)));
    return false;
}

/* Around the largest sigma that fits: valid if and only if the largest value is
   finite. */
static void check_limit(struct ti_dist dist, enum ti_dtype dtype, double mean) {
    const double z = reach_of(dist, dtype);
    double low = 0, high = dtype == TI_DTYPE_F64 ? 0x1p1023 : 0x1p127;
    dist.mean = mean;
    while (next_sigma(dtype, low) < high) { /* bisection on what is finite */
        double middle = low / 2 + high / 2;
        if (dtype != TI_DTYPE_F64) middle = (double)(float)middle;
        if (middle <= low || middle >= high) break;
        if (is_finite_in(dtype, largest(dtype, mean, middle, z))) {
            low = middle;
        } else {
            high = middle;
        }
    }
    for (int i = 0; i < 3; i++) { /* the last one that fits, and the next */
        dist.sigma = low;
        const bool fits = is_finite_in(dtype, largest(dtype, mean, low, z));
        if (takes(&dist, dtype) != fits) {
            fail_msg(
                "%s, cut %g to %g, mean %g, sigma %a: %s, but the largest value is %a",
                ti_dtype_name(dtype), dist.z_low, dist.z_high, mean, low,
                fits ? "refused" : "accepted", largest(dtype, mean, low, z));
        }
        low = next_sigma(dtype, low);
    }
}

static void limits_of_normals(void **state) {
    static const double cuts[][2] = {{0, 0},   {-2, 2},        {-0.3, 0.3},     {-3, 3},
                                     {-8, 8},  {6, INFINITY},  {-INFINITY, -6}, {-1, 3},
                                     {6, 6.5}, {-INFINITY, 4}, {2, INFINITY}};
    static const double means[] = {0, 1, 0.1, 30, 100, 400};
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
        for (size_t c = 0; c < COUNT_OF(cuts); c++) {
            struct ti_dist dist = cut_normal(cuts[c][0], cuts[c][1]);
            if (c == 0) dist.distribution = TI_DISTRIBUTION_NORMAL;
            for (size_t m = 0; m < COUNT_OF(means); m++) {
                check_limit(dist, dtype, (double)(float)means[m]);
            }
        }
    }
}

/* Constants and uniform bounds: the largest that fits, and the next in the compute
   type. */
static void limits_of_others(void **state) {
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
        double max = 0x1.fffffffffffffp1023;
        if (dtype == TI_DTYPE_F32) max = 0x1.fffffep127;
        for (const struct oracle_type *type = oracle_types; type->name; type++) {
            if (strcmp(type->name, ti_dtype_name(dtype)) == 0) {
                max = (double)nextafterf((float)type->limit, 0);
            }
        }
        for (int sign = -1; sign <= 1; sign += 2) {
            const struct ti_dist constant = {.low = sign * max, .high = sign * max};
            assert_true(takes(&constant, dtype));
            const struct ti_dist uniform = {.distribution = TI_DISTRIBUTION_UNIFORM,
                                            .low = sign < 0 ? -max : 0,
                                            .high = sign < 0 ? 0 : max};
            assert_true(takes(&uniform, dtype));
            if (dtype == TI_DTYPE_F64) continue; /* there is no larger value to request */
            const double beyond =
                sign * (double)(float)nextafter(max * (1 + 0x1p-23), INFINITY);
            const struct ti_dist too_large = {.low = beyond, .high = beyond};
            assert_false(takes(&too_large, dtype));
            const struct ti_dist low_too_large = {
                .distribution = TI_DISTRIBUTION_UNIFORM, .low = -fabs(beyond), .high = 0};
            assert_false(takes(&low_too_large, dtype));
        }
        const struct ti_dist symmetric = {.distribution = TI_DISTRIBUTION_UNIFORM,
                                          .symmetric = true,
                                          .low = -max,
                                          .high = max};
        assert_true(takes(&symmetric, dtype));
    }
}

/* Clamped values do not exceed their bounds, whatever the std. */
static void limits_of_bounded(void **state) {
    struct ti_dist dist = cut_normal(-100, 0.5);
    (void)state;
    dist.sigma = 60000, dist.bounded = true, dist.low = -60000, dist.high = 30000;
    assert_true(takes(&dist, TI_DTYPE_F16));
    dist.low = -66000;
    assert_false(takes(&dist, TI_DTYPE_F16));
    dist.sigma = 100; /* the maximum is 634 */
    assert_true(takes(&dist, TI_DTYPE_F16));
}

/* The largest value of a uniform is the number before 'high' in the compute type. */
static void before_high(void **state) {
    static const float highs[] = {1,
                                  0,
                                  -0.0f,
                                  -1,
                                  0x1p-126f,
                                  0x1p-149f,
                                  -0x1p-149f,
                                  -0x1p-126f,
                                  0x1.8p-127f,
                                  2.7e38f,
                                  0x1p127f,
                                  -0x1p124f,
                                  0x1.000002p0f,
                                  -0x1.000002p0f};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(highs); i++) {
        struct ti_sampler sampler;
        struct ti_dist dist = {.distribution = TI_DISTRIBUTION_UNIFORM,
                               .low = -0x1.8p125,
                               .high = (double)highs[i]};
        assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F32, 0, 0, &sampler, NULL),
                         TI_OK);
        assert_true(sampler.high == (double)nextafterf(highs[i], -INFINITY));
        assert_true(sampler.transform.high == nextafterf(highs[i], -INFINITY));
        assert_true(sampler.low == dist.low);
        assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F64, 0, 0, &sampler, NULL),
                         TI_OK);
        assert_true(sampler.high == nextafter(dist.high, -INFINITY));
        /* also from a number that the type does not have */
        dist.high = (double)highs[i] * 1.00000001;
        assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F32, 0, 0, &sampler, NULL),
                         TI_OK);
        assert_true(sampler.high == (double)nextafterf((float)dist.high, -INFINITY));
    }
}

/* The numbers of a uniform: docs/SPEC.md section 4, each rounded once. */
static void uniform_numbers(void **state) {
    uint64_t random = 9;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        const double a = (random_unit(&random) - 0.5) * 100,
                     b = a + random_unit(&random) + 1e-3;
        const struct ti_dist dist = {
            .distribution = TI_DISTRIBUTION_UNIFORM, .low = a, .high = b};
        struct ti_sampler sampler;
        assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F32, 0, 0, &sampler, NULL),
                         TI_OK);
        assert_true(sampler.transform.offset == (double)(float)a);
        assert_true(sampler.transform.scale == (double)(float)(b - a));
        assert_int_equal(ti_sampler_make(&dist, TI_DTYPE_F64, 0, 0, &sampler, NULL),
                         TI_OK);
        assert_true(sampler.offset == a && sampler.scale == b - a);
    }
}

/* Bounds that are equal make a constant of the compute type; others that meet are refused. */
static void uniform_of_one_value(void **state) {
    static const double values[] = {0, -0.0, 1, -2.7, 1e-50, 0.1};
    struct ti_sampler sampler;
    struct ti_error error;
    (void)state;
    for (enum ti_dtype dtype = 0; dtype < TI_DTYPE_COUNT; dtype++) {
        if (ti_dtype_kind(dtype) != TI_DTYPE_KIND_FLOAT) continue;
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            struct ti_dist dist = {.distribution = TI_DISTRIBUTION_UNIFORM,
                                   .low = values[i],
                                   .high = values[i]};
            const struct ti_dist constant = {.low = values[i], .high = values[i]};
            struct ti_sampler same;
            assert_int_equal(ti_sampler_make(&dist, dtype, 1, 2, &sampler, NULL), TI_OK);
            assert_int_equal(ti_sampler_make(&constant, dtype, 1, 2, &same, NULL), TI_OK);
            assert_ptr_equal(sampler.class, &ti_sampler_constant);
            assert_memory_equal(sampler.element_bytes, same.element_bytes,
                                sizeof same.element_bytes);
            if (dtype == TI_DTYPE_F64) continue;
            dist.high = nextafter(values[i], INFINITY);
            assert_int_equal(ti_sampler_make(&dist, dtype, 1, 2, &sampler, &error),
                             TI_EVALUE);
            assert_string_equal(error.field, "high");
        }
    }
}

/* The width must be finite, and may be as large as any number. */
static void uniform_of_any_width(void **state) {
    static const struct {
        enum ti_dtype dtype;
        double low, high;
        bool fits;
    } rows[] = {
        {TI_DTYPE_F64, -0x1p1023, 0x1.ffffffffffffep1022, true},
        {TI_DTYPE_F64, -0x1p1023, 0x1p1023, false},
        {TI_DTYPE_F64, 0, 0x1.fffffffffffffp1023, true},
        {TI_DTYPE_F32, -0x1p127, 0x1.fffffcp126, true},
        {TI_DTYPE_F32, -0x1p127, 0x1p127, false},
        {TI_DTYPE_BF16, -0x1p127, 0x1p127, false},
        {TI_DTYPE_F32, 0, 0x1.fffffep127, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct ti_dist dist = {.distribution = TI_DISTRIBUTION_UNIFORM,
                                     .low = rows[i].low,
                                     .high = rows[i].high};
        struct ti_sampler sampler;
        struct ti_error error;
        const enum ti_status status =
            ti_sampler_make(&dist, rows[i].dtype, 0, 0, &sampler, &error);
        assert_int_equal(status, rows[i].fits ? TI_OK : TI_EVALUE);
        if (!rows[i].fits) assert_string_equal(error.field, "high");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach),
        cmocka_unit_test(limits_of_normals),
        cmocka_unit_test(limits_of_others),
        cmocka_unit_test(limits_of_bounded),
        cmocka_unit_test(before_high),
        cmocka_unit_test(uniform_numbers),
        cmocka_unit_test(uniform_of_one_value),
        cmocka_unit_test(uniform_of_any_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
