/* SPDX-License-Identifier: MIT */
/*
 * Thresholds by radix selection: see sparse_factor.h. A key is the element's word and, below
 * it, its row: 8 digits of 8 bits. For each digit the keys that match those before it are
 * counted, then the digit is chosen in whose bucket the threshold lies. Words are generated
 * again for each digit, since that is cheaper than to keep them: memory does not grow with the
 * rows. A bucket whose keys are all to be 0 ends the search, mostly after three digits.
 */
#include "core/values/sparse_factor.h"

#include <stdlib.h>
#include <string.h>

/* The counter's top two bits number the lane: words of keys are of lane 2. */
#define LANE_2 ((uint64_t)2 << 62)

#define DIGITS 8
#define BUCKETS 256

/* Columns that a task counts together, and columns whose histograms are there at a time. */
#define GROUP_COLS ((uint64_t)32)
#define BATCH_COLS ((uint64_t)4096)

/* Max rows of a group that a task counts, which then are 2^20 words and some 2 ms; where
   columns are shorter, a task counts several groups. */
#define TASK_ROWS ((uint64_t)1 << 15)

/* Two phases a digit: counting and choosing. */
#define BATCH_PHASES (2 * DIGITS)

static uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Making ------------------------------------------------------------------------------- */

bool ti_sparse_needs_factor(const struct ti_sparse_mask *mask) {
    return mask->zeros > 0 && mask->zeros < mask->rows;
}

size_t ti_sparse_factor_bytes(const struct ti_columns *columns) {
    return sizeof(struct ti_sparse_factor) +
           2 * sizeof(uint32_t) * (size_t)columns->count;
}

size_t ti_sparse_factor_peak_bytes(const struct ti_columns *columns) {
    return ti_sparse_factor_bytes(columns) +
           (size_t)min_u64(columns->count, BATCH_COLS) * sizeof(uint32_t) * (BUCKETS + 1);
}

static void free_work(struct ti_sparse_factor *sparse) {
    free(sparse->rank);
    free(sparse->histogram);
    sparse->rank = NULL;
    sparse->histogram = NULL;
}

static void sparse_free(struct ti_factor *factor) {
    struct ti_sparse_factor *sparse = (struct ti_sparse_factor *)factor;
    free_work(sparse);
    free(sparse->word);
    free(sparse->row);
    free(sparse);
}

/* Columns of a batch ------------------------------------------------------------------- */

struct span {
    uint64_t first, count; /* of columns, by their place in the factorization */
};

static struct span batch_of(const struct ti_sparse_factor *sparse, unsigned phase) {
    const uint64_t first = phase / BATCH_PHASES * BATCH_COLS;
    return (struct span){first, min_u64(sparse->columns.count - first, BATCH_COLS)};
}

static uint64_t groups_of(struct span batch) {
    return (batch.count + GROUP_COLS - 1) / GROUP_COLS;
}

static uint64_t groups_per_task(const struct ti_sparse_factor *sparse) {
    return sparse->mask.rows < TASK_ROWS ? TASK_ROWS / sparse->mask.rows : 1;
}

/* Ranges of groups that tasks count, and ranges of rows. */
static uint64_t group_ranges(const struct ti_sparse_factor *sparse, struct span batch) {
    const uint64_t size = groups_per_task(sparse);
    return (groups_of(batch) + size - 1) / size;
}

static uint64_t row_ranges(const struct ti_sparse_factor *sparse) {
    return (sparse->mask.rows + TASK_ROWS - 1) / TASK_ROWS;
}

/* Counting ----------------------------------------------------------------------------- */

/* Words of some rows of a group of columns, and where in them each column's word is. */
struct group_words {
    const struct ti_sparse_factor *sparse;
    struct span cols;
    uint64_t list[8 * TI_TILE_BLOCKS];
    uint32_t words[8 * TI_TILE_WORDS];
    uint16_t at[8 * TI_TILE_WORDS];
};

#define LIST_BLOCKS ((size_t)8 * TI_TILE_BLOCKS)

/* Lists the blocks of as many rows from 'row' on as fit, and makes their words. */
static uint64_t make_words(struct group_words *group, uint64_t row, uint64_t end) {
    const struct ti_sparse_factor *sparse = group->sparse;
    const struct ti_columns *columns = &sparse->columns;
    const uint64_t col = columns->first + group->cols.first * columns->step;
    size_t blocks = 0, words = 0;
    uint64_t rows = 0;
    for (; row + rows < end && blocks + group->cols.count <= LIST_BLOCKS; rows++) {
        uint64_t elem = (row + rows) * sparse->mask.cols + col;
        for (uint64_t i = 0; i < group->cols.count; i++, elem += columns->step) {
            const uint64_t block = LANE_2 | elem / 4;
            if (i == 0 || group->list[blocks - 1] != block) group->list[blocks++] = block;
            group->at[words++] = (uint16_t)(4 * (blocks - 1) + elem % 4);
        }
    }
    const size_t tiles = (blocks + TI_TILE_BLOCKS - 1) / TI_TILE_BLOCKS;
    memset(group->list + blocks, 0,
           (tiles * TI_TILE_BLOCKS - blocks) * sizeof *group->list);
    const struct ti_blocks list = {0, group->list};
    sparse->kernels->words(&sparse->philox, list, tiles * TI_TILE_WORDS, group->words);
    return rows;
}

/* Adds the keys of one row that match the digits known so far. */
static void count_row(const struct group_words *group, const uint16_t *at, uint64_t row,
                      unsigned digit, uint32_t histogram[][BUCKETS]) {
    const struct ti_sparse_factor *sparse = group->sparse;
    const unsigned shift = 56 - 8 * digit;
    for (uint64_t i = 0; i < group->cols.count; i++) {
        const uint64_t k = group->cols.first + i;
        const uint64_t key = (uint64_t)group->words[at[i]] << 32 | row;
        const uint64_t known = (uint64_t)sparse->word[k] << 32 | sparse->row[k];
        if (digit > 0 && (key ^ known) >> (shift + 8) != 0) continue;
        histogram[i][key >> shift & (BUCKETS - 1)]++;
    }
}

static bool is_open(const struct ti_sparse_factor *sparse, struct span batch,
                    struct span cols) {
    for (uint64_t i = 0; i < cols.count; i++) {
        if (sparse->rank[cols.first - batch.first + i] > 0) return true;
    }
    return false;
}

/* A group's keys in rows [start, end), added to its histograms. */
static void count_group(struct ti_sparse_factor *sparse, struct span batch,
                        struct span cols, unsigned digit, uint64_t start, uint64_t end) {
    struct group_words group = {.sparse = sparse, .cols = cols};
    uint32_t histogram[GROUP_COLS][BUCKETS] = {{0}};
    for (uint64_t row = start, rows; row < end; row += rows) {
        rows = make_words(&group, row, end);
        for (uint64_t r = 0; r < rows; r++) {
            count_row(&group, group.at + r * cols.count, row + r, digit, histogram);
        }
    }
    /* Other tasks count other rows of the same columns. */
    for (uint64_t i = 0; i < cols.count; i++) {
        uint32_t *sum = sparse->histogram[cols.first - batch.first + i];
        for (size_t k = 0; k < BUCKETS; k++) {
            if (histogram[i][k] == 0) continue;
            __atomic_fetch_add(&sum[k], histogram[i][k], __ATOMIC_RELAXED);
        }
    }
}

static void count_task(struct ti_sparse_factor *sparse, unsigned phase, size_t task) {
    const struct span batch = batch_of(sparse, phase);
    const uint64_t ranges = row_ranges(sparse), size = groups_per_task(sparse);
    const uint64_t start = task % ranges * TASK_ROWS;
    const uint64_t end = min_u64(start + TASK_ROWS, sparse->mask.rows);
    const unsigned digit = phase % BATCH_PHASES / 2;
    uint64_t first = task / ranges * size * GROUP_COLS;
    for (uint64_t i = 0; i < size && first < batch.count; i++, first += GROUP_COLS) {
        const struct span cols = {batch.first + first,
                                  min_u64(batch.count - first, GROUP_COLS)};
        if (digit > 0 && !is_open(sparse, batch, cols)) continue;
        count_group(sparse, batch, cols, digit, start, end);
    }
}

/* Choosing ----------------------------------------------------------------------------- */

static void set_key(struct ti_sparse_factor *sparse, uint64_t col, uint64_t key) {
    sparse->word[col] = (uint32_t)(key >> 32);
    sparse->row[col] = (uint32_t)key;
}

static void choose(struct ti_sparse_factor *sparse, uint64_t col, unsigned digit,
                   const uint32_t histogram[BUCKETS], uint32_t *rank) {
    const unsigned shift = 56 - 8 * digit;
    const uint64_t known = (uint64_t)sparse->word[col] << 32 | sparse->row[col];
    uint32_t left = digit > 0 ? *rank : (uint32_t)sparse->mask.zeros;
    uint64_t bucket = 0;
    if (left == 0) return;
    while (histogram[bucket] < left) left -= histogram[bucket++];
    const uint64_t key = known | bucket << shift;
    const bool all = histogram[bucket] == left;
    set_key(sparse, col, all ? key | (((uint64_t)1 << shift) - 1) : key);
    *rank = all ? 0 : left;
}

static void choose_task(struct ti_sparse_factor *sparse, unsigned phase) {
    const struct span batch = batch_of(sparse, phase);
    const unsigned digit = phase % BATCH_PHASES / 2;
    for (uint64_t i = 0; i < batch.count; i++) {
        choose(sparse, batch.first + i, digit, sparse->histogram[i], &sparse->rank[i]);
    }
    memset(sparse->histogram, 0, (size_t)batch.count * sizeof *sparse->histogram);
    const bool last = batch.first + batch.count == sparse->columns.count;
    if (last && digit == DIGITS - 1) free_work(sparse);
}

/* Running ------------------------------------------------------------------------------ */

static unsigned sparse_phases(const struct ti_factor *factor) {
    const struct ti_sparse_factor *sparse = (const struct ti_sparse_factor *)factor;
    const uint64_t batches = (sparse->columns.count + BATCH_COLS - 1) / BATCH_COLS;
    return (unsigned)batches * BATCH_PHASES;
}

static size_t sparse_tasks(const struct ti_factor *factor, unsigned phase) {
    const struct ti_sparse_factor *sparse = (const struct ti_sparse_factor *)factor;
    if (phase % 2 == 1) return 1;
    return (size_t)(group_ranges(sparse, batch_of(sparse, phase)) * row_ranges(sparse));
}

static void sparse_run(struct ti_factor *factor, unsigned phase, size_t task) {
    struct ti_sparse_factor *sparse = (struct ti_sparse_factor *)factor;
    if (phase % 2 == 0) {
        count_task(sparse, phase, task);
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
    const size_t count = (size_t)columns->count;
    const size_t batch = (size_t)min_u64(columns->count, BATCH_COLS);
    made->base.class = &class;
    made->mask = sampler->mask;
    made->philox = sampler->philox;
    made->kernels = kernels;
    made->columns = *columns;
    made->word = calloc(count, sizeof *made->word);
    made->row = calloc(count, sizeof *made->row);
    made->rank = calloc(batch, sizeof *made->rank);
    made->histogram = calloc(batch, sizeof *made->histogram);
    if (!made->word || !made->row || !made->rank || !made->histogram) {
        sparse_free(&made->base);
        return ti_error_nomem(error);
    }
    *factor = &made->base;
    return TI_OK;
}
