/* SPDX-License-Identifier: MIT */
/*
 * Elements of orthogonal matrices from a complete setup: see matrix.h.
 *
 * Whatever part of a tensor is asked for is taken apart into lines of a row or of a column.
 * Lines that lie side by side are computed together, as a product of matrices; the kernels run
 * along the lines, whichever way these go. So a part costs what it covers.
 */
#include "core/orthogonal/orthogonal_fill.h"

#include <string.h>

#include "core/orthogonal/factor.h"

/* Elements of a line that are computed at a time, and those of a row of the room for them. */
#define TILE_COLS ((size_t)512)
#define TILE_STRIDE (TILE_COLS + TI_PRODUCT_COLS)

/*
 * Lines side by side: 'count' of them, elements 'step' apart from 'place' on. They run along
 * rows, 'fixed' being the first one's row and 'fixed_step' from one row to the next; or along
 * columns, likewise. 'out' is where the first element goes, counted in elements, with the
 * distances from element to element and from line to line.
 */
struct lines {
    bool columns;
    uint64_t fixed, place;
    int64_t fixed_step, step;
    size_t count, length;
    uint64_t out, out_step, out_line;
};

/* Memory of a tile: what is taken of one side and of the other, and the elements. */
struct room {
    void *a, *b, *c;
};

struct fill {
    const struct ti_sampler *sampler;
    const struct ti_factor *factor;
    const struct ti_kernels *kernels;
    unsigned char *out;
    uint64_t done; /* elements of the output that have been looked at */
    struct room room;
    struct lines lines; /* found, and not computed yet; none if its count is 0 */
};

static size_t up_to_cols(size_t x) {
    return (x + TI_PRODUCT_COLS - 1) / TI_PRODUCT_COLS * TI_PRODUCT_COLS;
}

/* What the rows (or the columns) of the matrix are of: V is on the longer side. */
static const struct ti_upper *side_of(const struct fill *fill, bool columns) {
    return fill->sampler->matrix.columns_orthonormal != columns ? &fill->factor->v
                                                                : &fill->factor->t;
}

/* Rows or columns of the matrix: 'count' of them, 'step' apart from 'first' on. */
struct places {
    uint64_t first;
    int64_t step;
    size_t count;
};

static uint64_t largest(struct places places) {
    return places.step > 0 ? places.first + (places.count - 1) * (uint64_t)places.step
                           : places.first;
}

/* How many blocks of the sum matter: both sides are upper triangular. */
static size_t blocks_of(struct places across, struct places along) {
    const uint64_t a = largest(across), b = largest(along);
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

static struct room room_in(void *workspace, enum ti_dtype dtype) {
    const size_t bytes = dtype == TI_DTYPE_F64 ? sizeof(double) : sizeof(float);
    unsigned char *at = workspace;
    const struct room room = {at, at + bytes * TI_BLOCK * TI_BLOCK,
                              at + bytes * TI_BLOCK * (TI_BLOCK + TILE_COLS)};
    return room;
}

/* A line of the tile, with the gain, in the dtype; the bytes are in 'scratch' or the tile. */
static const unsigned char *finish(const struct fill *fill, size_t line, size_t count,
                                   unsigned char *scratch) {
    if (fill->sampler->dtype == TI_DTYPE_F64) {
        double *c = (double *)fill->room.c + line * TILE_STRIDE;
        for (size_t j = 0; j < count; j++) c[j] = 0 + fill->sampler->scale * c[j];
        return (unsigned char *)c;
    }
    float *c = (float *)fill->room.c + line * TILE_STRIDE;
    const float scale = (float)fill->sampler->scale;
    for (size_t j = 0; j < count; j++) c[j] = 0 + scale * c[j];
    if (fill->sampler->dtype == TI_DTYPE_F32) return (unsigned char *)c;
    memset(c + count, 0, (TILE_COLS - count) * sizeof *c);
    fill->kernels->narrow[fill->sampler->dtype](c, TILE_COLS, scratch);
    return scratch;
}

static void put(const struct fill *fill, const struct lines *lines, size_t from,
                size_t count) {
    const size_t bytes = ti_dtype_bytes(fill->sampler->dtype);
    unsigned char scratch[TILE_COLS * sizeof(uint16_t)];
    for (size_t i = 0; i < lines->count; i++) {
        const unsigned char *elems = finish(fill, i, count, scratch);
        const uint64_t at = lines->out + i * lines->out_line + from * lines->out_step;
        unsigned char *to = fill->out + at * bytes;
        if (lines->out_step == 1) {
            memcpy(to, elems, count * bytes);
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            memcpy(to + j * lines->out_step * bytes, elems + j * bytes, bytes);
        }
    }
}

static void flush(struct fill *fill) {
    const struct lines *lines = &fill->lines;
    if (lines->count == 0) return;
    for (size_t from = 0, now; from < lines->length; from += now) {
        now = lines->length - from < TILE_COLS ? lines->length - from : TILE_COLS;
        if (fill->sampler->dtype == TI_DTYPE_F64) {
            tile_f64(fill, lines, from, now);
        } else {
            tile_f32(fill, lines, from, now);
        }
        put(fill, lines, from, now);
    }
    fill->lines.count = 0;
}

/* A line: joins those before it if it lies beside them. */
static void add_line(struct fill *fill, const struct lines *line) {
    struct lines *lines = &fill->lines;
    const bool alike = lines->count > 0 && lines->count < TI_BLOCK &&
                       lines->columns == line->columns && lines->place == line->place &&
                       lines->step == line->step && lines->length == line->length &&
                       lines->out_step == line->out_step;
    if (alike && lines->count == 1 && line->fixed != lines->fixed) {
        lines->fixed_step = (int64_t)(line->fixed - lines->fixed);
        lines->out_line = line->out - lines->out;
        lines->count = 2;
    } else if (alike && lines->count > 1 &&
               line->fixed == lines->fixed + lines->count * (uint64_t)lines->fixed_step &&
               line->out == lines->out + lines->count * lines->out_line) {
        lines->count++;
    } else {
        flush(fill);
        *lines = *line;
        lines->fixed_step = 1;
        lines->count = 1;
    }
}

/* Elements of the matrix, 'step' apart from number 'elem' on, to places of the output. */
static void add_elems(struct fill *fill, uint64_t elem, int64_t step, uint64_t count,
                      uint64_t out, uint64_t out_step) {
    const uint64_t cols = fill->sampler->matrix.cols;
    const uint64_t size = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    while (count > 0) {
        const uint64_t row = elem / cols, col = elem % cols;
        struct lines line = {false, row, col, 1, 1, 1, 1, out, out_step, 0};
        if (size % cols == 0) { /* along a column */
            line.columns = true;
            line.fixed = col, line.place = row;
            line.step = step / (int64_t)cols;
            line.length = (size_t)count;
        } else if (size < cols) { /* along a row, as far as it goes */
            const uint64_t room = (step > 0 ? cols - 1 - col : col) / size + 1;
            line.step = step;
            line.length = (size_t)(room < count ? room : count);
        }
        add_line(fill, &line);
        count -= line.length;
        elem += line.length * (uint64_t)step;
        out += line.length * out_step;
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
 * Which of the tensor's elements, 'step' apart from number 'elem' on, are of the matrix. Between
 * one that is and the next there are always as many that are not.
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
    for (uint64_t tried = 0; i < count; i++, tried++) { /* the first that is */
        const uint64_t at = elem + i * (uint64_t)step;
        if (at < matrix->base || at >= end || tried > matrix->step) return;
        if ((at - matrix->base) % matrix->step == 0) break;
    }
    if (i >= count) return;
    /* From one to the next, in elements of either kind; if this one is alone in the run, there
       is no next, whose distance might not fit. */
    const uint64_t every = matrix->step / common_divisor(matrix->step, size);
    const bool alone = every >= count - i;
    const uint64_t hop = alone ? matrix->step : size * every;
    const uint64_t first = elem + i * (uint64_t)step;
    const uint64_t ahead = step > 0 ? end - 1 - first : first - matrix->base;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): no step is 0 */
    const uint64_t inside = ahead / hop + 1, asked = (count - i - 1) / every + 1;
    const int64_t along = (int64_t)(hop / matrix->step);
    add_elems(fill, (first - matrix->base) / matrix->step, step < 0 ? -along : along,
              inside < asked ? inside : asked, out + i, every);
}

void ti_orthogonal_fill(const struct ti_sampler *sampler, const struct ti_factor *factor,
                        const struct ti_kernels *kernels, const struct ti_view *view,
                        uint64_t first, uint64_t count, void *out, void *workspace) {
    struct fill fill = {.sampler = sampler,
                        .factor = factor,
                        .kernels = kernels,
                        .out = out,
                        .room = room_in(workspace, sampler->dtype)};
    if (count == 0) return;
    /* Elements that are not of the matrix are 0. */
    if (!sampler->matrix.covers_tensor)
        memset(out, 0, count * ti_dtype_bytes(sampler->dtype));
    ti_view_runs(view, first, count, add_run, &fill);
    flush(&fill);
}
