/* SPDX-License-Identifier: MIT */
/* The document of /v1/propagation. */
#ifndef TID_JSON_PROPAGATION_H
#define TID_JSON_PROPAGATION_H

#include <tensorinit/propagation.h>

/* Of a stack that is complete: from malloc(); NULL if memory runs out. */
char *tid_json_propagation(const struct ti_propagation *stack);

#endif
