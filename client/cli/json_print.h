/* SPDX-License-Identifier: MIT */
/* The JSON documents of plan and stats: those of /v1/plan and /v1/stats. */
#ifndef TIC_JSON_PRINT_H
#define TIC_JSON_PRINT_H

#include "client/cli/cli.h"

/* Each prints a document and a newline, or what is wrong; returns an exit code. */
int cli_json_plan(const struct cli_tensor *tensor);
int cli_json_stats(const struct ti_plan_info *info,
                   const struct ti_stats_summary *summary);

#endif
