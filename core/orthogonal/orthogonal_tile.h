/* SPDX-License-Identifier: MIT */
/*
 * Tiles of an orthogonal matrix in one compute type: included by matrix.c once for binary32 and
 * once for binary64, with REAL the type, TILE(name) a name's name for it, and PRODUCT the kernel.
 */

/*
 * Of 'rows' rows of a block, the numbers at some columns. Columns before the block's first are
 * not kept, and 0.
 */
static void TILE(pack)(const struct ti_upper *from, size_t block, size_t rows,
                       struct places places, size_t stride_out, REAL *out) {
    const size_t start = block * TI_BLOCK, stride = from->width - start;
    const REAL *row = (const REAL *)from->data + ti_upper_at(from->width, block);
    for (size_t l = 0; l < rows; l++, row += stride, out += stride_out) {
        uint64_t at = places.first;
        for (size_t i = 0; i < places.count; i++, at += (uint64_t)places.step) {
            out[i] = at >= start ? row[at - start] : 0;
        }
    }
}

/* Elements [from, from + count) of each line, count <= TILE_COLS, to room->c. */
static void TILE(tile)(const struct fill *fill, const struct lines *lines, size_t from,
                       size_t count) {
    const struct ti_factor *factor = fill->factor;
    const struct ti_upper *fixed = side_of(fill, lines->columns);
    const struct ti_upper *running = side_of(fill, !lines->columns);
    const struct places across = {lines->fixed, lines->fixed_step, lines->count};
    const struct places along = {lines->place + from * (uint64_t)lines->step, lines->step,
                                 count};
    const bool straight = along.step == 1;
    REAL *a = fill->room.a, *b = fill->room.b, *c = fill->room.c;
    memset(c, 0, across.count * TILE_STRIDE * sizeof *c);
    for (size_t i = 0; i < across.count; i++) { /* the diagonal */
        const uint64_t at = across.first + i * (uint64_t)across.step;
        const int64_t ahead = (int64_t)(at - along.first), j = ahead / along.step;
        if (ahead % along.step != 0 || j < 0 || (size_t)j >= count) continue;
        c[i * TILE_STRIDE + (size_t)j] = (REAL)factor->sign[at];
    }
    for (size_t block = 0; block < blocks_of(across, along); block++) {
        const size_t start = block * TI_BLOCK, rows = ti_block_rows(factor->k, block);
        const size_t skip =
            straight && along.first < start ? (size_t)(start - along.first) : 0;
        const size_t stride = straight ? running->width - start : TILE_COLS;
        const struct ti_product size = {rows, across.count, up_to_cols(count - skip),
                                        stride, TILE_STRIDE};
        const REAL *right = b;
        TILE(pack)(fixed, block, rows, across, TI_BLOCK, a);
        if (straight) {
            right = (const REAL *)running->data + ti_upper_at(running->width, block) +
                    (along.first + skip - start);
        } else {
            TILE(pack)(running, block, rows, along, TILE_COLS, b);
        }
        fill->kernels->PRODUCT(&size, a, right, c + skip);
    }
}
