/* SPDX-License-Identifier: MIT */
/* tensorinit schemes: prints the table of schemes, or one of them in full. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

static void print_table(void) {
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *scheme = ti_scheme_get(i);
        printf("%-18s %-8s %s\n", scheme->name, scheme->aliases, scheme->formula);
    }
}

static void print_one(size_t index) {
    const struct ti_scheme_info *scheme = ti_scheme_get(index);
    printf("%-10s %s\n", "name", scheme->name);
    if (*scheme->aliases) printf("%-10s %s\n", "aliases", scheme->aliases);
    printf("%-10s %s\n%-10s %s\n%-10s %s\n", "formula", scheme->formula, "source",
           scheme->source, "suits", scheme->suits);
    if (*scheme->defaults) printf("%-10s %s\n", "defaults", scheme->defaults);
    printf("%-10s", "takes");
    for (size_t i = 0; i < ti_param_count(); i++) {
        if (!ti_param_get(i)->common && ti_scheme_takes(index, i)) {
            printf(" %s", ti_param_get(i)->name);
        }
    }
    putchar('\n');
}

/* The frameworks' names of the scheme. */
static void print_aliases(const char *scheme) {
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        if (strcmp(alias->scheme, scheme) != 0) continue;
        printf("%-10s %s.{%s}%s%s%s%s%s%s\n", "name of", alias->frameworks,
               alias->spellings, *alias->params ? ", takes " : "", alias->params,
               *alias->defaults ? ", defaults " : "", alias->defaults,
               *alias->fixed ? ", fixed " : "", alias->fixed);
    }
}

int cli_schemes(struct cli_options *options) {
    size_t index;
    if (!options->file) {
        print_table();
    } else if (ti_scheme_find(options->file, strlen(options->file), &index)) {
        print_one(index);
        print_aliases(ti_scheme_get(index)->name);
    } else {
        fprintf(stderr, "tensorinit: unknown scheme '%s'\n", options->file);
        return CLI_USAGE;
    }
    return cli_close_stdout();
}
