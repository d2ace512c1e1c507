/* SPDX-License-Identifier: MIT */
/*
 * The document of /v1/plan.
 */
#ifndef TID_JSON_PLAN_H
#define TID_JSON_PLAN_H

#include "server/endpoints/planned.h"

/* The document as text from malloc(); NULL if memory runs out. */
char *tid_json_plan(const struct tid_planned *planned, const char *isa);

#endif
