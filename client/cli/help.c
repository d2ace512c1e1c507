/* SPDX-License-Identifier: MIT */
/* tensorinit help, and --help of each verb. */
#include "client/cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "client/cli/option_table.h"
#include "client/cli/verbs.h"

/* Where descriptions begin; in a terminal of half the width near the left. */
#define ABOUT_COLUMN 28
#define ABOUT_COLUMN_NARROW 8

static void print_item(const char *item, const char *about) {
    const int left =
        cli_columns() < 2 * ABOUT_COLUMN ? ABOUT_COLUMN_NARROW : ABOUT_COLUMN;
    printf("%-*s", left, item);
    if (strlen(item) >= (size_t)left) printf("\n%*s", left, "");
    cli_print_wrapped(about, left);
}

/* Verbs ------------------------------------------------------------------------------ */

static void print_option(const struct cli_own_option *option) {
    const bool maybe = option->kind == CLI_KIND_MAYBE;
    const char *argument = option->argument;
    char item[96];
    snprintf(item, sizeof item, "  %s%s%s--%s%s%s%s", option->letter ? "-" : "",
             option->letter ? option->letter : "", option->letter ? ", " : "    ",
             option->name,
             !argument ? ""
             : maybe   ? "[="
                       : " ",
             argument ? argument : "", maybe ? "]" : "");
    print_item(item, option->about);
}

void cli_help_verb(const struct cli_verb *verb) {
    printf("usage: tensorinit %s%s%s%s%s%s [OPTIONS]\n\n%c%s.\n\n", verb->name,
           !verb->tensor || verb->stack ? ""
           : verb->many                 ? " [--shape DIMS]"
                                        : " --shape DIMS",
           verb->file ? " " : "", verb->file && !verb->tensor ? "[" : "",
           verb->file ? verb->file : "",
           verb->many                    ? "..."
           : verb->file && !verb->tensor ? "]"
                                         : "",
           verb->about[0] - 'a' + 'A', verb->about + 1);
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        if (cli_has_option(verb, &cli_own_options[i])) print_option(&cli_own_options[i]);
    }
    if (verb->stack) {
        putchar('\n');
        cli_print_wrapped(
            "The weights: --scheme and --seed, each a list or one, --dtype, --std, "
            "--gain, --mode and others of the schemes, see tensorinit help "
            "parameters and tensorinit help schemes.",
            0);
    } else if (verb->tensor) {
        putchar('\n');
        cli_print_wrapped(
            "The tensor: --shape, --scheme, --seed, --name, --dtype, --format, "
            "--slice, --shard and others, see tensorinit help parameters and "
            "tensorinit help schemes.",
            0);
    }
    printf("\nExample:\n  tensorinit %s\n", verb->example);
}

/* Subjects --------------------------------------------------------------------------- */

static void print_parameters(void) {
    char item[64], about[1024];
    cli_print_wrapped(
        "The parameters of a tensor, as options of the command and as in requests "
        "to the daemon: --dtype bf16 is dtype=bf16 there.",
        0);
    putchar('\n');
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        snprintf(item, sizeof item, "  --%s", param->name);
        snprintf(about, sizeof about, "%s\ntakes %s; default: %s", param->meaning,
                 param->accepts, param->fallback);
        print_item(item, about);
    }
    putchar('\n');
    cli_print_wrapped(
        "The default of --format is the file's extension, or raw. --shard "
        "AXIS:auto is this process's part: its number and their count are RANK and "
        "WORLD_SIZE, or those of Open MPI, Slurm or PMI.",
        0);
}

static void print_schemes(void) {
    cli_print_wrapped(
        "The schemes, and the shorter names of some; tensorinit schemes NAME "
        "describes one in full, also by the name that a framework gives it, such "
        "as keras.HeNormal.",
        0);
    putchar('\n');
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *scheme = ti_scheme_get(i);
        char names[128];
        snprintf(names, sizeof names, "  %s%s%s", scheme->name,
                 *scheme->aliases ? ", " : "", scheme->aliases);
        print_item(names, scheme->formula);
    }
}

/* Exit codes with the titles of their status codes, from status.def. */
static void print_exit_codes(void) {
    static const struct {
        int code;
        const char *title;
    } rows[] = {
        {CLI_DIFFERS, "verify found a difference"},
        {CLI_USAGE, "wrong usage"},
#define TI_STATUS(name, http, exit_code, title) {exit_code, title},
#include <tensorinit/status.def>
#undef TI_STATUS
    };
    for (int code = 0; code < 128; code++) {
        /* Not returned: the command factorizes before it reads, and cancels nothing. */
        if (code == CLI_EFACTOR || code == CLI_ECANCELLED) continue;
        char item[16], about[512] = "";
        size_t used = 0;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (rows[i].code != code) continue;
            used += (size_t)snprintf(about + used, sizeof about - used, "%s%s",
                                     used > 0 ? "; " : "", rows[i].title);
        }
        snprintf(item, sizeof item, "  %d", code);
        if (used > 0) print_item(item, about);
    }
}

const struct cli_topic cli_topics[] = {
    {"parameters", "what describes a tensor", print_parameters},
    {"schemes", "the distributions of values", print_schemes},
    {"exit-codes", "what the command returns", print_exit_codes},
};
const size_t cli_topic_count = sizeof cli_topics / sizeof *cli_topics;

/* The command ------------------------------------------------------------------------ */

void cli_help(FILE *to) {
    fputs("usage: tensorinit VERB [OPTIONS]\n\n"
          "Initialized neural-network tensors, reproducible to the bit.\n\nverbs:\n",
          to);
    for (size_t i = 0; i < cli_verb_count; i++) {
        fprintf(to, "  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].about);
    }
    fputs("  help       explains a verb", to);
    for (size_t i = 0; i < cli_topic_count; i++) {
        fprintf(to, "%s%s", i + 1 == cli_topic_count ? " or " : ", ", cli_topics[i].name);
    }
    fputs("\n\n  -h, --help  this text\n"
          "  --version   version of the software and of the bits\n\n"
          "Example:\n"
          "  tensorinit generate --shape 512,784 --name fc1.weight -o fc1.npy\n",
          to);
}

static int unknown_subject(const char *name) {
    const char **names = calloc(cli_verb_count + cli_topic_count, sizeof *names);
    size_t count = 0;
    if (!names) return cli_fail_memory();
    for (size_t i = 0; i < cli_verb_count; i++) names[count++] = cli_verbs[i].name;
    for (size_t i = 0; i < cli_topic_count; i++) {
        /* "schemes" is both. */
        if (!cli_verb_find(cli_topics[i].name)) names[count++] = cli_topics[i].name;
    }
    fprintf(stderr, "tensorinit: help has nothing about '%s'", name);
    cli_print_near(name, names, count, "");
    fputs(" See tensorinit help\n", stderr);
    free(names);
    return CLI_USAGE;
}

int cli_help_run(int argc, char **argv) {
    const char *name = argc > 0 ? argv[0] : "--help";
    const struct cli_topic *topic = NULL;
    const struct cli_verb *verb = cli_verb_find(name);
    if (argc > 1) {
        fprintf(stderr, "tensorinit: unexpected argument '%s' for help\n", argv[1]);
        return CLI_USAGE;
    }
    for (size_t i = 0; i < cli_topic_count; i++) {
        if (strcmp(name, cli_topics[i].name) == 0) topic = &cli_topics[i];
    }
    if (topic) {
        topic->print();
    } else if (verb) {
        cli_help_verb(verb);
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        cli_help(stdout);
    } else {
        return unknown_subject(name);
    }
    return cli_close_stdout();
}
