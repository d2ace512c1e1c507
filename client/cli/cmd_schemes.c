/* SPDX-License-Identifier: MIT */
/* tensorinit schemes: prints the table of schemes, or one of them in full. */
#include <stdio.h>
#include <stdlib.h>
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

static void print_alias(const struct ti_alias_info *alias) {
    printf("%-10s %s.{%s}%s%s%s%s%s%s\n", "name of", alias->frameworks, alias->spellings,
           *alias->params ? ", takes " : "", alias->params,
           *alias->defaults ? ", defaults " : "", alias->defaults,
           *alias->fixed ? ", fixed " : "", alias->fixed);
}

/* The frameworks' names of the scheme. */
static void print_aliases(const char *scheme) {
    for (size_t i = 0; i < ti_alias_count(); i++) {
        if (strcmp(ti_alias_get(i)->scheme, scheme) == 0) print_alias(ti_alias_get(i));
    }
}

/* A framework's name, and the scheme that it is a name of. */
static void print_name(const char *name, const struct ti_alias_info *alias) {
    size_t index;
    printf("%-10s %s\n", "name", name);
    print_alias(alias);
    puts("");
    if (ti_scheme_find(alias->scheme, strlen(alias->scheme), &index)) print_one(index);
}

static void drop_words(char *text, const char *word) {
    for (char *at; (at = strstr(text, word));) {
        memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
    }
}

/* Says what is near to an unknown name. */
static int unknown_scheme(const char *name) {
    struct cli_param param = {"scheme", strlen("scheme"), name, NULL};
    const struct cli_options options = {.params = &param, .param_count = 1};
    struct ti_spec *spec = NULL;
    struct ti_error error;
    char *query = cli_options_query(&options);
    int code = CLI_USAGE;
    if (!query || ti_spec_make(&spec) != TI_OK) {
        code = cli_fail_memory();
    } else if (ti_spec_set_query_lenient(spec, query, strlen(query), &error) != TI_OK) {
        /* Here a scheme is an argument, not a parameter. */
        error.field[0] = '\0';
        drop_words(error.text, "scheme=");
        code = cli_fail(&error);
    }
    ti_spec_free(spec);
    free(query);
    return code;
}

int cli_schemes(struct cli_options *options) {
    const char *typed = options->file;
    size_t index;
    if (!typed) {
        print_table();
        return cli_close_stdout();
    }
    const size_t bytes = strlen(typed);
    char *name = malloc(bytes + TI_SPELLING_GROWTH + 1);
    int code = 0;
    if (!name) return cli_fail_memory();
    const size_t n = ti_spelling_plain("scheme", typed, bytes, name);
    name[n] = '\0';
    if (ti_scheme_find(name, n, &index)) {
        print_one(index);
        print_aliases(ti_scheme_get(index)->name);
    } else if (ti_alias_find_name(name, n, &index)) {
        print_name(name, ti_alias_get(index));
    } else {
        code = unknown_scheme(typed);
    }
    free(name);
    return code == 0 ? cli_close_stdout() : code;
}
