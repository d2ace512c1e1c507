/* SPDX-License-Identifier: MIT */
/* Command lines: a few options of the command's own, and every parameter of a tensor. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

static const struct {
    const char *name, *letter, *argument, *about;
    enum cli_option which;
} own_options[] = {
    {"output", "o", "FILE",
     "where to; - or nothing is standard output. A regular file appears when it is "
     "complete, anything else is written straight",
     CLI_TAKES_OUTPUT},
    {"server", NULL, "URL",
     "the daemon; default: TENSORINIT_SERVER, else http://127.0.0.1:8080",
     CLI_TAKES_SERVER},
    {"expect-spec", NULL, "SPEC",
     "fail unless the bits are of this spec, as " TI_SPEC_NAME, CLI_TAKES_EXPECT_SPEC},
    {"quiet", "q", NULL, "no notes on standard error", CLI_TAKES_QUIET},
    {"help", "h", NULL, "this text", CLI_TAKES_HELP},
};

#define OWN_COUNT (sizeof own_options / sizeof *own_options)

/* The numbers of status.def, as far as the command can meet them. */
static const struct {
    int code;
    const char *meaning;
} exit_codes[] = {
    {0, "done"},
    {CLI_DIFFERS, "verify found a difference"},
    {CLI_USAGE, "wrong usage, or a parameter that is not accepted"},
    {69, "the server is not reached, breaks off or refuses; or the instruction set of "
         "TENSORINIT_ISA is not available"},
    {71, "out of memory"},
    {CLI_IO, "a file could not be read or written"},
    {76, "what the server sends is not what was asked for"},
};

static void take(struct cli_options *options, enum cli_option which, const char *value) {
    switch (which) {
    case CLI_TAKES_OUTPUT:
        options->output = value;
        break;
    case CLI_TAKES_SERVER:
        options->server = value;
        break;
    case CLI_TAKES_EXPECT_SPEC:
        options->expect_spec = value;
        break;
    case CLI_TAKES_QUIET:
        options->quiet = true;
        break;
    case CLI_TAKES_HELP:
        options->help = true;
        break;
    }
}

/* Whether 'arg' is --name or --name=VALUE; the value, if it is in there. */
static bool is_long(const char *arg, const char *name, const char **value) {
    const size_t n = strlen(name);
    *value = NULL;
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0) return false;
    if (arg[2 + n] == '=') *value = arg + 2 + n + 1;
    return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

/* Whether 'arg' is -l or, with an argument to take, -lVALUE. */
static bool is_short(const char *arg, const char *letter, bool takes_value,
                     const char **value) {
    if (!letter || arg[0] != '-' || arg[1] != letter[0]) return false;
    *value = takes_value && arg[2] != '\0' ? arg + 2 : NULL;
    return *value || arg[2] == '\0';
}

static int missing_value(const char *option) {
    fprintf(stderr, "tensorinit: %s needs a value\n", option);
    return CLI_USAGE;
}

static int doubled(const char *option) {
    fprintf(stderr, "tensorinit: --%s: %s is given more than once\n", option, option);
    return CLI_USAGE;
}

const char *cli_options_get(const struct cli_options *options, const char *name) {
    for (size_t i = 0; i < options->param_count; i++) {
        if (strcmp(options->params[i].name, name) == 0) return options->params[i].value;
    }
    return NULL;
}

int cli_options_set(struct cli_options *options, const char *name, const char *value) {
    struct ti_error error;
    if (!options->spec && cli_options_get(options, name)) return doubled(name);
    if (options->spec &&
        ti_spec_set(options->spec, name, value, strlen(value), &error) != TI_OK) {
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
        if (!is_long(argv[*at], name, &value)) continue;
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

/* The same for the command's own option 'which'; 'value' is what is in the argument. */
static int parse_own(struct cli_options *options, size_t which, const char *value,
                     int argc, char **argv, int *at) {
    const char *name = own_options[which].name;
    if (own_options[which].argument && !value) {
        if (*at + 1 == argc) return missing_value(argv[*at]);
        value = argv[++*at];
    } else if (!own_options[which].argument && value) {
        fprintf(stderr, "tensorinit: --%s takes no value\n", name);
        return CLI_USAGE;
    }
    if (own_options[which].argument && (options->given & own_options[which].which)) {
        return doubled(name);
    }
    options->given |= own_options[which].which;
    take(options, own_options[which].which, value);
    return 0;
}

static int parse_one(struct cli_options *options, const struct cli_verb *verb, int argc,
                     char **argv, int *at) {
    const char *arg = argv[*at], *value;
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (!is_long(arg, own_options[i].name, &value) &&
            !is_short(arg, own_options[i].letter, own_options[i].argument, &value)) {
            continue;
        }
        if ((verb->takes | CLI_TAKES_HELP) & own_options[i].which) {
            return parse_own(options, i, value, argc, argv, at);
        }
        fprintf(stderr, "tensorinit: %s takes no %s\n", verb->name, arg);
        return CLI_USAGE;
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
    const bool judged_here = !(verb->takes & CLI_TAKES_SERVER);
    if (judged_here && ti_spec_make(&options->spec) != TI_OK) return cli_fail_memory();
    for (int i = 0; i < argc && code == 0; i++) {
        code = parse_one(options, verb, argc, argv, &i);
    }
    return code;
}

void cli_options_clear(struct cli_options *options) { ti_spec_free(options->spec); }

int cli_format_by_extension(struct cli_options *options, const char *path) {
    const char *dot = path ? strrchr(path, '.') : NULL;
    if (!dot || cli_options_get(options, "format")) return 0;
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        if (strcmp(dot + 1, ti_format_extension((enum ti_format)i)) != 0) continue;
        return cli_options_set(options, "format", ti_format_name((enum ti_format)i));
    }
    return 0;
}

/* Help ------------------------------------------------------------------------------- */

#define HELP_COLUMNS 98
#define ABOUT_COLUMN 27

/* In lines of HELP_COLUMNS, each from ABOUT_COLUMN on; '\n' begins a new one. */
static void print_wrapped(const char *text) {
    size_t column = ABOUT_COLUMN;
    while (*text) {
        const size_t word = strcspn(text, " \n");
        if (column > ABOUT_COLUMN && column + 1 + word > HELP_COLUMNS) {
            printf("\n%*s", ABOUT_COLUMN, "");
            column = ABOUT_COLUMN;
        } else if (column > ABOUT_COLUMN) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)word, text);
        column += word;
        text += word;
        if (*text == '\n') column = HELP_COLUMNS;
        if (*text) text++;
    }
    putchar('\n');
}

static void print_item(const char *item, const char *about) {
    printf("%-*s", ABOUT_COLUMN, item);
    if (strlen(item) >= ABOUT_COLUMN) printf("\n%*s", ABOUT_COLUMN, "");
    print_wrapped(about);
}

static void print_option(const char *letter, const char *name, const char *argument,
                         const char *about) {
    char option[64];
    snprintf(option, sizeof option, "  %s%s%s--%s%s%s", letter ? "-" : "",
             letter ? letter : "", letter ? ", " : "    ", name, argument ? " " : "",
             argument ? argument : "");
    print_item(option, about);
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
        char names[128];
        snprintf(names, sizeof names, "  %s%s%s", scheme->name,
                 *scheme->aliases ? ", " : "", scheme->aliases);
        print_item(names, scheme->formula);
    }
    puts("\nWithout --format, the extension of the file decides, else it is raw.");
}

void cli_options_help(const struct cli_verb *verb) {
    printf("usage: tensorinit %s%s%s%s [OPTIONS]\n\n%c%s.\n\n", verb->name,
           verb->tensor ? " --shape DIMS" : "", verb->file ? " " : "",
           verb->file ? verb->file : "", verb->about[0] - 'a' + 'A', verb->about + 1);
    for (size_t i = 0; i < OWN_COUNT; i++) {
        if (!((verb->takes | CLI_TAKES_HELP) & own_options[i].which)) continue;
        print_option(own_options[i].letter, own_options[i].name, own_options[i].argument,
                     own_options[i].about);
    }
    if (verb->tensor) print_parameters();
    puts("\nExit codes:");
    for (size_t i = 0; i < sizeof exit_codes / sizeof *exit_codes; i++) {
        char code[16];
        snprintf(code, sizeof code, "  %d", exit_codes[i].code);
        print_item(code, exit_codes[i].meaning);
    }
}
