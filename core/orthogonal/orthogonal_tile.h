/* SPDX-License-Identifier: MIT */
/*
 * Tiles of an orthogonal matrix in one compute type. orthogonal_fill.c includes this once
 * for binary32 and once for binary64, with REAL the type, TILE(name) the name of a
 * function for that type, and PRODUCT the kernel.
 */

/*
 * Copies the values in some columns of 'rows' rows of a block to 'out'. Columns before
 * the block's first one are not stored: they are 0.
 */
static void TILE(pack)(const struct ti_upper *from, size_t block, size_t rows,
                       struct indices indices, size_t out_stride, REAL *out) {
    const size_t start = block * TI_BLOCK, stride = from->width - start;
    const REAL *row = (const REAL *)from->data + ti_upper_offset(from->width, block);
    for (size_t l = 0; l < rows; l++, row += stride, out += out_stride) {
        uint64_t at = indices.first;
        for (size_t i = 0; i < indices.count; i++, at += (uint64_t)indices.step) {
            out[i] = at >= start ? row[at - start] : 0;
        }
    }
}

/* Computes elements [from, from + count) of each segment, count <= TILE_COLS, to
   buffers.c. */
static void TILE(tile)(const struct fill *fill, const struct segments *segments,
                       size_t from, size_t count) {
    const struct ti_orthogonal_factor *factor = fill->factor;
    const struct ti_upper *left = side_of(fill, segments->in_columns);
    const struct ti_upper *right = side_of(fill, !segments->in_columns);
    const struct indices across = {segments->line, segments->line_step, segments->count};
    const struct indices along = {segments->start + from * (uint64_t)segments->step,
                                  segments->step, count};
    const bool contiguous = along.step == 1;
    REAL *a = fill->buffers.a, *b = fill->buffers.b, *c = fill->buffers.c;
    memset(c, 0, across.count * TILE_STRIDE * sizeof *c);
    /* The diagonal. */
    for (size_t i = 0; i < across.count; i++) {
        const uint64_t at = across.first + i * (uint64_t)across.step;
        const int64_t ahead = (int64_t)(at - along.first), j = ahead / along.step;
        if (ahead % along.step != 0 || j < 0 || (size_t)j >= count) continue;
        c[i * TILE_STRIDE + (size_t)j] = (REAL)factor->sign[at];
    }
    for (size_t block = 0; block < blocks_of(across, along); block++) {
        const size_t start = block * TI_BLOCK, rows = ti_block_rows(factor->k, block);
        const size_t skip =
            contiguous && along.first < start ? (size_t)(start - along.first) : 0;
        const size_t stride = contiguous ? right->width - start : TILE_COLS;
        const struct ti_product size = {rows, across.count, up_to_cols(count - skip),
                                        stride, TILE_STRIDE};
        const REAL *b_data = b;
        TILE(pack)(left, block, rows, across, TI_BLOCK, a);
        if (contiguous) {
            /* Read in place: 'pack' would copy the same values. */
            b_data = (const REAL *)right->data + ti_upper_offset(right->width, block) +
                     (along.first + skip - start);
        } else {
            TILE(pack)(right, block, rows, along, TILE_COLS, b);
        }
        fill->kernels->PRODUCT(&size, a, b_data, c + skip);
    }
}
