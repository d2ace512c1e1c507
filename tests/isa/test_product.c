/* SPDX-License-Identifier: MIT */
/*
 * The kernels of orthogonal matrices on every instruction set of this machine: against
 * their definition, on random input that ends at a guard page; then tensors against the
 * portable ones.
 */
#include <math.h>
#include <stdlib.h>

#include "core/kernels/dispatch.h"
#include "core/request/plan.h"
#include "support/fence.h"
#include "support/random.h"
#include "support/test.h"

static uint64_t random_state;

/* Of a, b and c. */
static struct fence fence[3];

/* Max numbers of an operand: a block's rows of 160 columns with gaps between. */
#define SIDE_MAX ((size_t)TI_BLOCK * (5 * TI_PRODUCT_COLS + 48))

struct product {
    const char *name;
    bool f64, transposed;
};

static void run_product(const struct ti_kernels *kernels, const struct product *product,
                        const struct ti_product *size, const void *a, const void *b,
                        void *c) {
    if (!product->f64) {
        kernels->product_f32(size, a, b, c);
    } else if (product->transposed) {
        kernels->transposed_f64(size, a, b, c);
    } else {
        kernels->product_f64(size, a, b, c);
    }
}

static double get(const struct product *product, const void *from, size_t i) {
    return product->f64 ? ((const double *)from)[i] : (double)((const float *)from)[i];
}

/* The definition of c[x][y] in kernels.h: each operation is rounded. */
static double product_wanted(const struct product *product, const struct ti_product *size,
                             const void *a, const void *b, const void *c, size_t x,
                             size_t y) {
    double sum = 0;
    for (size_t l = 0; l < size->depth; l++) {
        const size_t at = product->transposed ? x * TI_BLOCK + l : l * TI_BLOCK + x;
        double term = get(product, a, at) * get(product, b, l * size->b_stride + y);
        if (!product->f64) term = (double)(float)term;
        sum += term;
        if (!product->f64) sum = (double)(float)sum;
    }
    const double left = get(product, c, x * size->c_stride + y) - sum;
    return product->f64 ? left : (double)(float)left;
}

/* Numbers of many sizes, of either sign, some of them 0 or subnormal. */
static void fill_sides(const struct product *product, unsigned char *out, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double x = (random_unit(&random_state) - 0.5) *
                   exp2((double)random_below(&random_state, 40) - 20);
        if (random_below(&random_state, 50) == 0) x = 0;
        if (random_below(&random_state, 50) == 0) x *= product->f64 ? 1e-310 : 1e-38;
        if (product->f64) {
            ((double *)(void *)out)[i] = x;
        } else {
            ((float *)(void *)out)[i] = (float)x;
        }
    }
}

/*
 * One size: every ISA against the definition, with a, b and c each ending at a guard
 * page.
 */
static void check_product(const struct product *product, const struct ti_product *size) {
    const size_t bytes = product->f64 ? sizeof(double) : sizeof(float);
    const size_t a_rows = product->transposed ? size->rows : size->depth;
    const size_t a_cols = product->transposed ? size->depth : size->rows;
    const size_t a_count =
        a_rows > 0 && a_cols > 0 ? (a_rows - 1) * TI_BLOCK + a_cols : 0;
    const size_t b_count =
        size->depth > 0 ? (size->depth - 1) * size->b_stride + size->cols : 0;
    const size_t c_count = (size->rows - 1) * size->c_stride + size->cols;
    unsigned char *a = fence_tail(&fence[0], a_count * bytes);
    unsigned char *b = fence_tail(&fence[1], b_count * bytes);
    unsigned char *c = fence_tail(&fence[2], c_count * bytes);
    unsigned char *start = malloc(c_count * bytes), *wanted = malloc(c_count * bytes);
    const struct ti_kernels *kernels;
    fill_sides(product, a, a_count);
    fill_sides(product, b, b_count);
    fill_sides(product, start, c_count);
    memcpy(wanted, start, c_count * bytes);
    for (size_t x = 0; x < size->rows; x++) {
        for (size_t y = 0; y < size->cols; y++) {
            const double value = product_wanted(product, size, a, b, start, x, y);
            const size_t at = x * size->c_stride + y;
            if (product->f64) {
                ((double *)(void *)wanted)[at] = value;
            } else {
                ((float *)(void *)wanted)[at] = (float)value;
            }
        }
    }
    for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
        memcpy(c, start, c_count * bytes);
        run_product(kernels, product, size, a, b, c);
        if (memcmp(c, wanted, c_count * bytes) != 0) {
            fail_msg("%s on %s: depth %zu, rows %zu, cols %zu, strides %zu, %zu",
                     product->name, kernels->name, size->depth, size->rows, size->cols,
                     size->b_stride, size->c_stride);
        }
    }
    free(start), free(wanted);
}

static void products(void **state) {
    static const struct product all[] = {
        {"product_f32", false, false},
        {"product_f64", true, false},
        {"transposed_f64", true, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        for (size_t rows = 1; rows <= TI_BLOCK; rows++) {
            for (int round = 0; round < 3; round++) {
                struct ti_product size = {.rows = rows};
                size.depth = random_below(&random_state, TI_BLOCK + 1);
                if (round == 0) size.depth = TI_BLOCK;
                if (round == 1) size.depth = rows;
                size.cols = TI_PRODUCT_COLS * (1 + random_below(&random_state, 4));
                if (round == 2) size.cols = TI_PRODUCT_COLS;
                size.b_stride = size.cols + random_below(&random_state, 48);
                size.c_stride = size.cols + random_below(&random_state, 48);
                check_product(&all[i], &size);
            }
        }
    }
}

/* Any finite number. */
static float random_float(void) {
    for (;;) {
        const uint32_t bits = (uint32_t)random_u64(&random_state);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (isfinite(x)) return x;
    }
}

static void widens(void **state) {
    const struct ti_kernels *kernels;
    (void)state;
    for (size_t count = TI_PRODUCT_COLS; count <= 256; count += TI_PRODUCT_COLS) {
        float *in = (float *)(void *)fence_tail(&fence[0], count * sizeof *in);
        double *out = (double *)(void *)fence_tail(&fence[1], count * sizeof *out);
        for (size_t i = 0; i < count; i++) in[i] = random_float();
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
            memset(out, 0x55, count * sizeof *out);
            kernels->widen(in, count, out);
            for (size_t i = 0; i < count; i++) {
                const double x = (double)in[i];
                assert_memory_equal(&out[i], &x, sizeof x);
            }
        }
    }
}

/* Tensors and parts of them, by the factorization and the tiles of every ISA. */
static void orthogonals(void **state) {
    static const char *const queries[] = {
        "shape=200,150&scheme=orthogonal&gain=1.5",
        "shape=150,600&scheme=orthogonal&dtype=f64",
        "shape=150,600&scheme=orthogonal&dtype=f16",
        "shape=33,65&scheme=orthogonal&layout=io&slice=::-2,3:60",
        "shape=700,70&scheme=orthogonal&permute=1,0&dtype=bf16",
        "shape=90,70,3&scheme=delta_orthogonal&dtype=f8_e4m3",
    };
    const struct ti_kernels *kernels;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        unsigned char *expected = NULL;
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
            struct ti_plan *plan = test_plan(queries[i]);
            const struct ti_plan_info *info = ti_plan_info(plan);
            struct ti_factor *factor;
            plan->kernels = kernels;
            assert_int_equal(ti_factor_make(plan, &factor, NULL), TI_OK);
            ti_factor_run_all(factor);
            assert_int_equal(ti_plan_use(plan, factor), TI_OK);
            unsigned char *out = malloc(info->body_bytes);
            void *workspace;
            assert_int_equal(ti_workspace_make(plan, &workspace, NULL), TI_OK);
            assert_int_equal(ti_plan_fill(plan, 0, info->elems, out, workspace), TI_OK);
            if (!expected) {
                expected = out;
            } else {
                if (memcmp(out, expected, info->body_bytes) != 0)
                    fail_msg("%s: %s differs", queries[i], kernels->name);
                free(out);
            }
            ti_workspace_free(workspace);
            ti_plan_free(plan);
            ti_factor_free(factor);
        }
        free(expected);
    }
}

static int open_fences(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) fence[i] = fence_make(SIDE_MAX * sizeof(double));
    random_state = 21;
    return 0;
}

static int close_fences(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) fence_free(&fence[i]);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products),
        cmocka_unit_test(widens),
        cmocka_unit_test(orthogonals),
    };
    return cmocka_run_group_tests(tests, open_fences, close_fences);
}
