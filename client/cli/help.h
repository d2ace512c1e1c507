/* SPDX-License-Identifier: MIT */
/* Help for people (help.c) and for their shells (complete.c). */
#ifndef TIC_HELP_H
#define TIC_HELP_H

#include <stdio.h>

#include "client/cli/cli.h"

/* What tensorinit --help prints. */
void cli_help(FILE *to);

/* What tensorinit VERB --help prints. */
void cli_help_verb(const struct cli_verb *verb);

/* A subject of tensorinit help that is not a verb. */
struct cli_topic {
    const char *name, *about;
    void (*print)(void);
};
extern const struct cli_topic cli_topics[];
extern const size_t cli_topic_count;

/* tensorinit help [SUBJECT]. Returns an exit code. */
int cli_help_run(int argc, char **argv);

/*
 * tensorinit __complete WORD...: prints what the last word may become, if the others are
 * what follows "tensorinit" on a command line; a line each, with a tab before what it is
 * about. A line ":files" asks for names of files. A word that ends in '=' goes on. For the
 * scripts in deploy/completions, which is why no help names it. Returns an exit code.
 */
int cli_complete(int argc, char **argv);

#endif
