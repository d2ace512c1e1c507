/* SPDX-License-Identifier: MIT */
/*
 * Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
 * SC11) on groups of 64-bit lanes, one block a lane.
 *
 * A state word sits in a lane's low half. What lands in the high half is left there: the
 * next multiplication does not look at it.
 */
#ifndef TI_KERNELS_PHILOX_H
#define TI_KERNELS_PHILOX_H

#define PHILOX_BATCH (V_GROUPS * V_GROUP) /* words of one call */
#define PHILOX_VECTORS (PHILOX_BATCH / V_LANES)

struct philox_keys {
    v_u64 round[10][2];
    v_u64 stream[2];
};

static inline struct philox_keys philox_keys(const struct ti_philox *philox) {
    struct philox_keys keys;
    for (int i = 0; i < 10; i++) {
        keys.round[i][0] = v_u64_set(philox->round_key[i][0]);
        keys.round[i][1] = v_u64_set(philox->round_key[i][1]);
    }
    keys.stream[0] = v_u64_set(philox->stream[0]);
    keys.stream[1] = v_u64_set(philox->stream[1]);
    return keys;
}

/* What the number of a block has more in the next lane. */
#define PHILOX_LANE ((uint64_t)1 << 62)

/* PHILOX_BATCH words of the blocks, each with 'more' added to its number; 'done' words have
   been made of them before. Groups take turns so that multiplications overlap. */
static inline void philox_batch(const struct philox_keys *keys, struct ti_blocks blocks,
                                uint64_t more, size_t done, v_u32 out[PHILOX_VECTORS]) {
    const v_u64 m0 = v_u64_set(0xD2511F53), m1 = v_u64_set(0xCD9E8D57);
    v_u64 c[V_GROUPS][4];
    for (int g = 0; g < V_GROUPS; g++) {
        const size_t at = done / 4 + (size_t)g * (V_GROUP / 4);
        v_u64 block = blocks.list
                          ? v_u64_add(v_u64_load(blocks.list + at), v_u64_set(more))
                          : v_u64_count(blocks.first + more + at);
        c[g][0] = block;
        c[g][1] = v_u64_high(block);
        c[g][2] = keys->stream[0];
        c[g][3] = keys->stream[1];
    }
    for (int i = 0; i < 10; i++) {
        for (int g = 0; g < V_GROUPS; g++) {
            v_u64 p0 = v_u64_mul_low(c[g][0], m0), p1 = v_u64_mul_low(c[g][2], m1);
            c[g][0] = v_u64_xor3(v_u64_high(p1), c[g][1], keys->round[i][0]);
            c[g][2] = v_u64_xor3(v_u64_high(p0), c[g][3], keys->round[i][1]);
            c[g][1] = p1;
            c[g][3] = p0;
        }
    }
    for (int g = 0; g < V_GROUPS; g++) {
        v_interleave(c[g][0], c[g][1], c[g][2], c[g][3], out + g * (V_GROUP / V_LANES));
    }
}

#endif
