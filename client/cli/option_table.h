/* SPDX-License-Identifier: MIT */
/* The command's own options as a table: for parsing, help and completion. */
#ifndef TIC_OPTION_TABLE_H
#define TIC_OPTION_TABLE_H

#include "client/cli/cli.h"

/* As cli_options.def describes them. */
enum cli_option_kind { CLI_KIND_TEXT, CLI_KIND_FLAG, CLI_KIND_LIST, CLI_KIND_MAYBE };

struct cli_own_option {
    enum cli_option_kind kind;
    const char *name, *letter, *argument, *verbs, *about;
    size_t member; /* its offset */
};

enum {
#define CLI_OPTION(kind, member, name, letter, argument, verbs, about) CLI_OWN_##member,
#include "client/cli/cli_options.def"
#undef CLI_OPTION
    CLI_OWN_OPTIONS
};

extern const struct cli_own_option cli_own_options[CLI_OWN_OPTIONS];

/* Whether the verb has the option. */
bool cli_has_option(const struct cli_verb *verb, const struct cli_own_option *option);

/* Whether it has the parameter of ti_param_get(index). */
bool cli_has_param(const struct cli_verb *verb, size_t index);

#endif
