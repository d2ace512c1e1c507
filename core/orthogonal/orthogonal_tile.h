/* SPDX-License-Identifier: MIT */
/*
 * Tiles of an orthogonal matrix in one compute type. orthogonal_fill.c includes this once
 * for binary32 and once for binary64, with REAL the type, TILE(name) the name of a
 * function for that type, and PRODUCT the kernel.
 */

/*
 * Copies the values in some columns, in ascending order, of 'rows' rows of a block to 'out'.
 * Columns before the block's first one are not stored: they are 0.
 */
static void TILE(pack)(const struct ti_upper *from, size_t block, size_t rows,
                       const uint32_t *number, size_t count, size_t out_stride,
                       REAL *out) {
    const size_t start = block * TI_BLOCK, stride = from->width - start;
    const REAL *row = (const REAL *)from->data + ti_upper_offset(from->width, block);
    size_t zeros = 0;
    while (zeros < count && number[zeros] < start) zeros++;
    for (size_t l = 0; l < rows; l++, row += stride, out += out_stride) {
        for (size_t i = 0; i < zeros; i++) out[i] = 0;
        for (size_t i = zeros; i < count; i++) out[i] = row[number[i] - start];
    }
}

/* The part that is not a sum: the signs on the diagonal. */
static void TILE(diagonal)(const struct fill *fill, const struct tile *tile, REAL *c) {
    const struct across *across = &tile->across;
    const struct along *along = &tile->along;
    memset(c, 0, across->count * TILE_STRIDE * sizeof *c);
    for (size_t i = 0, j = 0; i < across->count; i++) {
        while (j < along->count && along->number[j] < across->number[i]) j++;
        if (j < along->count && along->number[j] == across->number[i])
            c[i * TILE_STRIDE + j] = (REAL)fill->matrix.sign[along->number[j]];
    }
}

/* Subtracts from a tile what a block of the sums adds to it. */
static void TILE(block)(const struct fill *fill, const struct tile *tile, size_t block) {
    const struct across *across = &tile->across;
    const struct along *along = &tile->along;
    const size_t first = along->number[0];
    REAL *a = fill->buffers.a, *b = fill->buffers.b, *c = fill->buffers.c;
    const size_t start = block * TI_BLOCK, rows = ti_block_rows(fill->factor->k, block);
    const size_t skip = along->neighbours && first < start ? start - first : 0;
    const size_t stride = along->neighbours ? tile->right->width - start : TI_TILE_COLS;
    const struct ti_product size = {rows, across->count,
                                    ti_round_up(along->count - skip, TI_PRODUCT_COLS),
                                    stride, TILE_STRIDE};
    const REAL *b_data = b;
    TILE(pack)(tile->left, block, rows, across->number, across->count, TI_BLOCK, a);
    if (along->neighbours) {
        /* Read in place: 'pack' would copy the same values. */
        b_data = (const REAL *)tile->right->data +
                 ti_upper_offset(tile->right->width, block) + (first + skip - start);
    } else {
        TILE(pack)
        (tile->right, block, rows, along->number, along->count, TI_TILE_COLS, b);
    }
    fill->kernels->PRODUCT(&size, a, b_data, c + skip);
}

/* Computes a tile to buffers.c, or goes on with it. True if it is complete. */
static bool TILE(tile)(struct fill *fill, const struct tile *tile) {
    size_t *done = &fill->progress->blocks;
    if (*done == 0) TILE(diagonal)(fill, tile, fill->buffers.c);
    for (; *done < blocks_of(tile) && fill->left_ns > 0; ++*done) {
        TILE(block)(fill, tile, *done);
        fill->left_ns -= TI_BLOCK * tile->term_ns;
    }
    return *done == blocks_of(tile);
}
