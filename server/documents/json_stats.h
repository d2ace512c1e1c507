/* SPDX-License-Identifier: MIT */
/* The document of /v1/stats. */
#ifndef TID_JSON_STATS_H
#define TID_JSON_STATS_H

#include <tensorinit/stats.h>

/* The document as text from malloc(); NULL if memory runs out. */
char *tid_json_stats(const struct ti_plan_info *info,
                     const struct ti_stats_summary *summary);

#endif
