/* SPDX-License-Identifier: MIT */
/*
 * The kernel table of an instruction set: what fill.c computes with. Every ISA fills one of
 * these, with functions that give the same bits (tests/isa).
 */
#ifndef TI_KERNELS_H
#define TI_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include <tensorinit/dtype.h>

/* Kernels work on whole tiles: 32 Philox blocks, 128 words. */
#define TI_TILE_WORDS 128
#define TI_TILE_BLOCKS (TI_TILE_WORDS / 4)

/* Philox4x32-10 of one seed and stream, with the ten round keys laid out. */
struct ti_philox {
    uint32_t round_key[10][2];
    uint32_t stream[2];
};

/* The top two bits of a block's number are its lane. */
#define TI_LANE(lane) ((uint64_t)(lane) << 62)

/*
 * Which Philox blocks: 'first' and those after it or, if 'list' is not NULL, those that it
 * lists, one for every four words.
 */
struct ti_blocks {
    uint64_t first;
    const uint64_t *list;
};

/*
 * Numbers of the transforms from words to values (docs/SPEC.md sections 4 to 6 name them the
 * same). They hold numbers of the compute type, but tails in units of 2^-64 hold binary64.
 *
 *   uniform    offset + (scale * u), at most high
 *   symmetric  offset + (scale * v), clamped to [low, high]
 *   normal     offset + (scale * z); binary32 only
 *   truncated  as normal; tail = tail_offset + (tail_scale * m), |z| at most z_high; binary32
 *              only
 *   mirrored   the same with the tail in binary64, in units of 2^-64
 *   sided      as mirrored, but the ends differ: the word counts from the lower end, by
 *              tail_offset, or inverted from the upper one, by upper_offset; z is clamped
 *              to [z_low, z_high]
 *
 * In binary64 all values are clamped to [low, high], which may be infinite.
 */
struct ti_transform {
    double offset, scale;
    double low, high;
    double tail_offset, upper_offset, tail_scale;
    double z_low, z_high;
};

/* TI_KERNEL(name): one transform, 32-bit words -> binary32. */
#define TI_KERNELS(TI_KERNEL)                                                            \
    TI_KERNEL(uniform)                                                                   \
    TI_KERNEL(symmetric)                                                                 \
    TI_KERNEL(normal)                                                                    \
    TI_KERNEL(truncated)                                                                 \
    TI_KERNEL(mirrored)                                                                  \
    TI_KERNEL(sided)

/* Those of 64-bit words -> binary64. */
#define TI_F64_KERNELS(TI_KERNEL)                                                        \
    TI_KERNEL(uniform) TI_KERNEL(symmetric) TI_KERNEL(mirrored) TI_KERNEL(sided)

enum ti_kernel {
#define TI_KERNEL(name) TI_KERNEL_##name,
    TI_KERNELS(TI_KERNEL)
#undef TI_KERNEL
        TI_KERNEL_COUNT
};

/*
 * Products of blocks of matrices: for x < rows and y < cols
 *
 *     c[x][y] = c[x][y] - (((0 + a[0][x] * b[0][y]) + a[1][x] * b[1][y]) + ...)
 *
 * with 'depth' products, each operation rounded by itself. Rows of b and c are 'b_stride' and
 * 'c_stride' numbers apart, those of a TI_BLOCK; 'turned' has a[x][l] where the others have
 * a[l][x]. 'cols' is a multiple of TI_PRODUCT_COLS; 'rows' and 'depth' are any. b and c do
 * not overlap. Numbers lie aligned as their type.
 */
#define TI_BLOCK 64
#define TI_SQUARE ((size_t)TI_BLOCK * TI_BLOCK)
#define TI_PRODUCT_COLS 32

struct ti_product {
    size_t depth, rows, cols, b_stride, c_stride;
};

/* Keys from 'first' to first + span, which may be all. */
struct ti_key_range {
    uint32_t first, span;
};

/*
 * 'out' and 'in' have any alignment. 'words' counts are multiples of TI_TILE_WORDS.
 *
 *   lanes   values of 32 bits that a vector holds
 *   words   the words themselves, for tests, measurements and schemes that need bits
 *   draw    words of Philox, transformed
 *   map     words from memory, transformed the same way
 *   draw_f64, map_f64
 *           the same in binary64, NULL for kernels of binary32 alone; the high halves of the
 *           words are those of the lane that the blocks name, the low ones of the next lane
 *   clamp   in place, to [low, high]
 *   narrow  binary32 rounded to a narrower type; NULL for the others
 *   product_f32, product_f64, transposed_f64
 *           products of blocks of matrices, as above
 *   widen   binary32 to binary64; 'count' is a multiple of TI_PRODUCT_COLS
 *   find_keys
 *           adds 1 to below[i] where words[i] is before the range; writes to 'found' each i, of
 *           less than 2^16, whose word is in it, upwards; returns how many. 'found' has space for
 *           'count'
 *   clear_keys
 *           sets to 0 each element, of 'bytes' bytes, whose word is below its threshold, or
 *           equal to it while 'row' is at most its last row; 'count' is any
 */
struct ti_kernels {
    const char *name;
    unsigned lanes;
    void (*words)(const struct ti_philox *philox, struct ti_blocks blocks, size_t words,
                  void *out);
    void (*sample[TI_KERNEL_COUNT])(const struct ti_philox *philox,
                                    const struct ti_transform *transform,
                                    struct ti_blocks blocks, size_t words, void *out);
    void (*map[TI_KERNEL_COUNT])(const struct ti_transform *transform, const void *in,
                                 size_t words, void *out);
    void (*sample_f64[TI_KERNEL_COUNT])(const struct ti_philox *philox,
                                        const struct ti_transform *transform,
                                        struct ti_blocks blocks, size_t words, void *out);
    void (*map_f64[TI_KERNEL_COUNT])(const struct ti_transform *transform,
                                     const void *high, const void *low, size_t words,
                                     void *out);
    void (*clamp)(const struct ti_transform *transform, size_t words, void *values);
    void (*narrow[TI_DTYPE_COUNT])(const void *in, size_t words, void *out);
    void (*product_f32)(const struct ti_product *size, const float *a, const float *b,
                        float *c);
    void (*product_f64)(const struct ti_product *size, const double *a, const double *b,
                        double *c);
    void (*transposed_f64)(const struct ti_product *size, const double *a,
                           const double *b, double *c);
    void (*widen)(const float *in, size_t count, double *out);
    size_t (*find_keys)(const struct ti_key_range *range, const uint32_t *words,
                        size_t count, uint32_t *below, uint16_t *found);
    void (*clear_keys)(const uint32_t *words, const uint32_t *threshold,
                       const uint32_t *last_row, uint32_t row, size_t count, size_t bytes,
                       void *out);
};

extern const struct ti_kernels ti_kernels_portable, ti_kernels_avx2, ti_kernels_avx512,
    ti_kernels_neon;

#endif
