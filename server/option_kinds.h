/* SPDX-License-Identifier: MIT */
/*
 * The kinds of options: how the text of a value sets a member of struct tid_config, and
 * how that is written as text again. options.def says of which kind each option is.
 */
#ifndef TID_OPTION_KINDS_H
#define TID_OPTION_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A row of options.def. */
struct tid_option {
    const struct tid_option_kind *kind;
    const char *name;
    const char *value; /* its name in --help, as "HOST:PORT" */
    int64_t min, max;
    const char *fallback; /* the default: a value, or a description of what 0 means */
    bool reloads;         /* SIGHUP reads it again */
    const char *help;
    size_t member; /* its offset in struct tid_config */
    size_t member_bytes;
};

struct tid_option_kind {
    /*
     * Sets the member. On failure false and, in 'flaw', what was expected instead, or
     * what is wrong.
     */
    bool (*read)(const struct tid_option *option, const char *text, void *member,
                 char *flaw, size_t flaw_bytes);
    /* Writes the value that the member has, in the form that 'read' takes. */
    void (*write)(FILE *file, const struct tid_option *option, const void *member);
    bool is_list; /* several values may be given */
    bool is_flag; /* on the command line the name alone is the value 1 */
};

extern const struct tid_option_kind tid_option_address_list, tid_option_number,
    tid_option_seconds, tid_option_bytes, tid_option_count, tid_option_origins,
    tid_option_base_path, tid_option_networks, tid_option_flag, tid_option_path,
    tid_option_choice;

#endif
