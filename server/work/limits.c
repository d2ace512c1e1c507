/* SPDX-License-Identifier: MIT */
/* See limits.h. */
#include "server/work/limits.h"

#define LOG_MS 10000

static const struct tid_limit_info infos[TID_LIMIT_COUNT] = {
#define TID_LIMIT(member, option, status, problem, what, field, advice)                  \
    {#member, option, status, problem, what, field, advice},
#include "server/work/limits.def"
#undef TID_LIMIT
};

const struct tid_limit_info *tid_limit_get(enum tid_limit limit) { return &infos[limit]; }

void tid_limits_set(struct tid_limits *limits, const struct tid_limit_values *values) {
#define TID_LIMIT(member, option, status, problem, what, field, advice)                  \
    atomic_store_explicit(&limits->max[TID_LIMIT_##member], values->member,              \
                          memory_order_relaxed);
#include "server/work/limits.def"
#undef TID_LIMIT
    /* Last: who sees the new number sees the new limits. */
    atomic_fetch_add_explicit(&limits->version, 1, memory_order_release);
}

uint64_t tid_limits_version(const struct tid_limits *limits) {
    return limits ? atomic_load_explicit(&limits->version, memory_order_acquire) : 0;
}

uint64_t tid_limit_max(const struct tid_limits *limits, enum tid_limit limit) {
    return limits ? atomic_load_explicit(&limits->max[limit], memory_order_relaxed) : 0;
}

bool tid_limit_allows(const struct tid_limits *limits, enum tid_limit limit,
                      uint64_t count) {
    const uint64_t max = tid_limit_max(limits, limit);
    return max == 0 || count <= max;
}

bool tid_limit_count_refused(struct tid_limits *limits, enum tid_limit limit,
                             int64_t now_ms) {
    atomic_fetch_add_explicit(&limits->refused[limit], 1, memory_order_relaxed);
    int64_t logged_ms =
        atomic_load_explicit(&limits->logged_ms[limit], memory_order_relaxed);
    if (logged_ms > 0 && now_ms - logged_ms < LOG_MS) return false;
    return atomic_compare_exchange_strong(&limits->logged_ms[limit], &logged_ms, now_ms);
}

uint64_t tid_limit_refused(const struct tid_limits *limits, enum tid_limit limit) {
    return limits ? atomic_load_explicit(&limits->refused[limit], memory_order_relaxed)
                  : 0;
}
