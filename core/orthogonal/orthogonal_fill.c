/* SPDX-License-Identifier: MIT */
/*
 * Elements of orthogonal matrices from a complete factorization: see orthogonal_fill.h.
 *
 * What a range of a view has of the matrix is some rows times some columns (matrix_view.h).
 * These are computed in tiles, each a product of matrices, in the order that suits the matrix,
 * and each element goes where it belongs. So the cost is proportional to the number of elements,
 * whatever their order.
 */
#include "core/orthogonal/orthogonal_fill.h"

#include <string.h>

#include "core/base/sizes.h"
#include "core/orthogonal/factor.h"
#include "core/orthogonal/matrix_view.h"
#include "core/orthogonal/orthogonal_cost.h"

/* Max lines of a tile that the product's vectors run along, and the row stride of its buffer. */
#define TILE_STRIDE (TI_TILE_COLS + TI_PRODUCT_COLS)

/* Parts of the scratch memory: the two operands of a product, and a tile of elements. */
struct buffers {
    void *a, *b, *c;
};

struct fill {
    const struct ti_sampler *sampler;
    const struct ti_orthogonal_factor *factor;
    const struct ti_kernels *kernels;
    /* of the stack, that is read now */
    struct ti_orthogonal_matrix matrix;
    /* the rectangle has several */
    bool stacked;
    unsigned char *out;
    /* elements of 'out' */
    uint64_t count;
    struct buffers buffers;
    struct ti_orthogonal_progress *progress;
    /* tiles before the one that is looked at; whether one is not complete */
    uint64_t tiles;
    bool incomplete;
    /* to compute for */
    double left_ns;
};

/* Some rows of the matrix, or some columns: their numbers, in ascending order, and where they
   go. */
struct across {
    size_t count;
    uint32_t number[TI_BLOCK];
    uint64_t out[TI_BLOCK];
};

struct along {
    size_t count;
    /* the numbers are consecutive, the places are */
    bool neighbours, in_order;
    uint32_t number[TI_TILE_COLS];
    uint64_t out[TI_TILE_COLS];
};

/* Elements where the lines of both meet. */
struct tile {
    /* V or T, whichever has them */
    const struct ti_upper *left, *right;
    struct across across;
    struct along along;
    /* where the matrix goes */
    uint64_t out;
    /* what a term of all its sums takes */
    double term_ns;
};

/* V or T, whichever has the columns (or the rows) of the matrix; V has the longer
   side. */
static const struct ti_upper *side_of(const struct fill *fill, bool columns) {
    return fill->sampler->matrix.columns_orthonormal != columns ? &fill->matrix.v
                                                                : &fill->matrix.t;
}

/* Blocks of the sum that are not 0: V and T are upper triangular. */
static size_t blocks_of(const struct tile *tile) {
    const uint32_t a = tile->across.number[tile->across.count - 1],
                   b = tile->along.number[tile->along.count - 1];
    return (a < b ? a : b) / TI_BLOCK + 1;
}

#define REAL float
#define TILE(name) name##_f32
#define PRODUCT product_f32
#include "core/orthogonal/orthogonal_tile.h"
#undef REAL
#undef TILE
#undef PRODUCT

#define REAL double
#define TILE(name) name##_f64
#define PRODUCT product_f64
#include "core/orthogonal/orthogonal_tile.h"
#undef REAL
#undef TILE
#undef PRODUCT

size_t ti_orthogonal_scratch_bytes(enum ti_dtype dtype) {
    const size_t bytes = dtype == TI_DTYPE_F64 ? sizeof(double) : sizeof(float);
    return bytes * TI_BLOCK * (TI_BLOCK + TI_TILE_COLS + TILE_STRIDE);
}

static struct buffers split_scratch(void *scratch, enum ti_dtype dtype) {
    const size_t bytes = dtype == TI_DTYPE_F64 ? sizeof(double) : sizeof(float);
    unsigned char *at = scratch;
    const struct buffers buffers = {at, at + bytes * TI_BLOCK * TI_BLOCK,
                                    at + bytes * TI_BLOCK * (TI_BLOCK + TI_TILE_COLS)};
    return buffers;
}

/*
 * Multiplies a row of the tile by the gain and rounds it to the dtype. Returns the
 * elements, which are in 'scratch' or in the tile.
 */
static const unsigned char *finish(const struct fill *fill, size_t row, size_t count,
                                   unsigned char *scratch) {
    if (fill->sampler->dtype == TI_DTYPE_F64) {
        double *c = (double *)fill->buffers.c + row * TILE_STRIDE;
        for (size_t j = 0; j < count; j++) c[j] = 0 + fill->sampler->scale * c[j];
        return (unsigned char *)c;
    }
    float *c = (float *)fill->buffers.c + row * TILE_STRIDE;
    const float scale = (float)fill->sampler->scale;
    for (size_t j = 0; j < count; j++) c[j] = 0 + scale * c[j];
    if (fill->sampler->dtype == TI_DTYPE_F32) return (unsigned char *)c;
    memset(c + count, 0, (TI_TILE_COLS - count) * sizeof *c);
    fill->kernels->narrow[fill->sampler->dtype](c, TI_TILE_COLS, scratch);
    return scratch;
}

/* Copies elements to the places that the output has. The size is known where this is called. */
static inline void scatter(const struct fill *fill, const struct along *along,
                           const unsigned char *elems, size_t bytes, uint64_t to) {
    for (size_t j = 0; j < along->count; j++) {
        const uint64_t place = to + along->out[j];
        if (place < fill->count)
            memcpy(fill->out + place * bytes, elems + j * bytes, bytes);
    }
}

/* The same for neighbours, from place 'to' on, which is before 0 if the row begins earlier. */
static void copy_row(const struct fill *fill, const unsigned char *elems, size_t bytes,
                     int64_t to, int64_t count) {
    const int64_t max = (int64_t)fill->count;
    const int64_t begin = to < 0 ? 0 : to, end = to + count < max ? to + count : max;
    if (begin < end)
        memcpy(fill->out + (size_t)begin * bytes, elems + (size_t)(begin - to) * bytes,
               (size_t)(end - begin) * bytes);
}

static void write_row(const struct fill *fill, const struct along *along,
                      const unsigned char *elems, size_t bytes, uint64_t to) {
    if (along->in_order)
        copy_row(fill, elems, bytes, (int64_t)(to + along->out[0]),
                 (int64_t)along->count);
    else if (bytes == 1)
        scatter(fill, along, elems, 1, to);
    else if (bytes == 2)
        scatter(fill, along, elems, 2, to);
    else if (bytes == 4)
        scatter(fill, along, elems, 4, to);
    else
        scatter(fill, along, elems, 8, to);
}

static void write_tile(const struct fill *fill, const struct tile *tile) {
    const size_t bytes = ti_dtype_bytes(fill->sampler->dtype);
    unsigned char scratch[TI_TILE_COLS * sizeof(uint16_t)];
    for (size_t i = 0; i < tile->across.count; i++) {
        const unsigned char *elems = finish(fill, i, tile->along.count, scratch);
        write_row(fill, &tile->along, elems, bytes, tile->out + tile->across.out[i]);
    }
}

static void get_along(const struct ti_lines *lines, uint64_t from, struct along *along) {
    const size_t count = along->count;
    ti_lines_get(lines, from, count, along->number, along->out);
    along->neighbours = along->number[count - 1] - along->number[0] == count - 1;
    along->in_order = true;
    for (size_t j = 1; j < count; j++)
        along->in_order &= along->out[j] == along->out[j - 1] + 1;
}

static size_t at_most(uint64_t left, size_t max) {
    return left < max ? (size_t)left : max;
}

/* Computes a tile, or goes on with it, and writes it when it is complete; false if it is not. */
static bool add_tile(struct fill *fill, struct tile *tile, bool copied) {
    const bool f64 = fill->sampler->dtype == TI_DTYPE_F64;
    tile->term_ns = ti_orthogonal_term_ns(fill->kernels, f64, tile->across.count,
                                          tile->along.count, copied, fill->stacked);
    if (!(f64 ? tile_f64(fill, tile) : tile_f32(fill, tile))) return false;
    write_tile(fill, tile);
    fill->left_ns -=
        TI_ORTHOGONAL_TILE_NS +
        TI_ORTHOGONAL_ELEM_NS * (double)(tile->across.count * tile->along.count);
    fill->progress->tiles++;
    fill->progress->blocks = 0;
    return true;
}

/* Of the matrix that is read now; 'out' is where it goes. */
static void add_matrix(struct fill *fill, const struct ti_rectangle *rectangle,
                       uint64_t out) {
    const struct ti_lines *rows = &rectangle->side[TI_SIDE_ROWS],
                          *cols = &rectangle->side[TI_SIDE_COLS];
    const bool along_rows = ti_orthogonal_along_rows(rectangle);
    const struct ti_lines *across = along_rows ? cols : rows,
                          *along = along_rows ? rows : cols;
    const bool copied = along->count > 1 && !ti_lines_are_neighbours(along);
    struct tile tile = {.left = side_of(fill, along_rows),
                        .right = side_of(fill, !along_rows),
                        .out = out};
    for (uint64_t i = 0; i < across->count; i += TI_BLOCK) {
        for (uint64_t j = 0; j < along->count; j += TI_TILE_COLS) {
            if (fill->tiles++ < fill->progress->tiles) continue;
            fill->incomplete |= fill->left_ns <= 0;
            if (fill->incomplete) return;
            tile.across.count = at_most(across->count - i, TI_BLOCK);
            tile.along.count = at_most(along->count - j, TI_TILE_COLS);
            ti_lines_get(across, i, tile.across.count, tile.across.number,
                         tile.across.out);
            get_along(along, j, &tile.along);
            fill->incomplete = !add_tile(fill, &tile, copied);
        }
    }
}

static void add_rectangle(void *state, const struct ti_rectangle *rectangle) {
    struct fill *fill = state;
    const struct ti_lines *matrices = &rectangle->side[TI_SIDE_BATCH];
    fill->stacked = matrices->count > 1;
    for (uint64_t i = 0; i < matrices->count && !fill->incomplete; i++) {
        uint64_t out;
        const uint64_t batch = ti_lines_at(matrices, i, &out);
        fill->matrix = ti_orthogonal_matrix_get(fill->factor, batch);
        add_matrix(fill, rectangle, out);
    }
}

bool ti_orthogonal_compute(const struct ti_orthogonal *orthogonal,
                           const struct ti_orthogonal_range *range, double max_ns,
                           struct ti_orthogonal_progress *progress, void *scratch) {
    const struct ti_sampler *sampler = orthogonal->sampler;
    struct ti_matrix_view split;
    struct fill fill = {.sampler = sampler,
                        .factor = orthogonal->factor,
                        .kernels = orthogonal->kernels,
                        .out = range->out,
                        .count = range->count,
                        .buffers = split_scratch(scratch, sampler->dtype),
                        .progress = progress,
                        .left_ns = max_ns};
    /* Elements outside the matrix are 0. */
    if (!sampler->matrix.covers_tensor && progress->tiles == 0 && progress->blocks == 0)
        memset(range->out, 0, range->count * ti_dtype_bytes(sampler->dtype));
    ti_matrix_view_make(&sampler->matrix, orthogonal->view, &split);
    ti_matrix_view_split(&split, range->first, range->count, add_rectangle, &fill);
    return !fill.incomplete;
}
