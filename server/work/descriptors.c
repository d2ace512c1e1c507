/* SPDX-License-Identifier: MIT */
/* See descriptors.h. */
#include "server/work/descriptors.h"

#include <sys/resource.h>

#include "server/http/refused_connections.h"

#define RESERVED_MAX 16

/* If there are too few, this part of them is for what is not served. */
#define SPARE_PART 4

struct tid_descriptors tid_descriptors_wanted(unsigned max_connections) {
    return (struct tid_descriptors){max_connections, RESERVED_MAX, TID_REFUSED_MAX};
}

static rlim_t sum(const struct tid_descriptors *shares) {
    return (rlim_t)shares->served + shares->reserved + shares->refused;
}

static unsigned lower(rlim_t a, unsigned b) { return a < b ? (unsigned)a : b; }

bool tid_descriptors_fit(unsigned other, struct tid_descriptors *shares,
                         unsigned long long *allowed) {
    struct rlimit limit;
    const rlim_t wanted = sum(shares) + other;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
    if (limit.rlim_cur < wanted) {
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = wanted <= limit.rlim_max ? wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
    }
    *allowed = limit.rlim_cur;
    if (limit.rlim_cur >= wanted) return true;
    const rlim_t left = limit.rlim_cur > other ? limit.rlim_cur - other : 0;
    const rlim_t spare = left / SPARE_PART;
    shares->reserved = lower(spare / 2, shares->reserved);
    shares->refused = lower(spare - shares->reserved, shares->refused);
    shares->served = lower(left - shares->reserved - shares->refused, shares->served);
    return shares->reserved > 0 && shares->refused > 0 && shares->served > 0;
}
