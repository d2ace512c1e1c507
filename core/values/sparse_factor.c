/* SPDX-License-Identifier: MIT */
/*
 * Thresholds of columns: see sparse_factor.h. A key is the element's word and, below it, its
 * row. Words are uniform, so a column's threshold lies near its share of 2^32: one pass over
 * the column counts the keys before the range where it is likely and collects those in it,
 * of which the threshold is then selected. Memory grows with the square root of the rows.
 *
 * The columns, about one of 500, whose threshold is not there are searched by radix: for
 * each digit of 8 bits the keys that match those before it are counted, then the digit is
 * chosen in whose bucket the threshold lies. A bucket whose keys are all to be 0 ends the search.
 */
#include "core/values/sparse_factor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/values/sparse_select.h"
#include "core/values/sparse_words.h"

#define DIGITS 8
#define BUCKETS 256

/* Max columns of a batch, and bytes of its keys unless a single column has more. */
#define BATCH_COLS ((uint64_t)4096)
#define BATCH_BYTES ((uint64_t)2 << 20)

/* Elements of a task: a millisecond. */
#define TASK_ELEMS ((uint64_t)1 << 18)

/* Two phases a digit, counting and choosing; before them two that collect and select. */
#define BATCH_PHASES (2 + 2 * DIGITS)

struct ti_sparse_col {
    /* how many of the keys that match the digits known so far are to be 0; 0: all are known */
    uint32_t rank;
    /* keys before the range, and in it */
    uint32_t below, found;
};

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t round_up(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/* Sizes -------------------------------------------------------------------------------- */

/*
 * The place of the threshold among the rows has the variance n * p * (1 - p) of a binomial
 * distribution: three standard deviations to each side, and some more for small counts.
 */
static void plan_range(const struct ti_sparse_mask *mask, struct ti_key_range *range,
                       uint64_t *keys_max) {
    const double n = (double)mask->rows, k = (double)mask->zeros;
    const double margin = 3 * sqrt(k * (n - k) / n) + 4;
    const double low = (k - margin) / n, high = (k + margin) / n;
    range->first = low > 0 ? (uint32_t)(low * 0x1p32) : 0;
    range->span = (high < 1 ? (uint32_t)(high * 0x1p32) : UINT32_MAX) - range->first;
    /* How many keys the range has varies, too. Histograms take the same place. */
    *keys_max = (uint64_t)(2 * margin + 6 * sqrt(2 * margin)) + 1;
    *keys_max = max_u64(*keys_max, BUCKETS / 2);
    if (*keys_max < mask->rows) return;
    *range = (struct ti_key_range){0, UINT32_MAX};
    *keys_max = max_u64(mask->rows, BUCKETS / 2);
}

static void plan_batches(struct ti_sparse_factor *sparse) {
    const uint64_t count = sparse->columns.count;
    plan_range(&sparse->mask, &sparse->range, &sparse->keys_max);
    const uint64_t fit = BATCH_BYTES / (sizeof *sparse->keys * sparse->keys_max);
    uint64_t batch = min_u64(max_u64(fit, 1), BATCH_COLS);
    if (batch > TI_SPARSE_COLS) batch -= batch % TI_SPARSE_COLS;
    sparse->batch_cols = min_u64(batch, count);
    sparse->task_cols = min_u64(sparse->batch_cols, TI_SPARSE_COLS);
    sparse->task_rows = max_u64(TASK_ELEMS / sparse->task_cols, 1);
}

bool ti_sparse_needs_factor(const struct ti_sparse_mask *mask) {
    return mask->zeros > 0 && mask->zeros < mask->rows;
}

size_t ti_sparse_factor_bytes(const struct ti_columns *columns) {
    return sizeof(struct ti_sparse_factor) +
           2 * sizeof(uint32_t) * (size_t)columns->count;
}

size_t ti_sparse_factor_peak_bytes(const struct ti_sparse_mask *mask,
                                   const struct ti_columns *columns) {
    struct ti_sparse_factor sparse = {.mask = *mask, .columns = *columns};
    plan_batches(&sparse);
    const size_t col_bytes =
        sizeof *sparse.col + sizeof *sparse.keys * (size_t)sparse.keys_max;
    return ti_sparse_factor_bytes(columns) + (size_t)sparse.batch_cols * col_bytes;
}

/* Columns of a batch ------------------------------------------------------------------- */

static struct ti_col_range batch_of(const struct ti_sparse_factor *sparse,
                                    unsigned phase) {
    const uint64_t first = phase / BATCH_PHASES * sparse->batch_cols;
    return (struct ti_col_range){
        first, min_u64(sparse->columns.count - first, sparse->batch_cols)};
}

/* Of column 'i' of a batch. */
static uint64_t *keys_of(const struct ti_sparse_factor *sparse, uint64_t i) {
    return sparse->keys + i * sparse->keys_max;
}

static uint32_t *histogram_of(const struct ti_sparse_factor *sparse, uint64_t i) {
    return (uint32_t *)keys_of(sparse, i);
}

static void set_key(struct ti_sparse_factor *sparse, uint64_t col, uint64_t key) {
    sparse->word[col] = (uint32_t)(key >> 32);
    sparse->row[col] = (uint32_t)key;
}

/* Some columns of a batch, and rows of them, that a task passes over. */
struct rect {
    struct ti_col_range cols;
    uint64_t batch_col; /* the place of the first in the batch */
    uint64_t row, end;
    bool shared; /* other tasks have other rows of the columns */
};

static uint64_t row_ranges(const struct ti_sparse_factor *sparse) {
    return round_up(sparse->mask.rows, sparse->task_rows);
}

/* Adds to a number of a column, and returns what it was. */
static uint32_t add_to(uint32_t *number, uint32_t more, bool shared) {
    if (shared) return __atomic_fetch_add(number, more, __ATOMIC_RELAXED);
    const uint32_t before = *number;
    *number = before + more;
    return before;
}

/* Collecting --------------------------------------------------------------------------- */

static void collect_row(const struct ti_sparse_factor *sparse, const struct rect *rect,
                        const uint32_t *words, uint64_t row,
                        uint32_t below[TI_SPARSE_COLS]) {
    uint16_t found[TI_SPARSE_COLS];
    const size_t count = sparse->kernels->find_keys(
        &sparse->range, words, (size_t)rect->cols.count, below, found);
    for (size_t k = 0; k < count; k++) {
        const uint64_t i = rect->batch_col + found[k];
        const uint32_t at = add_to(&sparse->col[i].found, 1, rect->shared);
        if (at < sparse->keys_max)
            keys_of(sparse, i)[at] = (uint64_t)words[found[k]] << 32 | row;
    }
}

static void collect(const struct ti_sparse_factor *sparse, const struct rect *rect) {
    struct ti_sparse_words made;
    uint32_t below[TI_SPARSE_COLS] = {0};
    for (uint64_t row = rect->row, rows; row < rect->end; row += rows) {
        rows = ti_sparse_words_make(sparse, rect->cols, row, rect->end, &made);
        for (uint64_t r = 0; r < rows; r++)
            collect_row(sparse, rect, made.words + made.start[r], row + r, below);
    }
    for (uint64_t i = 0; i < rect->cols.count; i++)
        add_to(&sparse->col[rect->batch_col + i].below, below[i], rect->shared);
}

/* Selects the threshold if it is among the keys; else the radix search begins. */
static void select_col(struct ti_sparse_factor *sparse, uint64_t i, uint64_t col) {
    struct ti_sparse_col *state = &sparse->col[i];
    const uint32_t zeros = (uint32_t)sparse->mask.zeros;
    if (zeros > state->below && zeros - state->below <= state->found &&
        state->found <= sparse->keys_max) {
        const uint32_t rank = zeros - state->below - 1;
        set_key(sparse, col, ti_sparse_select(keys_of(sparse, i), state->found, rank));
        state->rank = 0;
    } else {
        set_key(sparse, col, 0);
        state->rank = zeros;
        memset(keys_of(sparse, i), 0, BUCKETS * sizeof(uint32_t));
    }
    state->below = state->found = 0; /* for the next batch */
}

/* Radix search ------------------------------------------------------------------------- */

static void count_col(const struct ti_sparse_factor *sparse, const struct rect *rect,
                      uint64_t i, unsigned digit) {
    const uint64_t col = rect->cols.first + i;
    const uint64_t known = (uint64_t)sparse->word[col] << 32 | sparse->row[col];
    const unsigned shift = 56 - 8 * digit;
    uint32_t histogram[BUCKETS] = {0};
    struct ti_sparse_words made;
    for (uint64_t row = rect->row, rows; row < rect->end; row += rows) {
        const struct ti_col_range one = {col, 1};
        rows = ti_sparse_words_make(sparse, one, row, rect->end, &made);
        for (uint64_t r = 0; r < rows; r++) {
            const uint64_t key = (uint64_t)made.words[made.start[r]] << 32 | (row + r);
            if (digit > 0 && (key ^ known) >> (shift + 8) != 0) continue;
            histogram[key >> shift & (BUCKETS - 1)]++;
        }
    }
    uint32_t *sum = histogram_of(sparse, rect->batch_col + i);
    for (size_t k = 0; k < BUCKETS; k++) add_to(&sum[k], histogram[k], rect->shared);
}

static void count(const struct ti_sparse_factor *sparse, const struct rect *rect,
                  unsigned digit) {
    for (uint64_t i = 0; i < rect->cols.count; i++) {
        if (sparse->col[rect->batch_col + i].rank > 0) count_col(sparse, rect, i, digit);
    }
}

static void choose(struct ti_sparse_factor *sparse, uint64_t i, uint64_t col,
                   unsigned digit) {
    const unsigned shift = 56 - 8 * digit;
    const uint64_t known = (uint64_t)sparse->word[col] << 32 | sparse->row[col];
    uint32_t left = sparse->col[i].rank, *histogram = histogram_of(sparse, i);
    uint64_t bucket = 0;
    if (left == 0) return;
    while (histogram[bucket] < left) left -= histogram[bucket++];
    const uint64_t key = known | bucket << shift;
    const bool all = histogram[bucket] == left;
    set_key(sparse, col, all ? key | (((uint64_t)1 << shift) - 1) : key);
    sparse->col[i].rank = all ? 0 : left;
    memset(histogram, 0, BUCKETS * sizeof *histogram);
}

/* Running ------------------------------------------------------------------------------ */

static void free_work(struct ti_sparse_factor *sparse) {
    free(sparse->col);
    free(sparse->keys);
    sparse->col = NULL;
    sparse->keys = NULL;
}

static void sparse_free(struct ti_factor *factor) {
    struct ti_sparse_factor *sparse = (struct ti_sparse_factor *)factor;
    free_work(sparse);
    free(sparse->word);
    free(sparse->row);
    free(sparse);
}

static unsigned sparse_phases(const struct ti_factor *factor) {
    const struct ti_sparse_factor *sparse = (const struct ti_sparse_factor *)factor;
    const uint64_t batches = round_up(sparse->columns.count, sparse->batch_cols);
    return (unsigned)batches * BATCH_PHASES;
}

static size_t sparse_tasks(const struct ti_factor *factor, unsigned phase) {
    const struct ti_sparse_factor *sparse = (const struct ti_sparse_factor *)factor;
    if (phase % 2 == 1) return 1;
    return (size_t)(round_up(batch_of(sparse, phase).count, sparse->task_cols) *
                    row_ranges(sparse));
}

/* The first phase of each pair: passes over columns. */
static void pass_task(struct ti_sparse_factor *sparse, unsigned phase, size_t task) {
    const struct ti_col_range batch = batch_of(sparse, phase);
    const uint64_t ranges = row_ranges(sparse), step = phase % BATCH_PHASES / 2;
    struct rect rect = {.shared = ranges > 1};
    rect.batch_col = task / ranges * sparse->task_cols;
    rect.cols.first = batch.first + rect.batch_col;
    rect.cols.count = min_u64(batch.count - rect.batch_col, sparse->task_cols);
    rect.row = task % ranges * sparse->task_rows;
    rect.end = min_u64(rect.row + sparse->task_rows, sparse->mask.rows);
    if (step == 0) {
        collect(sparse, &rect);
    } else {
        count(sparse, &rect, (unsigned)step - 1);
    }
}

/* The second one: what has been found of each column. */
static void choose_task(struct ti_sparse_factor *sparse, unsigned phase) {
    const struct ti_col_range batch = batch_of(sparse, phase);
    const unsigned step = phase % BATCH_PHASES / 2;
    for (uint64_t i = 0; i < batch.count; i++) {
        if (step == 0) {
            select_col(sparse, i, batch.first + i);
        } else {
            choose(sparse, i, batch.first + i, step - 1);
        }
    }
    if (phase + 1 == sparse_phases(&sparse->base)) free_work(sparse);
}

static void sparse_run(struct ti_factor *factor, unsigned phase, size_t task) {
    struct ti_sparse_factor *sparse = (struct ti_sparse_factor *)factor;
    if (phase % 2 == 0) {
        pass_task(sparse, phase, task);
    } else {
        choose_task(sparse, phase);
    }
}

enum ti_status ti_sparse_factor_make(const struct ti_sampler *sampler,
                                     const struct ti_kernels *kernels,
                                     const struct ti_columns *columns,
                                     struct ti_factor **factor, struct ti_error *error) {
    static const struct ti_factor_class class = {sparse_phases, sparse_tasks, sparse_run,
                                                 sparse_free};
    struct ti_sparse_factor *made = calloc(1, sizeof *made);
    if (!made) return ti_error_nomem(error);
    made->base.class = &class;
    made->mask = sampler->mask;
    made->philox = sampler->philox;
    made->kernels = kernels;
    made->columns = *columns;
    plan_batches(made);
    const size_t count = (size_t)columns->count, batch = (size_t)made->batch_cols;
    made->word = calloc(count, sizeof *made->word);
    made->row = calloc(count, sizeof *made->row);
    made->col = calloc(batch, sizeof *made->col);
    made->keys = calloc(batch * (size_t)made->keys_max, sizeof *made->keys);
    if (!made->word || !made->row || !made->col || !made->keys) {
        sparse_free(&made->base);
        return ti_error_nomem(error);
    }
    *factor = &made->base;
    return TI_OK;
}
