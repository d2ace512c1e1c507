/* SPDX-License-Identifier: MIT */
/*
 * Limits of what clients may request, as configured, and how often each has refused
 * something. limits.def lists them.
 *
 * main.c sets them; they may be set again while requests run. Any thread may read.
 */
#ifndef TID_LIMITS_H
#define TID_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* As options set them; 0: no limit. */
struct tid_limit_values {
#define TID_LIMIT(member, option, status, problem, what, field, advice) uint64_t member;
#include "server/work/limits.def"
#undef TID_LIMIT
};

enum tid_limit {
#define TID_LIMIT(member, option, status, problem, what, field, advice)                  \
    TID_LIMIT_##member,
#include "server/work/limits.def"
#undef TID_LIMIT
    TID_LIMIT_COUNT
};

struct tid_limit_info {
    const char *name, *option;
    unsigned status;
    const char *problem, *what, *field, *advice;
};

const struct tid_limit_info *tid_limit_get(enum tid_limit limit);

/* Start from zeroes: no limits. */
struct tid_limits {
    _Atomic uint64_t max[TID_LIMIT_COUNT];
    _Atomic uint64_t refused[TID_LIMIT_COUNT];
    _Atomic int64_t logged_ms[TID_LIMIT_COUNT];
    _Atomic uint64_t version; /* tid_limits_version() */
};

void tid_limits_set(struct tid_limits *limits, const struct tid_limit_values *values);

/*
 * Another number after each tid_limits_set(): what was allowed before may not be so now. With the
 * number that was there before it was allowed, it tells. 'limits' may be NULL.
 */
uint64_t tid_limits_version(const struct tid_limits *limits);

/* 0: none. 'limits' may be NULL: no limits. */
uint64_t tid_limit_max(const struct tid_limits *limits, enum tid_limit limit);

/* Whether that many are allowed. */
bool tid_limit_allows(const struct tid_limits *limits, enum tid_limit limit,
                      uint64_t count);

/*
 * Counts a refusal. True if it should be logged: the first, and one in ten seconds, so that
 * the log is not flooded.
 */
bool tid_limit_count_refused(struct tid_limits *limits, enum tid_limit limit,
                             int64_t now_ms);

uint64_t tid_limit_refused(const struct tid_limits *limits, enum tid_limit limit);

#endif
