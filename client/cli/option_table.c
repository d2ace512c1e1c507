/* SPDX-License-Identifier: MIT */
/* The table of cli_options.def. */
#include "client/cli/option_table.h"

#include <string.h>

const struct cli_own_option cli_own_options[CLI_OWN_OPTIONS] = {
#define CLI_OPTION(kind, member, name, letter, argument, verbs, about)                   \
    {CLI_KIND_##kind,                                                                    \
     name,                                                                               \
     letter,                                                                             \
     argument,                                                                           \
     verbs,                                                                              \
     about,                                                                              \
     offsetof(struct cli_options, member)},
#include "client/cli/cli_options.def"
#undef CLI_OPTION
};

bool cli_has_option(const struct cli_verb *verb, const struct cli_own_option *option) {
    const size_t length = strlen(verb->name);
    for (const char *at = option->verbs; at && *at; at += strspn(at, " ")) {
        const size_t word = strcspn(at, " ");
        if (word == length && strncmp(at, verb->name, length) == 0) return true;
        at += word;
    }
    return !option->verbs;
}

bool cli_has_param(const struct cli_verb *verb, size_t index) {
    return verb->tensor && (!verb->stack || ti_stack_takes(index));
}
