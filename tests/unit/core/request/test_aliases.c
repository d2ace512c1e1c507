/* SPDX-License-Identifier: MIT */
/*
 * core/request/aliases: every framework's name against the framework's documentation.
 * Expected numbers are computed here by its formulas, in long double; canonical queries
 * are by hand.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#define PHI(x) (expl(-(x) * (x) / 2) / sqrtl(2 * acosl(-1)))

/* Standard deviation of the standard normal cut at +-2. */
static long double tau(void) { return sqrtl(1 - 4 * PHI(2.L) / erfl(2 / sqrtl(2))); }

static bool close_to(double x, long double expected) {
    return x == (double)expected || fabsl(x - expected) <= 5e-16L * fabsl(expected);
}

/* Bounds are products of numbers that are rounded to binary32. */
static bool close_to_f32(double x, long double expected) {
    return x == (double)expected || fabsl(x - expected) <= 0x1p-22L * fabsl(expected);
}

enum dist { CONSTANT, UNIFORM, NORMAL, CUT, PATTERN, SPARSE, HAAR };

static const enum ti_distribution distributions[] = {
    [CONSTANT] = TI_DISTRIBUTION_CONSTANT, [UNIFORM] = TI_DISTRIBUTION_UNIFORM,
    [NORMAL] = TI_DISTRIBUTION_NORMAL,     [CUT] = TI_DISTRIBUTION_TRUNCATED_NORMAL,
    [PATTERN] = TI_DISTRIBUTION_PATTERN,   [SPARSE] = TI_DISTRIBUTION_SPARSE_NORMAL,
    [HAAR] = TI_DISTRIBUTION_ORTHOGONAL,
};

/*
 *   query      shape, name and parameters, as a user of the framework would write them
 *   canonical  its canonical query
 *   in, out    fans, 0 and 0 for none
 */
struct row {
    const char *query, *canonical;
    enum dist dist;
    long double mean, std, low, high;
    uint64_t in, out;
};

#define AT(value) CONSTANT, value, 0, value, value
#define BETWEEN(low, high)                                                               \
    UNIFORM, ((low) + (high)) / 2.L, ((high) - (low)) / sqrtl(12), low, high
#define WITHIN(bound) UNIFORM, 0, (bound) / sqrtl(3), -(bound), bound
#define BELL(mean, std) NORMAL, mean, std, -INFINITY, INFINITY
/* cut at 2 sigmas, with std before and after the cut */
#define PARENT(mean, s) CUT, mean, (s)*tau(), (mean)-2 * (s), (mean) + 2 * (s)
#define CORRECTED(s) CUT, 0, s, -2 * (s) / tau(), 2 * (s) / tau()
/* gain times a matrix with orthonormal rows or columns */
#define MATRIX(gain, length)                                                             \
    HAAR, 0, (gain) / sqrtl(length), -(gain) * (1 + 0x1p-10L), (gain) * (1 + 0x1p-10L)
#define FIXED(low, high) PATTERN, 0, 0, low, high

/* Of comma-separated words: the length of the first, and the rest. */
static int length(const char *words) { return (int)strcspn(words, ","); }

static const char *next(const char *words) {
    words += length(words);
    return words + strspn(words, ", ");
}

static bool is_name(const char *name, const char *framework, const char *spelling) {
    char text[100];
    snprintf(text, sizeof text, "%.*s.%.*s", length(framework), framework,
             length(spelling), spelling);
    return strcmp(name, text) == 0;
}

/* Which alias has been checked in which of its frameworks. */
static bool met[200][4];

static void meet(const char *name) {
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        size_t k = 0;
        for (const char *f = alias->frameworks; *f; f = next(f), k++) {
            if (is_name(name, f, alias->spellings)) met[i][k] = true;
        }
    }
}

static void check(const struct row *row) {
    struct ti_plan *plan = test_plan(row->query);
    const struct ti_plan_info *info = ti_plan_info(plan);
    const char *requested = strstr(row->query, "scheme=") + 7;
    if (strcmp(info->query, row->canonical) != 0) {
        fail_msg("%s is %s, not %s", row->query, info->query, row->canonical);
    }
    assert_row(info->distribution == distributions[row->dist], row->query);
    if (row->dist != PATTERN) {
        assert_row(close_to(info->mean, row->mean), row->query);
        assert_row(close_to(info->std, row->std), row->query);
    }
    assert_row(close_to_f32(info->low, row->low), row->query);
    assert_row(close_to_f32(info->high, row->high), row->query);
    assert_row(info->has_fan_in == (row->in > 0) && info->fan_in == row->in, row->query);
    assert_row(info->has_fan_out == (row->out > 0) && info->fan_out == row->out,
               row->query);
    meet(info->framework_name);
    assert_row(strlen(info->framework_name) == strcspn(requested, "&"), row->query);
    assert_row(strncmp(info->framework_name, requested, strlen(info->framework_name)) ==
                   0,
               row->query);
    ti_plan_free(plan);
}

static void check_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) check(&rows[i]);
}

/* Of [9, 4, 5] PyTorch takes 9 for the outputs: fans 20 and 45. */
#define S "shape=9,4,5&scheme="

/* timm: bounds in value units, or in standard deviations; fans as PyTorch's. */
static void timm(void **state) {
    const long double in = 20;
    const struct row rows[] = {
        {S "timm.trunc_normal_", S "truncated_normal&low=-2&high=2", PARENT(0, 1), 0, 0},
        {S "timm.trunc_normal_tf_", S "truncated_normal", PARENT(0, 1), 0, 0},
        {S "timm.trunc_normal_tf_&std=0.02", S "truncated_normal&std=0.02",
         PARENT(0, 0.02L), 0, 0},
        {S "timm.variance_scaling_", S "variance_scaling&distribution=untruncated_normal",
         BELL(0, sqrtl(1 / in)), 20, 45},
        {S "timm.variance_scaling_&distribution=uniform&scale=2",
         S "variance_scaling&scale=2&distribution=uniform", WITHIN(sqrtl(6 / in)), 20,
         45},
        {S "timm.lecun_normal_", S "lecun_normal", CORRECTED(sqrtl(1 / in)), 20, 45},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void torch(void **state) {
    const long double in = 20, out = 45, sum = 65;
    const struct row rows[] = {
        {S "torch.uniform_", S "uniform", BETWEEN(0, 1), 0, 0},
        {S "torch.uniform_&a=-1.5&b=4", S "uniform&low=-1.5&high=4", BETWEEN(-1.5L, 4), 0,
         0},
        {S "torch.uniform_&a=-1", S "uniform&low=-1", BETWEEN(-1, 1), 0, 0},
        {S "torch.uniform_&b=3", S "uniform&high=3", BETWEEN(0, 3), 0, 0},
        {S "torch.normal_", S "normal", BELL(0, 1), 0, 0},
        {S "torch.normal_&mean=2&std=0.5", S "normal&mean=2&std=0.5", BELL(2, .5L), 0, 0},
        /* a and b are in value units */
        {S "torch.trunc_normal_", S "truncated_normal&low=-2&high=2", PARENT(0, 1), 0, 0},
        {S "torch.trunc_normal_&std=0.02", S "truncated_normal&std=0.02&low=-2&high=2",
         CUT, 0, 0.02L, -2, 2, 0, 0},
        {S "torch.trunc_normal_&mean=1&std=2&a=-3&b=5",
         S "truncated_normal&mean=1&std=2&low=-3&high=5", PARENT(1, 2), 0, 0},
        {S "torch.constant_&val=0.3", S "constant&value=0.3", AT(0.3), 0, 0},
        {S "torch.ones_", S "ones", AT(1), 0, 0},
        {S "torch.zeros_", S "zeros", AT(0), 0, 0},
        {"shape=3,5&scheme=torch.eye_", "shape=3,5&scheme=identity", FIXED(0, 1), 0, 0},
        {"shape=4,2,3&scheme=torch.dirac_", "shape=4,2,3&scheme=dirac", FIXED(0, 1), 0,
         0},
        {"shape=4,2,3&scheme=torch.dirac_&groups=2", "shape=4,2,3&scheme=dirac&groups=2",
         FIXED(0, 1), 0, 0},
        {S "torch.xavier_uniform_", S "xavier_uniform", WITHIN(sqrtl(6 / sum)), 20, 45},
        {S "torch.xavier_uniform_&gain=0.3", S "xavier_uniform&gain=0.3",
         WITHIN(0.3L * sqrtl(6 / sum)), 20, 45},
        {S "torch.xavier_normal_", S "xavier_normal", BELL(0, sqrtl(2 / sum)), 20, 45},
        {S "torch.xavier_normal_&gain=1.5", S "xavier_normal&gain=1.5",
         BELL(0, 1.5L * sqrtl(2 / sum)), 20, 45},
        {S "torch.kaiming_uniform_", S "kaiming_uniform", WITHIN(sqrtl(6 / in)), 20, 45},
        {S "torch.kaiming_uniform_&a=0.5", S "kaiming_uniform&slope=0.5",
         WITHIN(sqrtl(6 / (1.25L * in))), 20, 45},
        {S "torch.kaiming_uniform_&a=2&mode=fan_out&nonlinearity=leaky_relu",
         S "kaiming_uniform&mode=fan_out&slope=2", WITHIN(sqrtl(6 / (5 * out))), 20, 45},
        {S "torch.kaiming_uniform_&nonlinearity=tanh",
         S "kaiming_uniform&nonlinearity=tanh", WITHIN(5 / 3.L * sqrtl(3 / in)), 20, 45},
        {S "torch.kaiming_normal_", S "kaiming_normal", BELL(0, sqrtl(2 / in)), 20, 45},
        {S "torch.kaiming_normal_&a=1", S "kaiming_normal&slope=1",
         BELL(0, sqrtl(1 / in)), 20, 45},
        {S "torch.kaiming_normal_&nonlinearity=relu&mode=fan_out",
         S "kaiming_normal&mode=fan_out&nonlinearity=relu", BELL(0, sqrtl(2 / out)), 20,
         45},
        {S "torch.kaiming_normal_&nonlinearity=selu",
         S "kaiming_normal&nonlinearity=selu", BELL(0, 0.75L / sqrtl(in)), 20, 45},
        {S "torch.kaiming_normal_&fan_in=3", S "kaiming_normal&fan_in=3",
         BELL(0, sqrtl(2 / 3.L)), 3, 45},
        {"shape=8,5&scheme=torch.sparse_&sparsity=0.5",
         "shape=8,5&scheme=sparse&sparsity=0.5", SPARSE, 0, 0.01L * sqrtl(0.5L),
         -INFINITY, INFINITY, 0, 0},
        {"shape=8,5&scheme=torch.sparse_&sparsity=0.1&std=2",
         "shape=8,5&scheme=sparse&std=2&sparsity=0.1", SPARSE, 0, 2 * sqrtl(7 / 8.L),
         -INFINITY, INFINITY, 0, 0},
        {S "torch.orthogonal_", S "orthogonal", MATRIX(1, 20.L), 0, 0},
        {S "torch.orthogonal_&gain=3", S "orthogonal&gain=3", MATRIX(3, 20.L), 0, 0},
        /* a=0, PyTorch's default, is valid with any nonlinearity */
        {S "torch.kaiming_normal_&a=0&nonlinearity=relu",
         S "kaiming_normal&nonlinearity=relu", BELL(0, sqrtl(2 / in)), 20, 45},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* Keras, JAX, Flax and Haiku take 5 for the outputs of [9, 4, 5]: fans 36 and 45. */

static void keras(void **state) {
    const long double in = 36, out = 45, avg = 40.5L;
    const struct row rows[] = {
        {S "keras.Zeros", S "zeros", AT(0), 0, 0},
        {S "keras.Ones", S "ones", AT(1), 0, 0},
        {S "keras.Constant", S "constant&value=0", AT(0), 0, 0},
        {S "keras.Constant&value=6", S "constant&value=6", AT(6), 0, 0},
        {"shape=3,5&scheme=keras.Identity", "shape=3,5&scheme=identity", FIXED(0, 1), 0,
         0},
        {"shape=3,3&scheme=keras.Identity&gain=2", "shape=3,3&scheme=identity&gain=2",
         FIXED(0, 2), 0, 0},
        {S "keras.RandomNormal", S "normal&std=0.05", BELL(0, 0.05L), 0, 0},
        {S "keras.RandomNormal&mean=1&stddev=1", S "normal&mean=1", BELL(1, 1), 0, 0},
        {S "keras.RandomUniform", S "uniform&low=-0.05&high=0.05", WITHIN(0.05L), 0, 0},
        {S "keras.RandomUniform&minval=-1&maxval=1", S "uniform&low=-1", WITHIN(1), 0, 0},
        {S "keras.TruncatedNormal", S "truncated_normal&std=0.05", PARENT(0, 0.05L), 0,
         0},
        {S "keras.TruncatedNormal&mean=3&stddev=1", S "truncated_normal&mean=3",
         PARENT(3, 1), 0, 0},
        {S "keras.VarianceScaling", S "variance_scaling&layout=io",
         CORRECTED(sqrtl(1 / in)), 36, 45},
        {S "keras.VarianceScaling&scale=2&mode=fan_out",
         S "variance_scaling&layout=io&mode=fan_out&scale=2", CORRECTED(sqrtl(2 / out)),
         36, 45},
        /* normal is the truncated one */
        {S "keras.VarianceScaling&mode=fan_avg&distribution=normal",
         S "variance_scaling&layout=io&mode=fan_avg", CORRECTED(sqrtl(1 / avg)), 36, 45},
        {S "keras.VarianceScaling&distribution=untruncated_normal",
         S "variance_scaling&layout=io&distribution=untruncated_normal",
         BELL(0, sqrtl(1 / in)), 36, 45},
        {S "keras.VarianceScaling&scale=0.5&distribution=uniform",
         S "variance_scaling&layout=io&scale=0.5&distribution=uniform",
         WITHIN(sqrtl(1.5L / in)), 36, 45},
        {S "keras.VarianceScaling&input_axes=0&output_axes=-1,-2",
         S "variance_scaling&input_axes=0&output_axes=2,1", CORRECTED(sqrtl(1 / 9.L)), 9,
         20},
        {S "keras.GlorotUniform", S "glorot_uniform&layout=io", WITHIN(sqrtl(3 / avg)),
         36, 45},
        {S "keras.GlorotNormal", S "glorot_normal&layout=io", CORRECTED(sqrtl(1 / avg)),
         36, 45},
        {S "keras.LecunUniform", S "lecun_uniform&layout=io", WITHIN(sqrtl(3 / in)), 36,
         45},
        {S "keras.LecunNormal", S "lecun_normal&layout=io", CORRECTED(sqrtl(1 / in)), 36,
         45},
        {S "keras.HeUniform", S "he_uniform&layout=io", WITHIN(sqrtl(6 / in)), 36, 45},
        {S "keras.HeNormal", S "he_normal&layout=io", CORRECTED(sqrtl(2 / in)), 36, 45},
        {S "keras.HeNormal&input_axes=0,1&output_axes=none",
         S "he_normal&input_axes=0,1&output_axes=none", CORRECTED(sqrtl(2 / 36.L)), 36,
         1},
        {S "keras.HeNormal&fan_in=7&fan_out=8", S "he_normal&fan_in=7&fan_out=8",
         CORRECTED(sqrtl(2 / 7.L)), 7, 8},
        {S "keras.HeNormal&fan_in=7", S "he_normal&layout=io&fan_in=7",
         CORRECTED(sqrtl(2 / 7.L)), 7, 45},
        /* fans of biases and scalars */
        {"shape=7&scheme=keras.HeNormal", "shape=7&scheme=he_normal&fan_in=7&fan_out=7",
         CORRECTED(sqrtl(2 / 7.L)), 7, 7},
        {"shape=scalar&scheme=keras.GlorotUniform",
         "shape=scalar&scheme=glorot_uniform&fan_in=1&fan_out=1", WITHIN(sqrtl(3)), 1, 1},
        {"shape=0&scheme=keras.HeNormal", "shape=0&scheme=he_normal&fan_in=1&fan_out=1",
         CORRECTED(sqrtl(2)), 1, 1},
        {"shape=7&scheme=keras.HeNormal&input_axes=0&output_axes=none",
         "shape=7&scheme=he_normal&input_axes=0&output_axes=none",
         CORRECTED(sqrtl(2 / 7.L)), 7, 1},
        {"shape=9,1,5&scheme=keras.STFT&window=none",
         "shape=9,1,5&scheme=stft&window=none", FIXED(-1, 1), 0, 0},
        {"shape=9,1,5&scheme=keras.stft&window=boxcar&side=imag&scaling=spectrum&periodic=1",
         "shape=9,1,5&scheme=stft&side=imag&window=boxcar&scaling=spectrum&periodic=true",
         FIXED(-1 / 9.L, 1 / 9.L), 0, 0},
        {S "keras.Orthogonal", S "orthogonal&layout=io", MATRIX(1, 36.L), 0, 0},
        {S "keras.Orthogonal&gain=0.5", S "orthogonal&layout=io&gain=0.5",
         MATRIX(0.5L, 36.L), 0, 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void jax(void **state) {
    const long double in = 36, avg = 40.5L;
    const struct row rows[] = {
        {S "jax.zeros", S "zeros", AT(0), 0, 0},
        {S "jax.ones", S "ones", AT(1), 0, 0},
        {S "flax.zeros", S "zeros", AT(0), 0, 0},
        {S "flax.ones", S "ones", AT(1), 0, 0},
        {S "jax.constant&value=-7", S "constant&value=-7", AT(-7), 0, 0},
        {S "jax.uniform", S "uniform&high=0.01", BETWEEN(0, 0.01L), 0, 0},
        {S "jax.uniform&scale=3", S "uniform&high=3", BETWEEN(0, 3), 0, 0},
        {S "jax.normal", S "normal&std=0.01", BELL(0, 0.01L), 0, 0},
        {S "jax.normal&stddev=1", S "normal", BELL(0, 1), 0, 0},
        /* lower and upper are in sigmas */
        {S "jax.truncated_normal", S "truncated_normal&std=0.01", PARENT(0, 0.01L), 0, 0},
        {S "jax.truncated_normal&stddev=5&lower=-1.5&upper=1.5",
         S "truncated_normal&std=5&truncation=1.5", CUT, 0,
         5 * sqrtl(1 - 3 * PHI(1.5L) / erfl(1.5L / sqrtl(2))), -7.5L, 7.5L, 0, 0},
        {S "jax.variance_scaling&scale=1&mode=fan_in&distribution=truncated_normal",
         S "variance_scaling&layout=io", CORRECTED(sqrtl(1 / in)), 36, 45},
        /* normal is not truncated */
        {S "jax.variance_scaling&scale=2&mode=fan_geo_avg&distribution=normal",
         S "variance_scaling&layout=io&mode=fan_geo_avg&scale=2"
           "&distribution=untruncated_normal",
         BELL(0, sqrtl(2 / sqrtl(36 * 45))), 36, 45},
        {S "jax.variance_scaling&distribution=uniform&mode=fan_avg",
         S "variance_scaling&layout=io&mode=fan_avg&distribution=uniform",
         WITHIN(sqrtl(3 / avg)), 36, 45},
        {S "jax.glorot_uniform", S "glorot_uniform&layout=io", WITHIN(sqrtl(3 / avg)), 36,
         45},
        {S "jax.glorot_normal", S "glorot_normal&layout=io", CORRECTED(sqrtl(1 / avg)),
         36, 45},
        {S "jax.lecun_uniform", S "lecun_uniform&layout=io", WITHIN(sqrtl(3 / in)), 36,
         45},
        {S "jax.lecun_normal", S "lecun_normal&layout=io", CORRECTED(sqrtl(1 / in)), 36,
         45},
        {S "jax.he_uniform", S "he_uniform&layout=io", WITHIN(sqrtl(6 / in)), 36, 45},
        {S "jax.he_normal", S "he_normal&layout=io", CORRECTED(sqrtl(2 / in)), 36, 45},
        {S "jax.he_normal&fan_in=7", S "he_normal&layout=io&fan_in=7",
         CORRECTED(sqrtl(2 / 7.L)), 7, 45},
        {S "jax.orthogonal", S "orthogonal&layout=io", MATRIX(1, 36.L), 0, 0},
        {S "jax.orthogonal&scale=2&column_axis=2", S "orthogonal&layout=io&gain=2",
         MATRIX(2, 36.L), 0, 0},
        {S "jax.orthogonal&column_axis=0", S "orthogonal", MATRIX(1, 20.L), 0, 0},
        {S "jax.delta_orthogonal&scale=2", S "delta_orthogonal&layout=io&gain=2",
         MATRIX(2, 45.L), 0, 0},
        {S "jax.delta_orthogonal&column_axis=0", S "delta_orthogonal&layout=io",
         MATRIX(1, 45.L), 0, 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
    /* Flax re-exports JAX's */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200], *name;
        struct row row = rows[i];
        if (!strstr(row.query, "scheme=jax.")) continue;
        snprintf(query, sizeof query, "%s", row.query);
        name = strstr(query, "scheme=") + 7;
        memmove(name + 5, name + 4, strlen(name + 4) + 1);
        memcpy(name, "flax.", 5);
        row.query = query;
        check(&row);
    }
}

/* Fans of JAX's axes, from its documentation and its tests. */
static void jax_axes(void **state) {
    static const struct {
        const char *shape, *axes, *canonical;
        uint64_t in, out;
    } rows[] = {
        {"2,3,4,5", "", "layout=io", 24, 30},
        {"2,3,4,5", "&in_axis=0,1&out_axis=-2,-1", "in_axis=0,1&out_axis=2,3", 6, 20},
        {"2,3,4,5", "&in_axis=0&out_axis=2,3&batch_axis=1",
         "in_axis=0&out_axis=2,3&batch_axis=1", 2, 20},
        {"2,3", "&in_axis=0&out_axis=none", "in_axis=0&out_axis=none", 6, 3},
        {"2", "&in_axis=0&out_axis=none", "in_axis=0&out_axis=none", 2, 1},
        {"2,3,4,5", "&in_axis=0&out_axis=none", "in_axis=0&out_axis=none", 120, 60},
        {"2,3", "&in_axis=none&out_axis=none", "in_axis=none&out_axis=none", 6, 6},
        {"scalar", "&in_axis=none&out_axis=none", "in_axis=none&out_axis=none", 1, 1},
        {"2,3", "&in_axis=none&out_axis=0", "in_axis=none&out_axis=0", 3, 6},
        {"2", "&in_axis=none&out_axis=0", "in_axis=none&out_axis=0", 1, 2},
        {"2,3,4,5", "&in_axis=0", "in_axis=0", 24, 60}, /* out_axis is -1 */
        {"7,9", "&out_axis=0", "out_axis=0", 9, 9},     /* in_axis is -2 */
        {"2,3,4,5", "&out_axis=0", "out_axis=0", 60, 30},
        {"2,3,4,5", "&batch_axis=0", "batch_axis=0", 12, 15},
        {"2,3,4,5", "&batch_axis=none", "batch_axis=none", 24, 30},
        {"0,3,4", "&in_axis=1&out_axis=2&batch_axis=0",
         "in_axis=1&out_axis=2&batch_axis=0", 3, 4},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char query[200], canonical[200];
        snprintf(query, sizeof query, "shape=%s&scheme=jax.lecun_normal%s", rows[i].shape,
                 rows[i].axes);
        snprintf(canonical, sizeof canonical, "shape=%s&scheme=lecun_normal&%s",
                 rows[i].shape, rows[i].canonical);
        const struct row row = {query, canonical,
                                CORRECTED(sqrtl(1 / (long double)rows[i].in)), rows[i].in,
                                rows[i].out};
        check(&row);
        const struct row canonical_row = {canonical, canonical, row.dist,
                                          row.mean,  row.std,   row.low,
                                          row.high,  row.in,    row.out};
        struct ti_plan *plan =
            test_plan(canonical); /* the canonical query has the same fans */
        assert_string_equal(ti_plan_info(plan)->query, canonical);
        assert_row(ti_plan_info(plan)->fan_in == canonical_row.in, canonical);
        assert_row(ti_plan_info(plan)->fan_out == canonical_row.out, canonical);
        ti_plan_free(plan);
    }
}

static void haiku(void **state) {
    const long double in = 36, out = 45, avg = 40.5L;
    const struct row rows[] = {
        {S "haiku.Constant&constant=2", S "constant&value=2", AT(2), 0, 0},
        {"shape=3,5&scheme=haiku.Identity", "shape=3,5&scheme=identity", FIXED(0, 1), 0,
         0},
        {"shape=3,5&scheme=haiku.Identity&gain=-3", "shape=3,5&scheme=identity&gain=-3",
         FIXED(-3, 0), 0, 0},
        {S "haiku.RandomNormal", S "normal", BELL(0, 1), 0, 0},
        {S "haiku.RandomNormal&stddev=2&mean=1", S "normal&mean=1&std=2", BELL(1, 2), 0,
         0},
        {S "haiku.RandomUniform", S "uniform", BETWEEN(0, 1), 0, 0},
        {S "haiku.RandomUniform&minval=-2&maxval=-1", S "uniform&low=-2&high=-1",
         BETWEEN(-2, -1), 0, 0},
        {S "haiku.TruncatedNormal", S "truncated_normal", PARENT(0, 1), 0, 0},
        {S "haiku.TruncatedNormal&lower=-2&upper=2", S "truncated_normal", PARENT(0, 1),
         0, 0},
        {S "haiku.TruncatedNormal&lower=-inf&upper=inf",
         S "truncated_normal&truncation=none", BELL(0, 1), 0, 0},
        {"shape=2,3,5&scheme=haiku.Identity", "shape=2,3,5&scheme=identity", FIXED(0, 1),
         0, 0},
        /* fan_out is the product of the axes that are not in the list */
        {S "haiku.VarianceScaling&fan_in_axes=0",
         S "variance_scaling&input_axes=0&output_axes=1,2", CORRECTED(sqrtl(1 / 9.L)), 9,
         20},
        {S "haiku.VarianceScaling&fan_in_axes=0,1&mode=fan_out",
         S "variance_scaling&mode=fan_out&input_axes=0,1&output_axes=2",
         CORRECTED(sqrtl(1 / 5.L)), 36, 5},
        /* and a negative axis is not one of them */
        {S "haiku.VarianceScaling&fan_in_axes=-1&mode=fan_avg",
         S "variance_scaling&mode=fan_avg&input_axes=2&output_axes=0,1,2",
         CORRECTED(sqrtl(2 / 185.L)), 5, 180},
        {"shape=7,3&scheme=haiku.VarianceScaling&fan_in_axes=0",
         "shape=7,3&scheme=variance_scaling&layout=io", CORRECTED(sqrtl(1 / 7.L)), 7, 3},
        {S "haiku.TruncatedNormal&mean=1&stddev=0.5", S "truncated_normal&mean=1&std=0.5",
         PARENT(1, 0.5L), 0, 0},
        {S "haiku.VarianceScaling", S "variance_scaling&layout=io",
         CORRECTED(sqrtl(1 / in)), 36, 45},
        {S "haiku.VarianceScaling&scale=2&mode=fan_out&distribution=normal",
         S "variance_scaling&layout=io&mode=fan_out&scale=2"
           "&distribution=untruncated_normal",
         BELL(0, sqrtl(2 / out)), 36, 45},
        {S "haiku.VarianceScaling&mode=fan_avg&distribution=uniform",
         S "variance_scaling&layout=io&mode=fan_avg&distribution=uniform",
         WITHIN(sqrtl(3 / avg)), 36, 45},
        {"shape=7&scheme=haiku.VarianceScaling",
         "shape=7&scheme=variance_scaling&fan_in=7&fan_out=7", CORRECTED(sqrtl(1 / 7.L)),
         7, 7},
        /* the product of all dims but the last, whatever the rank */
        {S "haiku.UniformScaling", S "kaiming_uniform&layout=io&gain=1",
         WITHIN(sqrtl(3 / in)), 36, 45},
        {S "haiku.UniformScaling&scale=2", S "kaiming_uniform&layout=io&gain=2",
         WITHIN(2 * sqrtl(3 / in)), 36, 45},
        {"shape=7&scheme=haiku.UniformScaling",
         "shape=7&scheme=kaiming_uniform&fan_in=1&gain=1", WITHIN(sqrtl(3)), 1, 0},
        {"shape=scalar&scheme=haiku.UniformScaling",
         "shape=scalar&scheme=kaiming_uniform&fan_in=1&gain=1", WITHIN(sqrtl(3)), 1, 0},
        {"shape=7&scheme=haiku.UniformScaling&fan_in=4",
         "shape=7&scheme=kaiming_uniform&fan_in=4&gain=1", WITHIN(sqrtl(3 / 4.L)), 4, 0},
        {S "haiku.Orthogonal&scale=2", S "orthogonal&layout=io&gain=2", MATRIX(2, 36.L),
         0, 0},
        {S "haiku.Orthogonal&axis=0", S "orthogonal", MATRIX(1, 20.L), 0, 0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

static void tfjs(void **state) {
    const long double in = 36, out = 45, avg = 40.5L;
    const struct row rows[] = {
        {S "tfjs.zeros", S "zeros", AT(0), 0, 0},
        {S "tfjs.ones", S "ones", AT(1), 0, 0},
        {S "tfjs.constant&value=5", S "constant&value=5", AT(5), 0, 0},
        {"shape=3,3&scheme=tfjs.identity&gain=0.5", "shape=3,3&scheme=identity&gain=0.5",
         FIXED(0, 0.5), 0, 0},
        {S "tfjs.randomUniform", S "uniform&low=-0.05&high=0.05", WITHIN(0.05L), 0, 0},
        {S "tfjs.randomUniform&minval=0&maxval=1", S "uniform", BETWEEN(0, 1), 0, 0},
        {S "tfjs.randomNormal", S "normal&std=0.05", BELL(0, 0.05L), 0, 0},
        {S "tfjs.randomNormal&mean=2&stddev=1", S "normal&mean=2", BELL(2, 1), 0, 0},
        {S "tfjs.truncatedNormal", S "truncated_normal&std=0.05", PARENT(0, 0.05L), 0, 0},
        {S "tfjs.truncatedNormal&stddev=2&mean=-1", S "truncated_normal&mean=-1&std=2",
         PARENT(-1, 2), 0, 0},
        /* truncated normals are not corrected */
        {S "tfjs.varianceScaling", S "variance_scaling&layout=io&corrected=false",
         PARENT(0, sqrtl(1 / in)), 36, 45},
        {S "tfjs.varianceScaling&scale=2&mode=fanOut&distribution=normal",
         S "variance_scaling&layout=io&mode=fan_out&corrected=false&scale=2",
         PARENT(0, sqrtl(2 / out)), 36, 45},
        {S "tfjs.varianceScaling&mode=fanAvg&distribution=uniform",
         S "variance_scaling&layout=io&mode=fan_avg&distribution=uniform",
         WITHIN(sqrtl(3 / avg)), 36, 45},
        {S "tfjs.glorotUniform", S "glorot_uniform&layout=io", WITHIN(sqrtl(3 / avg)), 36,
         45},
        {S "tfjs.heUniform", S "he_uniform&layout=io", WITHIN(sqrtl(6 / in)), 36, 45},
        {S "tfjs.leCunUniform", S "lecun_uniform&layout=io", WITHIN(sqrtl(3 / in)), 36,
         45},
        {S "tfjs.glorotNormal", S "glorot_normal&layout=io&corrected=false",
         PARENT(0, sqrtl(1 / avg)), 36, 45},
        {S "tfjs.heNormal", S "he_normal&layout=io&corrected=false",
         PARENT(0, sqrtl(2 / in)), 36, 45},
        {S "tfjs.leCunNormal", S "lecun_normal&layout=io&corrected=false",
         PARENT(0, sqrtl(1 / in)), 36, 45},
        /* ranks other than 2 to 5: both fans are the root of the number of elements */
        {"shape=10000&scheme=tfjs.glorotUniform",
         "shape=10000&scheme=glorot_uniform&fan_in=10000&fan_out=1&mode=fan_geo_avg",
         WITHIN(sqrtl(3 / 100.L)), 10000, 1},
        {"shape=scalar&scheme=tfjs.heNormal",
         "shape=scalar&scheme=he_normal&fan_in=1&fan_out=1&mode=fan_geo_avg&corrected=false",
         PARENT(0, sqrtl(2)), 1, 1},
        {"shape=50&scheme=tfjs.varianceScaling&mode=fanOut&distribution=uniform",
         "shape=50&scheme=variance_scaling&fan_in=50&fan_out=1&mode=fan_geo_avg"
         "&distribution=uniform",
         WITHIN(sqrtl(3 / sqrtl(50))), 50, 1},
        {"shape=2,1,3,1,2,3&scheme=tfjs.leCunUniform",
         "shape=2,1,3,1,2,3&scheme=lecun_uniform&fan_in=36&fan_out=1&mode=fan_geo_avg",
         WITHIN(sqrtl(3 / 6.L)), 36, 1},
        {"shape=2,1,3,1,2&scheme=tfjs.leCunUniform",
         "shape=2,1,3,1,2&scheme=lecun_uniform&layout=io", WITHIN(sqrtl(3 / 6.L)), 6, 12},
        /* but fan_in= and fan_out= are n */
        {"shape=50&scheme=tfjs.leCunUniform&fan_in=12",
         "shape=50&scheme=lecun_uniform&fan_in=12", WITHIN(0.5L), 12, 0},
        {S "tfjs.orthogonal&gain=2", S "orthogonal&layout=io&gain=2", MATRIX(2, 36.L), 0,
         0},
    };
    (void)state;
    check_rows(rows, COUNT_OF(rows));
}

/* The tables above must have all names. */
static void tables_are_complete(void **state) {
    (void)state;
    assert_true(ti_alias_count() <= COUNT_OF(met));
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        size_t k = 0;
        for (const char *f = alias->frameworks; *f; f = next(f), k++) {
            if (!met[i][k]) fail_msg("no row of %s in %s", alias->spellings, f);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torch),    cmocka_unit_test(timm),
        cmocka_unit_test(keras),    cmocka_unit_test(jax),
        cmocka_unit_test(jax_axes), cmocka_unit_test(haiku),
        cmocka_unit_test(tfjs),     cmocka_unit_test(tables_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
