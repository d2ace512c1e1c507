/* SPDX-License-Identifier: MIT */
/* The verbs of the command. */
#ifndef TIC_VERBS_H
#define TIC_VERBS_H

#include "client/cli/cli.h"

extern const struct cli_verb cli_verbs[];
extern const size_t cli_verb_count;

/* The verb of that name; NULL if there is none. */
const struct cli_verb *cli_verb_find(const char *name);

/* Prints that there is no such verb, and what may be meant. Returns an exit code. */
int cli_verb_unknown(const char *name);

#endif
