/* SPDX-License-Identifier: MIT */
/*
 * Sets up orthogonal matrices: docs/SPEC.md, "Orthogonal", names the steps the same.
 *
 * Stewart ("The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal. 17,
 * 1980) multiplies reflections in the directions of fresh normal vectors. Their product is
 * I - V' U^-1 V, with the reflectors as rows of V and with U, the upper triangle of V V', its
 * diagonal halved (Joffrain, Low, Quintana-Orti, van de Geijn, Van Zee: "Accumulating
 * Householder transformations, revisited", ACM TOMS 32, 2006). T solves U T = V' on the square
 * part, signs applied; then any element is a sum of products of V and T.
 *
 * Sums run in blocks of TI_BLOCK terms, whoever computes them in whatever order. That V and T
 * are kept with some of their zeros does no harm: 0 + (0 * x) is 0, and c - 0 is c.
 */
#include "core/setup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/fill.h"
#include "core/float_state.h"
#include "core/plan.h"

#define SQUARE ((size_t)TI_BLOCK * TI_BLOCK)

/* Blocks of U that are computed in one piece. */
#define PIECE_BLOCKS 8

enum stage { STAGE_REFLECTORS, STAGE_PRODUCTS, STAGE_SOLUTION, STAGE_COUNT };

static size_t up_to_blocks(size_t x) { return (x + TI_BLOCK - 1) / TI_BLOCK; }

/* Blocks (i, j), i <= j, in columns before column j. */
static size_t triangle(size_t j) { return j * (j + 1) / 2; }

static double *square_at(double *squares, size_t i, size_t j) {
    return squares + (triangle(j) + i) * SQUARE;
}

/* Making ------------------------------------------------------------------------------- */

struct sizes {
    size_t blocks, v, t, sign, squares; /* in bytes, but for 'blocks' */
};

static struct sizes sizes_of(size_t n, size_t k, bool wide) {
    const size_t blocks = up_to_blocks(k), bytes = wide ? sizeof(double) : sizeof(float);
    const struct sizes sizes = {
        blocks, bytes * ti_upper_count(up_to_blocks(n) * TI_BLOCK, k),
        bytes * ti_upper_count(blocks * TI_BLOCK, k), blocks * TI_BLOCK * sizeof(double),
        triangle(blocks) * SQUARE * sizeof(double)};
    return sizes;
}

size_t ti_setup_bytes_kept(size_t n, size_t k, bool wide) {
    const struct sizes sizes = sizes_of(n, k, wide);
    return sizeof(struct ti_setup) + sizes.v + sizes.t + sizes.sign;
}

size_t ti_setup_bytes_peak(size_t n, size_t k, bool wide) {
    return ti_setup_bytes_kept(n, k, wide) + 2 * sizes_of(n, k, wide).squares;
}

void ti_setup_free(struct ti_setup *setup) {
    if (!setup) return;
    free(setup->v.data);
    free(setup->t.data);
    free(setup->sign);
    free(setup->u);
    free(setup->x);
    free(setup);
}

/* A standard normal in lanes 2 and 3 of the tensor's stream. */
static struct ti_draw reflector_draw(const struct ti_draw *draw) {
    const struct ti_law law = {.distribution = TI_DISTRIBUTION_NORMAL, .sigma = 1};
    struct ti_draw normal = {0};
    const enum ti_dtype dtype = draw->dtype == TI_DTYPE_F64 ? TI_DTYPE_F64 : TI_DTYPE_F32;
    enum ti_status status = ti_draw_make(&law, dtype, 0, 0, &normal, NULL);
    (void)status; /* these numbers fit */
    normal.philox = draw->philox;
    normal.first_block = (uint64_t)2 << 62;
    return normal;
}

enum ti_status ti_setup_make(const struct ti_plan *plan, struct ti_setup **setup,
                             struct ti_error *error) {
    if (plan->info.setup_bytes == 0) {
        *setup = NULL;
        return TI_OK;
    }
    struct ti_setup *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    const struct ti_float_state state = ti_float_enter();
    const struct ti_matrix *matrix = &plan->draw.matrix;
    made->n = (size_t)(matrix->rows > matrix->cols ? matrix->rows : matrix->cols);
    made->k = (size_t)(matrix->rows > matrix->cols ? matrix->cols : matrix->rows);
    made->wide = plan->info.dtype == TI_DTYPE_F64;
    made->normal = reflector_draw(&plan->draw);
    made->kernels = plan->kernels;
    const struct sizes sizes = sizes_of(made->n, made->k, made->wide);
    made->blocks = sizes.blocks; /* 1 or more */
    made->v.width = up_to_blocks(made->n) * TI_BLOCK;
    made->t.width = made->blocks * TI_BLOCK;
    made->v.data = calloc(1, sizes.v);
    made->t.data = calloc(1, sizes.t);
    made->sign = calloc(1, sizes.sign);
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): there is a block */
    made->u = calloc(1, sizes.squares);
    made->x = calloc(1, sizes.squares);
    atomic_init(&made->left, made->blocks);
    ti_float_leave(state);
    if (!made->v.data || !made->t.data || !made->sign || !made->u || !made->x) {
        ti_setup_free(made);
        return ti_error_nomem(error);
    }
    *setup = made;
    return TI_OK;
}

/* Reflectors: V and the signs ---------------------------------------------------------- */

static double number_at(const void *numbers, bool wide, size_t at) {
    return wide ? ((const double *)numbers)[at] : (double)((const float *)numbers)[at];
}

static void set_number(void *numbers, bool wide, size_t at, double value) {
    if (wide) {
        ((double *)numbers)[at] = value;
    } else {
        ((float *)numbers)[at] = (float)value;
    }
}

/* Length of coordinates [l, n), which lie from number 'at' on. */
static double norm(const struct ti_setup *setup, size_t l, size_t at) {
    double total = 0;
    for (size_t r = l; r < setup->n;) {
        const size_t end = (r / TI_BLOCK + 1) * TI_BLOCK;
        double part = 0;
        for (; r < setup->n && r < end; r++) {
            const double z = number_at(setup->v.data, setup->wide, at + (r - l));
            part = part + z * z;
        }
        total = total + part;
    }
    return sqrt(total);
}

static void reflector(struct ti_setup *setup, size_t l) {
    const size_t block = l / TI_BLOCK, start = block * TI_BLOCK, n = setup->n;
    const size_t bytes = setup->wide ? sizeof(double) : sizeof(float);
    const size_t stride = setup->v.width - start;
    const size_t at =
        ti_upper_at(setup->v.width, block) + (l - start) * stride + (l - start);
    ti_fill(&setup->normal, setup->kernels, (uint64_t)l * n + l, n - l,
            (char *)setup->v.data + at * bytes);
    const double z = number_at(setup->v.data, setup->wide, at);
    setup->sign[l] = z > 0 ? -1 : 1;
    set_number(setup->v.data, setup->wide, at, z - setup->sign[l] * norm(setup, l, at));
}

/* Products: U --------------------------------------------------------------------------- */

/* Coordinates [from, from + TI_BLOCK) of a block's reflectors, in binary64; zeros beyond. */
static void square_of_v(const struct ti_setup *setup, size_t block, size_t from,
                        double *out) {
    const size_t stride = setup->v.width - block * TI_BLOCK;
    const size_t at = ti_upper_at(setup->v.width, block) + from - block * TI_BLOCK;
    const size_t rows = ti_block_rows(setup->k, block);
    memset(out + rows * TI_BLOCK, 0, (TI_BLOCK - rows) * TI_BLOCK * sizeof *out);
    for (size_t row = 0; row < rows; row++) {
        if (setup->wide) {
            memcpy(out + row * TI_BLOCK, (double *)setup->v.data + at + row * stride,
                   TI_BLOCK * sizeof *out);
        } else {
            setup->kernels->widen((float *)setup->v.data + at + row * stride, TI_BLOCK,
                                  out + row * TI_BLOCK);
        }
    }
}

static void transpose(const double *in, double *out) {
    for (size_t i = 0; i < TI_BLOCK; i++) {
        for (size_t j = 0; j < TI_BLOCK; j++)
            out[j * TI_BLOCK + i] = in[i * TI_BLOCK + j];
    }
}

/* Which blocks of which column a piece computes: pieces go through the columns in order. */
static void find_products(size_t piece, size_t *column, size_t *first) {
    for (size_t j = 0;; j++) {
        const size_t pieces = j / PIECE_BLOCKS + 1;
        if (piece < pieces) {
            *column = j;
            *first = piece * PIECE_BLOCKS;
            return;
        }
        piece -= pieces;
    }
}

static size_t product_pieces(size_t blocks) {
    size_t pieces = 0;
    for (size_t j = 0; j < blocks; j++) pieces += j / PIECE_BLOCKS + 1;
    return pieces;
}

/* U[i][j] = sum over r of V[i][r] * V[j][r], on the diagonal half of it; kept negative while
   it is summed, since kernels subtract. */
static void products(struct ti_setup *setup, size_t piece) {
    double square[SQUARE], turned[SQUARE];
    size_t column, first;
    find_products(piece, &column, &first);
    const size_t last = first + PIECE_BLOCKS > column ? column : first + PIECE_BLOCKS - 1;
    for (size_t from = column * TI_BLOCK; from < setup->n; from += TI_BLOCK) {
        square_of_v(setup, column, from, square);
        transpose(square, turned);
        for (size_t row = first; row <= last; row++) {
            const struct ti_product size = {TI_BLOCK, ti_block_rows(setup->k, row),
                                            TI_BLOCK, TI_BLOCK, TI_BLOCK};
            square_of_v(setup, row, from, square);
            setup->kernels->turned_f64(&size, square, turned,
                                       square_at(setup->u, row, column));
        }
    }
    for (size_t row = first; row <= last; row++) {
        double *u = square_at(setup->u, row, column);
        for (size_t i = 0; i < SQUARE; i++) u[i] = 0 - u[i];
        if (row != column) continue;
        for (size_t i = 0; i < TI_BLOCK; i++) u[i * TI_BLOCK + i] /= 2;
    }
}

/* Solution: T --------------------------------------------------------------------------- */

/* Within a block on the diagonal, from its last row up. */
static void substitute(const struct ti_setup *setup, const double *u, size_t depth,
                       double *x) {
    for (size_t j = depth; j-- > 0;) {
        const struct ti_product size = {1, j, TI_BLOCK, TI_BLOCK, TI_BLOCK};
        for (size_t y = 0; y < TI_BLOCK; y++) {
            x[j * TI_BLOCK + y] = x[j * TI_BLOCK + y] / u[j * TI_BLOCK + j];
        }
        if (j > 0) setup->kernels->turned_f64(&size, u + j, x + j * TI_BLOCK, x);
    }
}

/* Stores a block of T in the compute type. */
static void store_t(struct ti_setup *setup, size_t row, size_t column, const double *x) {
    const size_t stride = setup->t.width - row * TI_BLOCK;
    const size_t at = ti_upper_at(setup->t.width, row) + (column - row) * TI_BLOCK;
    const size_t rows = ti_block_rows(setup->k, row);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < TI_BLOCK; j++) {
            set_number(setup->t.data, setup->wide, at + i * stride + j,
                       x[i * TI_BLOCK + j]);
        }
    }
}

/* A column of blocks of T, from the diagonal up: U T = V' with signs. */
static void solution(struct ti_setup *setup, size_t column) {
    static const struct ti_product whole = {TI_BLOCK, TI_BLOCK, TI_BLOCK, TI_BLOCK,
                                            TI_BLOCK};
    const double *sign = setup->sign + column * TI_BLOCK;
    for (size_t row = column + 1; row-- > 0;) {
        double *x = square_at(setup->x, row, column);
        square_of_v(setup, row, column * TI_BLOCK, x);
        for (size_t i = 0; i < SQUARE; i++) x[i] = x[i] * sign[i % TI_BLOCK];
        for (size_t j = row + 1; j <= column; j++) {
            setup->kernels->turned_f64(&whole, square_at(setup->u, row, j),
                                       square_at(setup->x, j, column), x);
        }
        substitute(setup, square_at(setup->u, row, row), ti_block_rows(setup->k, row), x);
        store_t(setup, row, column, x);
    }
    if (atomic_fetch_sub(&setup->left, 1) == 1) { /* nobody needs these any more */
        free(setup->u);
        free(setup->x);
        setup->u = setup->x = NULL;
    }
}

/* Running ------------------------------------------------------------------------------- */

unsigned ti_setup_stages(const struct ti_setup *setup) { return setup ? STAGE_COUNT : 0; }

size_t ti_setup_pieces(const struct ti_setup *setup, unsigned stage) {
    if (!setup) return 0;
    return stage == STAGE_PRODUCTS ? product_pieces(setup->blocks) : setup->blocks;
}

void ti_setup_run(struct ti_setup *setup, unsigned stage, size_t piece) {
    const struct ti_float_state state = ti_float_enter();
    if (stage == STAGE_REFLECTORS) {
        const size_t end = (piece + 1) * TI_BLOCK;
        for (size_t l = piece * TI_BLOCK; l < end && l < setup->k; l++)
            reflector(setup, l);
    } else if (stage == STAGE_PRODUCTS) {
        products(setup, piece);
    } else {
        solution(setup, setup->blocks - 1 - piece); /* the longest first */
    }
    ti_float_leave(state);
}

void ti_setup_run_all(struct ti_setup *setup) {
    for (unsigned stage = 0; stage < ti_setup_stages(setup); stage++) {
        const size_t pieces = ti_setup_pieces(setup, stage);
        for (size_t piece = 0; piece < pieces; piece++) ti_setup_run(setup, stage, piece);
    }
}

void ti_plan_use(struct ti_plan *plan, const struct ti_setup *setup) {
    plan->setup = setup;
}
