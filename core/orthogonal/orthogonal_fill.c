/* SPDX-License-Identifier: MIT */
/*
 * Elements of orthogonal matrices from a complete factorization: see orthogonal_fill.h.
 *
 * Splits a view into segments of rows or columns, groups parallel ones and computes each
 * group as one product of matrices, whose kernels run along the segments. So the cost is
 * proportional to the number of elements of the view.
 */
#include "core/orthogonal/orthogonal_fill.h"

#include <string.h>

#include "core/orthogonal/factor.h"

/* Max elements of a segment that are computed at a time, and the row stride of their
   buffer. */
#define TILE_COLS ((size_t)512)
#define TILE_STRIDE (TILE_COLS + TI_PRODUCT_COLS)

/* Parallel segments of rows, or of columns, of the matrix. */
struct segments {
    /* of columns, else of rows */
    bool in_columns;
    /* row (or column) of the first segment, and the distance from one segment's to the
       next's */
    uint64_t line;
    int64_t line_step;
    /* column (or row) of a segment's first element, and the distance between its
       elements */
    uint64_t start;
    int64_t step;
    /* number of segments, and of elements in each */
    size_t count, length;
    /* where the first element goes in the output, and the distances there between
       elements and between segments; counted in elements */
    uint64_t out, out_step, out_line_step;
};

/* Parts of the workspace: the two operands of a product, and a tile of elements. */
struct buffers {
    void *a, *b, *c;
};

struct fill {
    const struct ti_sampler *sampler;
    const struct ti_orthogonal_factor *factor;
    const struct ti_kernels *kernels;
    unsigned char *out;
    /* elements of the output that runs have covered so far */
    uint64_t done;
    struct buffers buffers;
    /* found but not computed yet; none if its count is 0 */
    struct segments segments;
};

static size_t up_to_cols(size_t x) {
    return (x + TI_PRODUCT_COLS - 1) / TI_PRODUCT_COLS * TI_PRODUCT_COLS;
}

/* V or T, whichever has the columns (or the rows) of the matrix; V has the longer
   side. */
static const struct ti_upper *side_of(const struct fill *fill, bool columns) {
    return fill->sampler->matrix.columns_orthonormal != columns ? &fill->factor->v
                                                                : &fill->factor->t;
}

/* Rows or columns of the matrix: first, first + step, ... */
struct indices {
    uint64_t first;
    int64_t step;
    size_t count;
};

static uint64_t max_index(struct indices indices) {
    return indices.step > 0 ? indices.first + (indices.count - 1) * (uint64_t)indices.step
                            : indices.first;
}

/* Blocks of the sum that are not 0: V and T are upper triangular. */
static size_t blocks_of(struct indices across, struct indices along) {
    const uint64_t a = max_index(across), b = max_index(along);
    return (size_t)((a < b ? a : b) / TI_BLOCK) + 1;
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

size_t ti_orthogonal_workspace_bytes(enum ti_dtype dtype) {
    const size_t bytes = dtype == TI_DTYPE_F64 ? sizeof(double) : sizeof(float);
    return bytes * TI_BLOCK * (TI_BLOCK + TILE_COLS + TILE_STRIDE);
}

static struct buffers split_workspace(void *workspace, enum ti_dtype dtype) {
    const size_t bytes = dtype == TI_DTYPE_F64 ? sizeof(double) : sizeof(float);
    unsigned char *at = workspace;
    const struct buffers buffers = {at, at + bytes * TI_BLOCK * TI_BLOCK,
                                    at + bytes * TI_BLOCK * (TI_BLOCK + TILE_COLS)};
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
    memset(c + count, 0, (TILE_COLS - count) * sizeof *c);
    fill->kernels->narrow[fill->sampler->dtype](c, TILE_COLS, scratch);
    return scratch;
}

/* Writes elements [from, from + count) of each segment to the output. */
static void write_tile(const struct fill *fill, const struct segments *segments,
                       size_t from, size_t count) {
    const size_t bytes = ti_dtype_bytes(fill->sampler->dtype);
    unsigned char scratch[TILE_COLS * sizeof(uint16_t)];
    for (size_t i = 0; i < segments->count; i++) {
        const unsigned char *elems = finish(fill, i, count, scratch);
        const uint64_t at =
            segments->out + i * segments->out_line_step + from * segments->out_step;
        unsigned char *to = fill->out + at * bytes;
        if (segments->out_step == 1) {
            memcpy(to, elems, count * bytes);
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            memcpy(to + j * segments->out_step * bytes, elems + j * bytes, bytes);
        }
    }
}

/* Computes the segments found so far. */
static void flush(struct fill *fill) {
    const struct segments *segments = &fill->segments;
    if (segments->count == 0) return;
    for (size_t from = 0, now; from < segments->length; from += now) {
        now = segments->length - from < TILE_COLS ? segments->length - from : TILE_COLS;
        if (fill->sampler->dtype == TI_DTYPE_F64) {
            tile_f64(fill, segments, from, now);
        } else {
            tile_f32(fill, segments, from, now);
        }
        write_tile(fill, segments, from, now);
    }
    fill->segments.count = 0;
}

/* Adds a segment to those found, or computes them first if it is not parallel to them. */
static void add_segment(struct fill *fill, const struct segments *one) {
    struct segments *found = &fill->segments;
    const bool parallel = found->count > 0 && found->count < TI_BLOCK &&
                          found->in_columns == one->in_columns &&
                          found->start == one->start && found->step == one->step &&
                          found->length == one->length &&
                          found->out_step == one->out_step;
    if (parallel && found->count == 1 && one->line != found->line) {
        found->line_step = (int64_t)(one->line - found->line);
        found->out_line_step = one->out - found->out;
        found->count = 2;
    } else if (parallel && found->count > 1 &&
               one->line == found->line + found->count * (uint64_t)found->line_step &&
               one->out == found->out + found->count * found->out_line_step) {
        found->count++;
    } else {
        flush(fill);
        *found = *one;
        found->line_step = 1;
        found->count = 1;
    }
}

/*
 * Adds 'count' elements of the matrix, 'step' apart from element 'elem' on. They go to
 * the output from 'out' on, 'out_step' apart.
 */
static void add_elems(struct fill *fill, uint64_t elem, int64_t step, uint64_t count,
                      uint64_t out, uint64_t out_step) {
    const uint64_t cols = fill->sampler->matrix.cols;
    const uint64_t size = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    while (count > 0) {
        const uint64_t row = elem / cols, col = elem % cols;
        struct segments one = {.line = row,
                               .line_step = 1,
                               .start = col,
                               .step = 1,
                               .count = 1,
                               .length = 1,
                               .out = out,
                               .out_step = out_step};
        if (size % cols == 0) { /* along a column */
            one.in_columns = true;
            one.line = col, one.start = row;
            one.step = step / (int64_t)cols;
            one.length = (size_t)count;
        } else if (size < cols) { /* along a row, to its end */
            const uint64_t in_row = (step > 0 ? cols - 1 - col : col) / size + 1;
            one.step = step;
            one.length = (size_t)(in_row < count ? in_row : count);
        }
        add_segment(fill, &one);
        count -= one.length;
        elem += one.length * (uint64_t)step;
        out += one.length * out_step;
    }
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/*
 * Adds those of 'count' elements of the tensor, 'step' apart from element 'elem' on, that
 * belong to the matrix. They are equally spaced.
 */
static void add_run(void *state, uint64_t elem, int64_t step, uint64_t count) {
    struct fill *fill = state;
    const struct ti_matrix *matrix = &fill->sampler->matrix;
    const uint64_t size = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    const uint64_t end =
        matrix->base + (matrix->rows * matrix->cols - 1) * matrix->step + 1;
    const uint64_t out = fill->done;
    uint64_t i = 0;
    fill->done += count;
    if (step > 0 && elem < matrix->base) i = (matrix->base - elem + size - 1) / size;
    if (step < 0 && elem >= end) i = (elem - end) / size + 1;
    /* The first element of the matrix. */
    for (uint64_t tried = 0; i < count; i++, tried++) {
        const uint64_t at = elem + i * (uint64_t)step;
        if (at < matrix->base || at >= end || tried > matrix->step) return;
        if ((at - matrix->base) % matrix->step == 0) break;
    }
    if (i >= count) return;
    /* From it to the next: 'every' elements of the run, 'hop' elements of the tensor. If
       there is no next, size * every may overflow. */
    const uint64_t every = matrix->step / common_divisor(matrix->step, size);
    const bool alone = every >= count - i;
    const uint64_t hop = alone ? matrix->step : size * every;
    const uint64_t first = elem + i * (uint64_t)step;
    const uint64_t ahead = step > 0 ? end - 1 - first : first - matrix->base;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): no step is 0 */
    const uint64_t in_matrix = ahead / hop + 1, in_run = (count - i - 1) / every + 1;
    const int64_t along = (int64_t)(hop / matrix->step);
    add_elems(fill, (first - matrix->base) / matrix->step, step < 0 ? -along : along,
              in_matrix < in_run ? in_matrix : in_run, out + i, every);
}

void ti_orthogonal_fill(const struct ti_sampler *sampler,
                        const struct ti_orthogonal_factor *factor,
                        const struct ti_kernels *kernels, const struct ti_view *view,
                        uint64_t first, uint64_t count, void *out, void *workspace) {
    if (count == 0) return; /* 'workspace' may be NULL */
    struct fill fill = {.sampler = sampler,
                        .factor = factor,
                        .kernels = kernels,
                        .out = out,
                        .buffers = split_workspace(workspace, sampler->dtype)};
    /* Elements outside the matrix are 0. */
    if (!sampler->matrix.covers_tensor) {
        memset(out, 0, count * ti_dtype_bytes(sampler->dtype));
    }
    ti_view_runs(view, first, count, add_run, &fill);
    flush(&fill);
}
