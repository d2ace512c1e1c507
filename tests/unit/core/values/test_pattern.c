/* SPDX-License-Identifier: MIT */
/*
 * core/values/pattern and core/request/schemes/patterns: identity, dirac, zero_hadamard,
 * lstm_forget_bias and bilinear against naive definitions, on every dtype and in any cut.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/oracle.h"
#include "support/random.h"
#include "support/test.h"

/* The indexes of an element, from the shape of the full tensor. */
struct at {
    unsigned rank;
    uint64_t shape[TI_MAX_RANK], index[TI_MAX_RANK];
};

static struct at at_of(const struct ti_plan_info *info, uint64_t elem) {
    struct at at = {.rank = info->full_rank};
    for (unsigned i = at.rank; i-- > 0;) {
        at.shape[i] = info->full_shape[i];
        at.index[i] = elem % at.shape[i];
        elem /= at.shape[i];
    }
    return at;
}

/* A naive definition: the value of an element; 'number' is gain, groups or value. */
typedef double definition(const struct at *at, double number);

static double identity(const struct at *at, double gain) {
    return at->index[0] == at->index[1] ? gain : 0;
}

/* Haiku: jnp.eye(rows, cols) broadcast to the dims before the last two. */
static double identities(const struct at *at, double gain) {
    return at->index[at->rank - 2] == at->index[at->rank - 1] ? gain : 0;
}

/* Stacks: the axes of row and column are the others of batch_axis. */
static double identities_02(const struct at *at, double gain) {
    return at->index[0] == at->index[2] ? gain : 0;
}

static double identities_01(const struct at *at, double gain) {
    return at->index[0] == at->index[1] ? gain : 0;
}

static double identities_13(const struct at *at, double gain) {
    return at->index[1] == at->index[3] ? gain : 0;
}

/* torch: for g: for d < min(out/groups, in): W[g*out/groups + d, d, k/2...] = 1 */
static double dirac(const struct at *at, double groups) {
    const uint64_t each = at->shape[0] / (uint64_t)groups, d = at->index[0] % each;
    if (at->index[1] != d) return 0;
    for (unsigned i = 2; i < at->rank; i++) {
        if (at->index[i] != at->shape[i] / 2) return 0;
    }
    return 1;
}

/* Sylvester's recursion: H(2n) = [[H, H], [H, -H]]. */
static int sylvester(uint64_t order, uint64_t i, uint64_t j) {
    if (order == 1) return 1;
    const uint64_t half = order / 2;
    const int sign = i >= half && j >= half ? -1 : 1;
    return sign * sylvester(half, i % half, j % half);
}

static double hadamard_of(const struct at *at, unsigned row, unsigned column) {
    uint64_t order = 1;
    if (at->shape[row] <= at->shape[column]) return at->index[row] == at->index[column];
    while (order < at->shape[row]) order *= 2;
    return sylvester(order, at->index[row], at->index[column]) *
           (1 / sqrt((double)order));
}

static double zero_hadamard(const struct at *at, double number) {
    (void)number;
    return hadamard_of(at, 0, 1);
}

static double hadamards_02(const struct at *at, double number) {
    (void)number;
    return hadamard_of(at, 0, 2);
}

static double hadamards_12(const struct at *at, double number) {
    (void)number;
    return hadamard_of(at, 1, 2);
}

static double lstm_forget_bias(const struct at *at, double value) {
    const uint64_t units = at->shape[0] / 4;
    return at->index[0] / units == 1 ? value : 0;
}

/* Caffe's filler.hpp: f = ceil(k / 2.), c = (k - 1) / (2. * f) */
static double bilinear(const struct at *at, double number) {
    const double k = (double)at->shape[3], f = ceil(k / 2.), c = (k - 1) / (2. * f);
    const double x = (double)at->index[3], y = (double)at->index[2];
    (void)number;
    return (1 - fabs(x / f - c)) * (1 - fabs(y / f - c));
}

static const struct pattern {
    const char *query;
    definition *value;
    double number;
    bool integer; /* integer dtypes hold it */
} patterns[] = {
    {"scheme=identity&shape=1,1", identity, 1, true},
    {"scheme=identity&shape=7,7", identity, 1, true},
    {"scheme=identity&shape=3,50", identity, 1, true},
    {"scheme=identity&shape=50,3", identity, 1, true},
    {"scheme=identity&shape=1,9", identity, 1, true},
    {"scheme=identity&shape=9,1", identity, 1, true},
    {"scheme=identity&shape=130,131&gain=3", identity, 3, true},
    {"scheme=identity&shape=2,3,4", identities, 1, true},
    {"scheme=identity&shape=3,5,2", identities, 1, true},
    {"scheme=identity&shape=2,3,4,4&gain=3", identities, 3, true},
    {"scheme=identity&shape=5,3,4&batch_axis=1", identities_02, 1, true},
    {"scheme=identity&shape=5,4,3&batch_axis=2&gain=3", identities_01, 3, true},
    {"scheme=identity&shape=5,3,4,2&batch_axis=1,-1", identities_02, 1, true},
    {"scheme=identity&shape=2,9,3,5&batch_axis=2&gain=0.3", identities_13, 0.3, false},
    {"scheme=identity&shape=40,30,50&batch_axis=1", identities_02, 1, true},
    {"scheme=haiku.Identity&shape=7,1,9", identities, 1, true},
    {"scheme=identity&shape=33,34&gain=0.3", identity, 0.3, false},
    {"scheme=identity&shape=34,33&gain=-2.7", identity, -2.7, false},
    {"scheme=identity&shape=5,6&gain=0", identity, 0, true},
    {"scheme=dirac&shape=4,3,3", dirac, 1, true},
    {"scheme=dirac&shape=3,4,3", dirac, 1, true},
    {"scheme=dirac&shape=1,1,1", dirac, 1, true},
    {"scheme=dirac&shape=5,5,4", dirac, 1, true}, /* even kernels: the later of the two */
    {"scheme=dirac&shape=6,3,2&groups=2", dirac, 2, true},
    {"scheme=dirac&shape=6,3,3&groups=6", dirac, 6, true},
    {"scheme=dirac&shape=12,9,1,3,3&groups=3", dirac, 3, true},
    {"scheme=dirac&shape=9,2,3,5&groups=3", dirac, 3, true},
    {"scheme=dirac&shape=6,4,2,3,4&groups=2", dirac, 2, true},
    {"scheme=dirac&shape=16,16,3,3", dirac, 1, true},
    /* no more rows than columns: the identity */
    {"scheme=zero_hadamard&shape=5,5", zero_hadamard, 0, true},
    {"scheme=zero_hadamard&shape=5,9", zero_hadamard, 0, true},
    {"scheme=zero_hadamard&shape=8,4", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=9,8", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=2,1", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=100,37", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=64,63", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=5,3,4&batch_axis=1", hadamards_02, 0, false},
    {"scheme=zero_hadamard&shape=5,3,7&batch_axis=1", hadamards_02, 0, true},
    {"scheme=zero_hadamard&shape=6,9,8&batch_axis=0", hadamards_12, 0, false},
    {"scheme=zero_hadamard&shape=9,8,6&batch_axis=2", zero_hadamard, 0, false},
    {"scheme=zero_hadamard&shape=17,2,9,5&batch_axis=3,1", hadamards_02, 0, false},
    {"scheme=lstm_forget_bias&shape=4", lstm_forget_bias, 1, true},
    {"scheme=lstm_forget_bias&shape=12", lstm_forget_bias, 1, true},
    {"scheme=lstm_forget_bias&shape=4096", lstm_forget_bias, 1, true},
    {"scheme=lstm_forget_bias&shape=40&value=2.5", lstm_forget_bias, 2.5, false},
    {"scheme=lstm_forget_bias&shape=40&value=100", lstm_forget_bias, 100, true},
    {"scheme=bilinear&shape=1,1,1,1", bilinear, 0, false},
    {"scheme=bilinear&shape=2,3,2,2", bilinear, 0, false},
    {"scheme=bilinear&shape=2,3,3,3", bilinear, 0, false},
    {"scheme=bilinear&shape=3,2,4,4", bilinear, 0, false},
    {"scheme=bilinear&shape=3,2,5,5", bilinear, 0, false},
    {"scheme=bilinear&shape=2,2,16,16", bilinear, 0, false},
};

static struct ti_plan *plan_of(const char *query, const char *rest) {
    char text[300];
    snprintf(text, sizeof text, "%s%s", query, rest);
    return test_plan(text);
}

/* The value of an element of any dtype. */
static double read(enum ti_dtype dtype, const unsigned char *out) {
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        uint64_t u64;
        int64_t i64;
        float f32;
        double f64;
    } x = {0};
    memcpy(&x, out, ti_dtype_bytes(dtype));
    switch (dtype) {
    case TI_DTYPE_F32:
        return (double)x.f32;
    case TI_DTYPE_F64:
        return x.f64;
    case TI_DTYPE_I8:
        return x.i8;
    case TI_DTYPE_I16:
        return x.i16;
    case TI_DTYPE_I32:
        return x.i32;
    case TI_DTYPE_I64:
        return (double)x.i64;
    case TI_DTYPE_U8:
    case TI_DTYPE_BOOL:
        return x.u8;
    case TI_DTYPE_U16:
        return x.u16;
    case TI_DTYPE_U32:
        return x.u32;
    case TI_DTYPE_U64:
        return (double)x.u64;
    default:
        fail_msg("%s is no type of this function", ti_dtype_name(dtype));
        return 0;
    }
}

static void check(const struct pattern *pattern, const char *dtype) {
    char rest[40];
    snprintf(rest, sizeof rest, "&dtype=%s", dtype);
    struct ti_plan *plan = plan_of(pattern->query, rest);
    const struct ti_plan_info *info = ti_plan_info(plan);
    const size_t bytes = ti_dtype_bytes(info->dtype);
    unsigned char *out = malloc(info->body_bytes);
    assert_int_equal(ti_plan_fill(plan, 0, info->elems, out, NULL), TI_OK);
    for (uint64_t e = 0; e < info->elems; e++) {
        const struct at at = at_of(info, e);
        double expected = pattern->value(&at, pattern->number);
        const double x = read(info->dtype, out + e * bytes);
        if (info->dtype == TI_DTYPE_F32) expected = (double)(float)expected;
        if (x != expected || signbit(x) != (expected < 0)) {
            fail_msg("%s as %s: element %llu is %g, not %g", pattern->query, dtype,
                     (unsigned long long)e, x, expected);
        }
        const bool f64 = info->dtype == TI_DTYPE_F64;
        assert_row(x >= (f64 ? info->low : (double)(float)info->low), pattern->query);
        assert_row(x <= (f64 ? info->high : (double)(float)info->high), pattern->query);
    }
    assert_row(info->distribution == TI_DISTRIBUTION_PATTERN, pattern->query);
    assert_row(!info->random && isnan(info->mean) && isnan(info->std), pattern->query);
    free(out);
    ti_plan_free(plan);
}

static void by_definition(void **state) {
    static const char *const floats[] = {"f32", "f64"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        for (size_t k = 0; k < COUNT_OF(floats); k++) check(&patterns[i], floats[k]);
    }
}

static void integer_dtypes(void **state) {
    static const char *const integers[] = {"i8", "i16", "i32", "i64",
                                           "u8", "u16", "u32", "u64"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        for (size_t k = 0; k < COUNT_OF(integers); k++) {
            char query[300];
            if (patterns[i].integer) {
                check(&patterns[i], integers[k]);
                continue;
            }
            struct ti_error error = {0};
            struct ti_plan *plan;
            snprintf(query, sizeof query, "%s&dtype=%s", patterns[i].query, integers[k]);
            assert_row(test_plan_try(query, &plan, &error) == TI_EVALUE, query);
        }
        /* bool has only 0 and 1 */
        if (patterns[i].integer && !strstr(patterns[i].query, "=3") &&
            !strstr(patterns[i].query, "=100")) {
            check(&patterns[i], "bool");
        }
    }
    check(&(struct pattern){"scheme=lstm_forget_bias&shape=8&value=18446744073709551615",
                            lstm_forget_bias, 0x1p64, true},
          "u64");
    check(&(struct pattern){"scheme=lstm_forget_bias&shape=8&value=-128",
                            lstm_forget_bias, -128, true},
          "i8");
    check(&(struct pattern){"scheme=identity&shape=3,4&gain=-128", identity, -128, true},
          "i8");
    test_refused("scheme=identity&shape=3,4&gain=128&dtype=i8", TI_EVALUE, "gain");
    test_refused("scheme=identity&shape=3,4&gain=-1&dtype=u8", TI_EVALUE, "gain");
    test_refused("scheme=identity&shape=3,4&gain=2&dtype=bool", TI_EVALUE, "gain");
    test_refused("scheme=identity&shape=3,4&gain=1.5&dtype=i64", TI_EVALUE, "gain");
    test_refused("scheme=lstm_forget_bias&shape=4&value=0.5&dtype=i8", TI_EVALUE,
                 "value");
    test_refused("scheme=bilinear&shape=1,1,1,1&dtype=i8", TI_EVALUE, "dtype");
    test_refused("scheme=zero_hadamard&shape=2,1&dtype=u8", TI_EVALUE, "dtype");
}

/* f16, bf16 and the f8s are the f32 tensor, rounded. */
static void narrow_dtypes(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        for (const struct oracle_type *type = oracle_types; type->name; type++) {
            char rest[40];
            snprintf(rest, sizeof rest, "&dtype=%s", type->name);
            struct ti_plan *f64 = plan_of(patterns[i].query, "");
            struct ti_plan *narrow = plan_of(patterns[i].query, rest);
            const size_t elems = ti_plan_info(f64)->elems;
            const size_t bytes = ti_dtype_bytes(ti_plan_info(narrow)->dtype);
            float *x = malloc(4 * elems);
            unsigned char *y = malloc(bytes * elems);
            assert_int_equal(ti_plan_fill(f64, 0, elems, x, NULL), TI_OK);
            assert_int_equal(ti_plan_fill(narrow, 0, elems, y, NULL), TI_OK);
            for (size_t e = 0; e < elems; e++) {
                uint16_t bits = 0;
                memcpy(&bits, y + bytes * e, bytes);
                if (bits != oracle_narrow(type, x[e])) {
                    fail_msg("%s%s: element %zu", patterns[i].query, rest, e);
                }
            }
            free(x), free(y);
            ti_plan_free(f64);
            ti_plan_free(narrow);
        }
    }
}

/* Permuted and sliced tensors have the elements of the full one; so has any range of
   them. */
static void any_cut(void **state) {
    static const char *const cuts[][3] = {
        /* by rank 1, 2, and more */
        {"", "", ""},
        {"&slice=::-1", "&permute=1,0", "&permute=2,0,1"},
        {"&slice=3::5", "&slice=::-2,1::3", "&slice=...,::-1"},
        {"&shard=0:1/3", "&shard=0:1/2,1:0/2", "&shard=1:0/2"},
        {"&slice=2", "&permute=-1,0&slice=...,0", "&slice=1:,:,::2"},
    };
    static const char *const dtypes[] = {"f32", "f64", "bf16"};
    uint64_t random = 6;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns) * COUNT_OF(cuts) * COUNT_OF(dtypes); i++) {
        const struct pattern *pattern = &patterns[i % COUNT_OF(patterns)];
        const size_t k = i / COUNT_OF(patterns);
        struct ti_plan *full = plan_of(pattern->query, "");
        const unsigned rank = ti_plan_info(full)->rank;
        const char *cut = cuts[k % COUNT_OF(cuts)][rank > 2 ? 2 : rank - 1];
        char rest[100];
        ti_plan_free(full);
        if (rank > 3 && strstr(cut, "permute")) cut = "";
        if (rank > 3 && strstr(cut, ",::2")) cut = "&slice=:,:,::2";
        snprintf(rest, sizeof rest, "%s&dtype=%s", cut, dtypes[k / COUNT_OF(cuts)]);
        struct ti_plan *plan = plan_of(pattern->query, rest);
        const struct ti_plan_info *info = ti_plan_info(plan);
        const size_t bytes = ti_dtype_bytes(info->dtype);
        unsigned char *all = malloc(info->body_bytes + 1),
                      *out = malloc(info->body_bytes + 1);
        assert_int_equal(ti_plan_fill(plan, 0, info->elems, all, NULL), TI_OK);
        for (int n = 0; n < 40 && info->elems > 0; n++) {
            const size_t first = random_below(&random, info->elems);
            const size_t count = random_below(&random, info->elems - first + 1);
            assert_int_equal(ti_plan_fill(plan, first, count, out, NULL), TI_OK);
            assert_row(memcmp(out, all + first * bytes, count * bytes) == 0, info->query);
        }
        free(all), free(out);
        ti_plan_free(plan);
    }
}

/* Indices in the full tensor, computed by hand: permute first, then slice. */
static void picked(void **state) {
    struct ti_plan *plan =
        test_plan("scheme=identity&shape=40,30&permute=1,0&slice=::-3,5:25:2&dtype=i8");
    const struct ti_plan_info *info = ti_plan_info(plan);
    signed char x[100];
    (void)state;
    assert_int_equal(info->elems, 100);
    assert_int_equal(ti_plan_fill(plan, 0, 100, x, NULL), TI_OK);
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 10; k++)
            assert_int_equal(x[10 * i + k], 5 + 2 * k == 29 - 3 * i);
    }
    ti_plan_free(plan);
    plan = test_plan("scheme=dirac&shape=8,4,3,3&groups=2&shard=0:1/2&dtype=i8");
    signed char y[144];
    assert_int_equal(ti_plan_fill(plan, 0, 144, y, NULL), TI_OK);
    for (int e = 0; e < 144; e++) {
        assert_int_equal(y[e], e / 36 == e / 9 % 4 && e % 9 == 4);
    }
    ti_plan_free(plan);
}

/* Huge tensors: at element 2^59 and at both ends. */
static void huge(void **state) {
    static const struct pattern rows[] = {
        {"scheme=identity&shape=1073741824,536870913", identity, 1, true},
        {"scheme=identity&shape=536870912,1073741824", identity, 1, true},
        {"scheme=identity&shape=1,576460752303423489", identity, 1, true},
        {"scheme=dirac&shape=1048576,1048576,512,1030", dirac, 1, true},
        {"scheme=dirac&shape=1048576,524288,1023,1023&groups=2", dirac, 2, true},
        {"scheme=dirac&shape=4,2,576460752303423487&dtype=u8", dirac, 1, true},
        {"scheme=zero_hadamard&shape=1152921504606846,512", zero_hadamard, 0, false},
        {"scheme=lstm_forget_bias&shape=1152921504606846976", lstm_forget_bias, 1, true},
        {"scheme=bilinear&shape=1048576,524288,1024,1024", bilinear, 0, false},
        {"scheme=bilinear&shape=1,1,759250124,759250124", bilinear, 0, false},
    };
    uint64_t random = 8;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ti_plan *plan = plan_of(rows[i].query, "");
        const struct ti_plan_info *info = ti_plan_info(plan);
        const size_t bytes = ti_dtype_bytes(info->dtype);
        uint64_t places[60] = {0, info->elems - 50, (uint64_t)1 << 59,
                               ((uint64_t)1 << 59) - 25};
        for (size_t k = 4; k < COUNT_OF(places); k++) {
            places[k] = random_u64(&random) % (info->elems - 50);
        }
        /* the middle of the tensor and the diagonal are not 0 */
        places[4] = info->elems / 2 - 25;
        places[5] = info->elems / 4 - 25;
        for (size_t k = 6; k < 20 && info->rank == 2; k++) {
            const uint64_t r = random_u64(&random) % info->shape[0];
            const uint64_t e = r * info->shape[1] + r;
            places[k] = e + 25 < info->elems && e > 25 && r < info->shape[1] ? e - 25 : 0;
        }
        for (size_t k = 0; k < COUNT_OF(places); k++) {
            unsigned char out[50 * 8];
            if (places[k] > info->elems - 50) continue;
            assert_int_equal(ti_plan_fill(plan, places[k], 50, out, NULL), TI_OK);
            for (uint64_t e = 0; e < 50; e++) {
                const struct at at = at_of(info, places[k] + e);
                const double expected = rows[i].value(&at, rows[i].number);
                const double x = read(info->dtype, out + e * bytes);
                if (x != (double)(float)expected) {
                    fail_msg("%s: element %llu is %g, not %g", rows[i].query,
                             (unsigned long long)(places[k] + e), x, expected);
                }
            }
        }
        ti_plan_free(plan);
    }
}

/* Keras' STFT and the windows of scipy.signal.windows, from their own formulas: 'm' is that of a
   symmetric window, of which a periodic one lacks the last value. */
static long double scipy_window(const char *name, uint64_t t, uint64_t times,
                                bool periodic) {
    static const struct {
        const char *name;
        long double a[5];
    } cosines[] = {
        {"hann", {.5L, .5L}},
        {"hamming", {.54L, .46L}},
        {"blackman", {.42L, .5L, .08L}},
        {"nuttall", {.3635819L, .4891775L, .1365995L, .0106411L}},
        {"blackmanharris", {.35875L, .48829L, .14128L, .01168L}},
        {"flattop", {.21557895L, .41663158L, .277263158L, .083578947L, .006947368L}},
    };
    const long double pi = acosl(-1), m = (long double)(times + periodic),
                      n = (long double)t;
    if (times <= 1) return 1;
    if (strcmp(name, "bartlett") == 0)
        return n <= (m - 1) / 2 ? 2 * n / (m - 1) : 2 - 2 * n / (m - 1);
    if (strcmp(name, "cosine") == 0) return sinl(pi / m * (n + .5L));
    if (strcmp(name, "tukey") == 0) {
        const long double alpha = .5L, width = floorl(alpha * (m - 1) / 2);
        if (n <= width) return .5L * (1 + cosl(pi * (-1 + 2 * n / alpha / (m - 1))));
        if (n < m - width - 1) return 1;
        return .5L * (1 + cosl(pi * (-2 / alpha + 1 + 2 * n / alpha / (m - 1))));
    }
    for (size_t i = 0; i < COUNT_OF(cosines); i++) {
        if (strcmp(name, cosines[i].name) != 0) continue;
        long double w = 0;
        for (int k = 0; k < 5; k++)
            w += cosines[i].a[k] * cosl(k * (-pi + 2 * pi * n / (m - 1)));
        return w;
    }
    return 1;
}

static void check_stft(const char *window, uint64_t times, bool periodic, int scaling,
                       bool imag) {
    enum { FREQUENCIES = 9 };
    static const char *const words[] = {"none", "density", "spectrum"};
    char query[200];
    double x[64 * FREQUENCIES];
    long double sums[] = {1, 0, 0};
    const long double pi = acosl(-1);
    snprintf(
        query, sizeof query,
        "shape=%llu,1,%d&scheme=stft&window=%s&scaling=%s&periodic=%d&side=%s&dtype=f64",
        (unsigned long long)times, FREQUENCIES, window, words[scaling], periodic,
        imag ? "imag" : "real");
    struct ti_plan *plan = test_plan(query);
    assert_int_equal(ti_plan_fill(plan, 0, times * FREQUENCIES, x, NULL), TI_OK);
    for (uint64_t t = 0; t < times; t++) {
        const long double w = scipy_window(window, t, times, periodic);
        sums[1] += w * w, sums[2] += fabsl(w);
    }
    sums[1] = sqrtl(sums[1]);
    const long double scale = strcmp(window, "none") == 0 ? 1 : sums[scaling];
    for (uint64_t i = 0; i < times * FREQUENCIES; i++) {
        const uint64_t t = i / FREQUENCIES, f = i % FREQUENCIES;
        const long double angle =
            -2 * pi * (long double)(t * f) / (2 * (FREQUENCIES - 1));
        const long double expected = (imag ? sinl(angle) : cosl(angle)) *
                                     scipy_window(window, t, times, periodic) / scale;
        assert_row(fabsl(x[i] - expected) < 1e-15L, query);
        assert_row(x[i] >= ti_plan_info(plan)->low && x[i] <= ti_plan_info(plan)->high,
                   query);
    }
    ti_plan_free(plan);
}

static void stft(void **state) {
    static const char *const windows[] = {
        "none",     "boxcar",  "bartlett",       "cosine",  "hann", "hamming",
        "blackman", "nuttall", "blackmanharris", "flattop", "tukey"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        for (uint64_t times = 3; times <= 64; times += times < 9 ? 1 : 11) {
            for (int k = 0; k < 12; k++)
                check_stft(windows[i], times, k % 2, k / 2 % 3, k / 6);
        }
        check_stft(windows[i], 1, false, 1, false);
    }
}

/* With 2^n rows, any two columns are orthogonal, and rows as well if the matrix is
   square. */
static void hadamard_is_orthogonal(void **state) {
    (void)state;
    for (uint64_t n = 2; n <= 256; n *= 2) {
        char query[100];
        snprintf(query, sizeof query, "scheme=zero_hadamard&shape=%llu,%llu&dtype=f64",
                 (unsigned long long)n, (unsigned long long)n - 1);
        struct ti_plan *plan = test_plan(query);
        const uint64_t cols = n - 1;
        double *x = malloc(8 * n * n);
        assert_int_equal(ti_plan_fill(plan, 0, n * cols, x, NULL), TI_OK);
        for (uint64_t a = 0; a < cols; a++) {
            for (uint64_t b = 0; b <= a; b++) {
                double dot = 0;
                for (uint64_t r = 0; r < n; r++) dot += x[r * cols + a] * x[r * cols + b];
                assert_true(fabs(dot - (a == b)) < 1e-14);
            }
        }
        /* rows lack one column of the full matrix: dot products of +-1/n */
        for (uint64_t a = 0; a < n; a++) {
            for (uint64_t b = 0; b < a; b++) {
                double dot = 0;
                for (uint64_t c = 0; c < cols; c++)
                    dot += x[a * cols + c] * x[b * cols + c];
                assert_true(fabs(fabs(dot) - 1 / (double)n) < 1e-14);
            }
        }
        free(x);
        ti_plan_free(plan);
    }
}

/* Seed and name make no difference to the bytes, and no element is -0. */
static void no_numbers_drawn(void **state) {
    static const char *const zeros[] = {
        "scheme=identity&shape=3,3&gain=-0",
        "scheme=identity&shape=3,3&gain=-0.0&dtype=f64",
        "scheme=identity&shape=3,3&gain=-1e-60",
        "scheme=lstm_forget_bias&shape=4&value=-0",
        "scheme=lstm_forget_bias&shape=4&value=-0.0&dtype=bf16",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct ti_plan *a = plan_of(patterns[i].query, "");
        struct ti_plan *b = plan_of(patterns[i].query, "&seed=9&name=b");
        const size_t bytes = ti_plan_info(a)->body_bytes;
        void *x = malloc(bytes), *y = malloc(bytes);
        assert_int_equal(ti_plan_fill(a, 0, bytes / 4, x, NULL), TI_OK);
        assert_int_equal(ti_plan_fill(b, 0, bytes / 4, y, NULL), TI_OK);
        assert_memory_equal(x, y, bytes);
        free(x), free(y);
        ti_plan_free(a);
        ti_plan_free(b);
    }
    for (size_t i = 0; i < COUNT_OF(zeros); i++) {
        struct ti_plan *plan = test_plan(zeros[i]);
        unsigned char x[72], none[72] = {0};
        const size_t elems = ti_plan_info(plan)->elems;
        assert_int_equal(ti_plan_fill(plan, 0, elems, x, NULL), TI_OK);
        assert_memory_equal(x, none, ti_plan_info(plan)->body_bytes);
        ti_plan_free(plan);
    }
}

static void refusals(void **state) {
    static const struct {
        const char *query, *field, *text;
    } faults[] = {
        {"scheme=identity&shape=3", "shape", "Only tensors with 2 or more dimensions"},
        {"scheme=identity&shape=scalar", "shape", "2 or more dimensions"},
        {"scheme=torch.eye_&shape=3,3,3", "shape", "this one has 3"},
        {"scheme=keras.Identity&shape=3", "shape", "Only tensors with 2 dimensions"},
        {"scheme=zero_hadamard&shape=3,3,3", "shape", "Only tensors with 2 dimensions"},
        {"scheme=zero_hadamard&shape=3,3,3&batch_axis=0,1", "shape",
         "Only tensors with 2 dimensions besides those of batch_axis are supported; this one "
         "has 1"},
        {"scheme=identity&shape=3,3,3&batch_axis=3", "batch_axis",
         "axis 3 of batch_axis does not exist"},
        {"scheme=sparse&sparsity=0.1&shape=3", "shape", "Only tensors with 2 dimensions"},
        {"scheme=dirac&shape=3,3", "shape", "Only tensors with 3, 4, or 5 dimensions"},
        {"scheme=dirac&shape=1,1,1,1,1,1", "shape",
         "3, 4, or 5 dimensions are supported"},
        {"scheme=dirac&shape=3,3,3&groups=2", "groups",
         "dim 0 must be divisible by groups"},
        {"scheme=lstm_forget_bias&shape=6", "shape", "divisible by 4"},
        {"scheme=lstm_forget_bias&shape=4,4", "shape",
         "Only tensors with 1 dimension are"},
        {"scheme=bilinear&shape=2,2,3", "shape", "Only tensors with 4 dimensions"},
        {"scheme=bilinear&shape=2,2,3,4", "shape", "must be square"},
        {"scheme=identity&shape=3,3&gain=1e39", "dtype", "do not fit f32"},
        {"scheme=lstm_forget_bias&shape=4&value=70000&dtype=f16", "dtype",
         "do not fit f16"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct ti_error error = {0};
        struct ti_plan *plan;
        test_refused(faults[i].query, TI_EVALUE, faults[i].field);
        assert_int_equal(test_plan_try(faults[i].query, &plan, &error), TI_EVALUE);
        if (!strstr(error.text, faults[i].text)) {
            fail_msg("%s: %s", faults[i].query, error.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_definition),
        cmocka_unit_test(integer_dtypes),
        cmocka_unit_test(narrow_dtypes),
        cmocka_unit_test(any_cut),
        cmocka_unit_test(picked),
        cmocka_unit_test(huge),
        cmocka_unit_test(stft),
        cmocka_unit_test(hadamard_is_orthogonal),
        cmocka_unit_test(no_numbers_drawn),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
