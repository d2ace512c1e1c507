/* SPDX-License-Identifier: MIT */
/* Command lines: a few options of the command's own, and every parameter of a tensor. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

/* Options with a value, by where it goes. */
static const struct {
    const char *name, *letter, *argument, *about;
    enum cli_option which;
} own_options[] = {
    {"output", "o", "FILE",
     "where to; - or nothing is standard output. A regular file appears when it is complete,\n"
     "anything else is written straight",
     CLI_TAKES_OUTPUT},
    {"server", NULL, "URL",
     "the daemon; default: TENSORINIT_SERVER, else http://127.0.0.1:8080",
     CLI_TAKES_SERVER},
    {"quiet", "q", NULL, "no notes on standard error", CLI_TAKES_QUIET},
};

#define OWN_COUNT (sizeof own_options / sizeof *own_options)

static void take(struct cli_options *options, enum cli_option which, const char *value) {
    switch (which) {
    case CLI_TAKES_OUTPUT:
        options->output = value;
        break;
    case CLI_TAKES_SERVER:
        options->server = value;
        break;
    case CLI_TAKES_QUIET:
        options->quiet = true;
        break;
    }
}

/* Whether 'arg' is --name, --name=VALUE or -l; the value, if it is in there. */
static bool is_option(const char *arg, const char *name, const char *letter,
                      const char **value) {
    *value = NULL;
    if (letter && arg[0] == '-' && strcmp(arg + 1, letter) == 0) return true;
    if (strncmp(arg, "--", 2) != 0) return false;
    const size_t n = strlen(name);
    if (strncmp(arg + 2, name, n) != 0) return false;
    if (arg[2 + n] == '=') *value = arg + 2 + n + 1;
    return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

static int missing_value(const char *option) {
    fprintf(stderr, "tensorinit: %s needs a value\n", option);
    return CLI_USAGE;
}

int cli_options_set(struct cli_options *options, const char *name, const char *value) {
    struct ti_error error;
    if (ti_spec_set(options->spec, name, value, strlen(value), &error) != TI_OK) {
        return cli_fail(&error);
    }
    /* Each parameter is set once at most, so this is enough room. */
    options->params[options->param_count].name = name;
    options->params[options->param_count++].value = value;
    return 0;
}

/* The argument at '*at' as a parameter; '*at' is left on the last argument used. */
static int parse_parameter(struct cli_options *options, int argc, char **argv, int *at) {
    const char *value;
    for (size_t i = 0; i < ti_param_count(); i++) {
        const char *name = ti_param_get(i)->name;
        if (!is_option(argv[*at], name, NULL, &value)) continue;
        if (!value) {
            if (*at + 1 == argc) return missing_value(argv[*at]);
            value = argv[++*at];
        }
        return cli_options_set(options, name, value);
    }
    fprintf(stderr, "tensorinit: %.*s: there is no such option; --help lists them\n",
            (int)strcspn(argv[*at], "="), argv[*at]);
    return CLI_USAGE;
}

static int parse_one(struct cli_options *options, const struct cli_verb *verb, int argc,
                     char **argv, int *at) {
    const char *arg = argv[*at], *value;
    if (strcmp(arg, "--help") == 0) {
        options->help = true;
        return 0;
    }
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (!is_option(arg, own_options[i].name, own_options[i].letter, &value)) continue;
        if (!(verb->takes & own_options[i].which)) {
            fprintf(stderr, "tensorinit: %s takes no %s\n", verb->name, arg);
            return CLI_USAGE;
        }
        if (own_options[i].argument && !value) {
            if (*at + 1 == argc) return missing_value(arg);
            value = argv[++*at];
        } else if (!own_options[i].argument && value) {
            fprintf(stderr, "tensorinit: --%s takes no value\n", own_options[i].name);
            return CLI_USAGE;
        }
        take(options, own_options[i].which, value);
        return 0;
    }
    if (arg[0] == '-' && arg[1] != '\0') {
        if (verb->tensor) return parse_parameter(options, argc, argv, at);
        fprintf(stderr, "tensorinit: %s takes no %s\n", verb->name, arg);
        return CLI_USAGE;
    }
    if (!verb->file || options->file) {
        fprintf(stderr, "tensorinit: '%s' is one argument too many for %s\n", arg,
                verb->name);
        return CLI_USAGE;
    }
    options->file = arg;
    return 0;
}

int cli_options_parse(struct cli_options *options, const struct cli_verb *verb, int argc,
                      char **argv) {
    int code = 0;
    memset(options, 0, sizeof *options);
    if (ti_spec_make(&options->spec) != TI_OK) return cli_fail_memory();
    for (int i = 0; i < argc && code == 0; i++) {
        code = parse_one(options, verb, argc, argv, &i);
    }
    return code;
}

void cli_options_clear(struct cli_options *options) { ti_spec_free(options->spec); }

int cli_format_by_extension(struct cli_options *options, const char *path) {
    const char *dot = path ? strrchr(path, '.') : NULL;
    if (!dot) return 0;
    for (size_t i = 0; i < options->param_count; i++) {
        if (strcmp(options->params[i].name, "format") == 0) return 0;
    }
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        if (strcmp(dot + 1, ti_format_extension((enum ti_format)i)) != 0) continue;
        return cli_options_set(options, "format", ti_format_name((enum ti_format)i));
    }
    return 0;
}

static void print_option(const char *letter, const char *name, const char *argument,
                         const char *about) {
    char option[64];
    snprintf(option, sizeof option, "%s%s%s--%s%s%s", letter ? "-" : "",
             letter ? letter : "", letter ? ", " : "    ", name, argument ? " " : "",
             argument ? argument : "");
    printf("  %-24s ", option);
    for (; *about; about++) {
        putchar(*about);
        if (*about == '\n') printf("%27s", "");
    }
    putchar('\n');
}

static void print_parameters(void) {
    char about[1024];
    puts("\nThe tensor (the parameters of the daemon's requests):");
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        snprintf(about, sizeof about, "%s\ntakes %s; default: %s", param->meaning,
                 param->accepts, param->fallback);
        print_option(NULL, param->name, NULL, about);
    }
    puts("\nSchemes ('tensorinit schemes NAME' tells all about one):");
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *scheme = ti_scheme_get(i);
        printf("  %-18s %s\n", scheme->name, scheme->formula);
    }
}

void cli_options_help(const struct cli_verb *verb) {
    printf("usage: tensorinit %s%s%s%s [OPTIONS]\n\n%c%s.\n\n", verb->name,
           verb->tensor ? " --shape DIMS" : "", verb->file ? " " : "",
           verb->file ? verb->file : "", verb->about[0] - 'a' + 'A', verb->about + 1);
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (!(verb->takes & own_options[i].which)) continue;
        print_option(own_options[i].letter, own_options[i].name, own_options[i].argument,
                     own_options[i].about);
    }
    print_option(NULL, "help", NULL, "this text");
    if (verb->tensor) {
        print_parameters();
        puts("\nWithout --format, the extension of the file decides, else it is raw.");
    }
    puts(
        "\nExit codes: 0 done, 1 verify found a difference, 64 bad usage or parameter,\n"
        "69 instruction set not available, 71 out of memory, 74 a file could not be read or\n"
        "written.");
}
