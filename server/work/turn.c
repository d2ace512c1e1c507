/* SPDX-License-Identifier: MIT */
/* See turn.h. */
#include "server/work/turn.h"

#include "server/work/block_budget.h"

void tid_turn_begin(struct tid_turn *turn) {
    turn->last_blocks = turn->blocks;
    turn->blocks = 0;
    turn->spent_ns = 0;
}

bool tid_turn_reserve(struct tid_turn *turn, double ns) {
    if (ns > TID_TURN_BLOCK_NS || turn->reserved_ns + ns > TID_TURN_NS) return false;
    turn->reserved_ns += ns;
    return true;
}

void tid_turn_release(struct tid_turn *turn, double ns) { turn->reserved_ns -= ns; }

bool tid_turn_spend(struct tid_turn *turn, double ns) {
    if (ns > TID_TURN_BLOCK_NS || turn->spent_ns + ns > TID_TURN_NS) return false;
    turn->spent_ns += ns;
    return true;
}

size_t tid_turn_block(struct tid_turn *turn, double ns_per_byte, size_t max_bytes) {
    const double byte_ns = ns_per_byte + TID_SEND_NS_PER_BYTE;
    turn->blocks++;
    const unsigned streams =
        turn->blocks > turn->last_blocks ? turn->blocks : turn->last_blocks;
    double share_ns = TID_TURN_SHARED_NS / streams;
    if (share_ns > TID_TURN_SHARED_NS - turn->spent_ns)
        share_ns = TID_TURN_SHARED_NS - turn->spent_ns;
    size_t bytes = TID_BLOCK_BYTES_MIN;
    /* In this order: a share may be too large for size_t. */
    if (share_ns > byte_ns * (double)max_bytes)
        bytes = max_bytes;
    else if (share_ns > byte_ns * TID_BLOCK_BYTES_MIN)
        bytes = (size_t)(share_ns / byte_ns);
    if (bytes > max_bytes) bytes = max_bytes;
    turn->spent_ns += byte_ns * (double)bytes;
    return bytes;
}

void tid_turn_count_sent(struct tid_turn *turn, size_t bytes) {
    turn->blocks++;
    turn->spent_ns += TID_SEND_NS_PER_BYTE * (double)bytes;
}
