/* SPDX-License-Identifier: MIT */
/*
 * Tiles of an orthogonal matrix in one compute type: included by matrix.c once for binary32 and
 * once for binary64, with REAL the type, TILE(name) a name's name for it, and PRODUCT the kernel.
 */

/*
 * TI_BLOCK rows of an upper matrix, of which places that 'count' columns have, 'step' apart from
 * 'first' on. Columns before the block's first are not kept, and 0.
 */
static void TILE(pack)(const struct ti_upper *from, size_t block, uint64_t first,
                       int64_t step, size_t count, size_t stride_out, REAL *out) {
    const size_t start = block * TI_BLOCK, stride = from->width - start;
    const REAL *row = (const REAL *)from->data + ti_upper_at(from->width, block);
    for (size_t l = 0; l < TI_BLOCK; l++, row += stride, out += stride_out) {
        uint64_t at = first;
        for (size_t i = 0; i < count; i++, at += (uint64_t)step) {
            out[i] = at >= start ? row[at - start] : 0;
        }
    }
}

/* Elements [from, from + count) of each line, count <= TILE_COLS, to room->c. */
static void TILE(tile)(const struct fill *fill, const struct lines *lines, size_t from,
                       size_t count) {
    const struct ti_setup *setup = fill->setup;
    const struct ti_upper *fixed = side_of(fill, lines->columns);
    const struct ti_upper *running = side_of(fill, !lines->columns);
    const uint64_t first = lines->place + from * (uint64_t)lines->step;
    const size_t blocks = blocks_of(lines, first, count);
    REAL *a = fill->room.a, *b = fill->room.b, *c = fill->room.c;
    memset(c, 0, lines->count * TILE_STRIDE * sizeof *c);
    for (size_t i = 0; i < lines->count; i++) { /* the diagonal */
        const uint64_t at = lines->fixed + i * (uint64_t)lines->fixed_step;
        const int64_t ahead = (int64_t)(at - first), j = ahead / lines->step;
        if (ahead % lines->step != 0 || j < 0 || (size_t)j >= count) continue;
        c[i * TILE_STRIDE + (size_t)j] = (REAL)setup->sign[at];
    }
    for (size_t block = 0; block < blocks; block++) {
        const size_t start = block * TI_BLOCK, left = setup->k - start;
        const bool straight = lines->step == 1;
        const size_t skip = straight && first < start ? (size_t)(start - first) : 0;
        const struct ti_product size = {
            left < TI_BLOCK ? left : TI_BLOCK, lines->count, up_to_cols(count - skip),
            straight ? running->width - start : TILE_COLS, TILE_STRIDE};
        TILE(pack)
        (fixed, block, lines->fixed, lines->fixed_step, lines->count, TI_BLOCK, a);
        if (!straight) {
            TILE(pack)(running, block, first, lines->step, count, TILE_COLS, b);
        }
        const REAL *of_running = (const REAL *)running->data +
                                 ti_upper_at(running->width, block) +
                                 (first + skip - start);
        fill->kernels->PRODUCT(&size, a, straight ? of_running : b, c + skip);
    }
}
