/* SPDX-License-Identifier: MIT */
/* What a word of a command line may become, from the tables of verbs and options. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/help.h"
#include "client/cli/option_table.h"
#include "client/cli/verbs.h"

/* Prints 'before' and 'word' if that begins with 'typed'. */
static void offer_after(const char *typed, const char *before, const char *word,
                        size_t word_bytes, const char *about) {
    const size_t n = strlen(before);
    const size_t typed_bytes = strlen(typed);
    if (strncmp(typed, before, typed_bytes < n ? typed_bytes : n) != 0) return;
    if (typed_bytes > n &&
        (typed_bytes - n > word_bytes || memcmp(typed + n, word, typed_bytes - n) != 0)) {
        return;
    }
    printf("%s%.*s%s%s\n", before, (int)word_bytes, word, *about ? "\t" : "", about);
}

static void offer(const char *typed, const char *word, const char *about) {
    offer_after(typed, "", word, strlen(word), about);
}

/* Offers the words of a list that are separated by 'separators'. */
static void offer_list(const char *typed, const char *before, const char *list,
                       const char *separators, const char *about) {
    while (*list) {
        const size_t n = strcspn(list, separators);
        offer_after(typed, before, list, n, about);
        list += n;
        list += strspn(list, separators);
    }
}

/* Names of schemes; those of frameworks only after a letter, since they are hundreds. */
static void offer_schemes(const char *typed, const char *before) {
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *scheme = ti_scheme_get(i);
        offer_after(typed, before, scheme->name, strlen(scheme->name), scheme->formula);
        offer_list(typed, before, scheme->aliases, ", ", scheme->formula);
    }
    if (strlen(typed) <= strlen(before)) return;
    for (size_t i = 0; i < ti_alias_count(); i++) {
        const struct ti_alias_info *alias = ti_alias_get(i);
        const char *framework = alias->frameworks;
        while (*framework) {
            char prefix[256];
            const size_t n = strcspn(framework, ", ");
            snprintf(prefix, sizeof prefix, "%s%.*s.", before, (int)n, framework);
            offer_list(typed, prefix, alias->spellings, ", ", alias->scheme);
            framework += n;
            framework += strspn(framework, ", ");
        }
    }
}

/* Values of a parameter, after 'before'. */
static void offer_values(const char *typed, const char *before,
                         const struct ti_param_info *param) {
    if (strcmp(param->name, "scheme") == 0) {
        offer_schemes(typed, before);
    } else if (param->choice) {
        offer_list(typed, before, param->accepts, ", ", "");
    }
}

/* Arguments of an option of the command: its words, or files. */
static void offer_arguments(const char *typed, const char *before,
                            const struct cli_own_option *option) {
    if (!option->argument) return;
    if (strcmp(option->argument, "FILE") == 0) {
        puts(":files");
    } else if (option->argument[0] >= 'a') {
        offer_list(typed, before, option->argument, "|", "");
    }
}

/* The verb's option that 'word' is, "--name" or "-n"; NULL if it is none. */
static const struct cli_own_option *find_option(const struct cli_verb *verb,
                                                const char *word, size_t word_bytes) {
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        const struct cli_own_option *option = &cli_own_options[i];
        if (!cli_has_option(verb, option)) continue;
        if (word_bytes > 2 && strncmp(word, "--", 2) == 0 &&
            strlen(option->name) == word_bytes - 2 &&
            memcmp(option->name, word + 2, word_bytes - 2) == 0) {
            return option;
        }
        if (word_bytes == 2 && option->letter && word[0] == '-' &&
            word[1] == option->letter[0]) {
            return option;
        }
    }
    return NULL;
}

static const struct ti_param_info *find_param(const struct cli_verb *verb,
                                              const char *word, size_t word_bytes) {
    if (word_bytes < 3 || strncmp(word, "--", 2) != 0) return NULL;
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        if (cli_has_param(verb, i) && strlen(param->name) == word_bytes - 2 &&
            memcmp(param->name, word + 2, word_bytes - 2) == 0) {
            return param;
        }
    }
    return NULL;
}

static void offer_options(const struct cli_verb *verb, const char *typed) {
    char word[128];
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        const struct cli_own_option *option = &cli_own_options[i];
        const bool has_value = option->argument && option->kind != CLI_KIND_MAYBE;
        if (!cli_has_option(verb, option)) continue;
        snprintf(word, sizeof word, "--%s%s", option->name, has_value ? "=" : "");
        offer(typed, word, option->about);
    }
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        if (!cli_has_param(verb, i)) continue;
        snprintf(word, sizeof word, "--%s=", param->name);
        /* Also an option of the verb, --json: that has been offered. */
        if (!find_option(verb, word, strlen(word) - 1))
            offer(typed, word, param->meaning);
    }
}

/* Words that are neither options nor their values. */
static void offer_operands(const struct cli_verb *verb, const char *typed) {
    if (!verb->file) return;
    if (strcmp(verb->file, "SCHEME") == 0) {
        offer_schemes(typed, "");
    } else if (strcmp(verb->file, "FILE") == 0) {
        puts(":files");
    }
}

/* The last of 'count' words after the verb; 'earlier' may be NULL. */
static void complete(const struct cli_verb *verb, const char *earlier,
                     const char *typed) {
    const size_t n = strcspn(typed, "=");
    char before[128];
    if (typed[0] == '-' && typed[n] == '=' && n + 2 < sizeof before) {
        const struct cli_own_option *option = find_option(verb, typed, n);
        const struct ti_param_info *param = find_param(verb, typed, n);
        snprintf(before, sizeof before, "%.*s=", (int)n, typed);
        if (param) {
            offer_values(typed, before, param);
        } else if (option) {
            offer_arguments(typed, before, option);
        }
        return;
    }
    const size_t earlier_bytes = earlier ? strlen(earlier) : 0;
    const struct cli_own_option *option =
        earlier ? find_option(verb, earlier, earlier_bytes) : NULL;
    const struct ti_param_info *param =
        earlier ? find_param(verb, earlier, earlier_bytes) : NULL;
    if (option && option->argument && option->kind != CLI_KIND_MAYBE) {
        offer_arguments(typed, "", option);
    } else if (param && !option) {
        offer_values(typed, "", param);
    } else if (typed[0] == '-' || !verb->file) {
        offer_options(verb, typed);
    } else {
        offer_operands(verb, typed);
    }
}

static void complete_verb(const char *typed, bool for_help) {
    for (size_t i = 0; i < cli_verb_count; i++) {
        offer(typed, cli_verbs[i].name, cli_verbs[i].about);
    }
    for (size_t i = 0; for_help && i < cli_topic_count; i++) {
        if (!cli_verb_find(cli_topics[i].name)) {
            offer(typed, cli_topics[i].name, cli_topics[i].about);
        }
    }
    if (for_help) return;
    offer(typed, "help", "explains a verb or a subject");
    if (typed[0] == '-') {
        offer(typed, "--help", "the verbs");
        offer(typed, "--version", "version of the software and of the bits");
    }
}

int cli_complete(int argc, char **argv) {
    const char *typed = argc > 0 ? argv[argc - 1] : "";
    if (argc < 2) {
        complete_verb(typed, false);
        return cli_close_stdout();
    }
    const struct cli_verb *verb = cli_verb_find(argv[0]);
    if (verb) {
        complete(verb, argc > 2 ? argv[argc - 2] : NULL, typed);
    } else if (argc == 2 && strcmp(argv[0], "help") == 0) {
        complete_verb(typed, true);
    }
    return cli_close_stdout();
}
