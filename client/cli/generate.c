/* SPDX-License-Identifier: MIT */
/* tensorinit generate: the bytes that the daemon would serve, computed here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* Bytes computed and written at a time: within the L2 cache. */
#define PIECE_BYTES ((size_t)256 << 10)

struct options {
    const char *output;
    bool quiet, help, named, formatted;
};

static void print_help(void) {
    puts(
        "usage: tensorinit generate --shape DIMS [OPTIONS]\n\n"
        "Computes a tensor and writes it.\n\n"
        "  -o, --output FILE    where to; - or nothing is standard output. A regular file\n"
        "                       appears when it is complete, anything else is written straight\n"
        "  -q, --quiet          no notes on standard error\n"
        "      --help           this text\n");
    for (size_t i = 0; i < ti_param_count(); i++) {
        const struct ti_param_info *param = ti_param_get(i);
        printf("      --%-18s %s\n%27s takes %s; default: %s\n", param->name,
               param->meaning, "", param->accepts, param->fallback);
    }
    puts("\nschemes:");
    for (size_t i = 0; i < ti_scheme_count(); i++) {
        const struct ti_scheme_info *scheme = ti_scheme_get(i);
        printf("  %-18s %s\n", scheme->name, scheme->formula);
    }
    puts(
        "\nWithout --format, the output's extension decides, else raw.\n"
        "Exit codes: 0 done, 64 bad usage, 69 instruction set not available, 71 out of memory,\n"
        "74 the output could not be written.");
}

static int missing_value(const char *option) {
    fprintf(stderr, "tensorinit: %s needs a value\n", option);
    return CLI_USAGE;
}

/* --name VALUE or --name=VALUE; 'at' is left on the last argument used. */
static int set_parameter(struct ti_spec *spec, int argc, char **argv, int *at,
                         struct options *options) {
    struct ti_error error;
    char name[TI_ERROR_FIELD_BYTES];
    const char *option = argv[*at] + 2, *equals = strchr(option, '='), *value;
    size_t length = equals ? (size_t)(equals - option) : strlen(option);
    snprintf(name, sizeof name, "%.*s", (int)length, option);
    if (equals) {
        value = equals + 1;
    } else if (*at + 1 < argc) {
        value = argv[++*at];
    } else {
        return missing_value(argv[*at]);
    }
    if (ti_spec_set(spec, name, value, strlen(value), &error) != TI_OK) {
        return cli_fail(&error);
    }
    options->named |= strcmp(name, "name") == 0;
    options->formatted |= strcmp(name, "format") == 0;
    return 0;
}

static int parse(struct ti_spec *spec, int argc, char **argv, struct options *options) {
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "-q") == 0 || strcmp(arg, "--quiet") == 0) {
            options->quiet = true;
        } else if (strcmp(arg, "--help") == 0) {
            options->help = true;
        } else if (strcmp(arg, "-o") == 0 || strcmp(arg, "--output") == 0) {
            if (++i == argc) return missing_value(arg);
            options->output = argv[i];
        } else if (strncmp(arg, "--output=", 9) == 0) {
            options->output = arg + 9;
        } else if (strncmp(arg, "--", 2) == 0 && arg[2]) {
            int code = set_parameter(spec, argc, argv, &i, options);
            if (code != 0) return code;
        } else {
            fprintf(stderr, "tensorinit: '%s' is no option of generate\n", arg);
            return CLI_USAGE;
        }
    }
    return 0;
}

/* Without --format, FILE.npy is an NPY file. */
static int format_by_extension(struct ti_spec *spec, const struct options *options) {
    struct ti_error error;
    const char *dot = options->output ? strrchr(options->output, '.') : NULL;
    if (options->formatted || !dot) return 0;
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        const char *name = ti_format_name((enum ti_format)i);
        if (strcmp(dot + 1, ti_format_extension((enum ti_format)i)) != 0) continue;
        if (ti_spec_set(spec, "format", name, strlen(name), &error) != TI_OK) {
            return cli_fail(&error);
        }
    }
    return 0;
}

static int write_body(const struct ti_body *body, const struct ti_plan *plan,
                      const char *path) {
    struct cli_output output;
    void *workspace = NULL, *piece = malloc(PIECE_BYTES);
    const size_t workspace_bytes = ti_plan_info(plan)->workspace_bytes;
    int code = CLI_IO;
    if (workspace_bytes > 0) {
        workspace = aligned_alloc(64, (workspace_bytes + 63) / 64 * 64);
    }
    if (!piece || (workspace_bytes > 0 && !workspace)) {
        fputs("tensorinit: out of memory\n", stderr);
        code = ti_status_exit_code(TI_ENOMEM);
        goto out;
    }
    if ((code = cli_output_open(&output, path)) != 0) goto out;
    struct ti_body_cursor cursor = {0};
    for (size_t written = 1; written > 0 && code == 0;) {
        if (ti_body_next(body, &cursor, PIECE_BYTES, piece, &written, workspace) != TI_OK) {
            abort(); /* the room is enough, and the cursor is its own */
        }
        code = cli_output_write(&output, piece, written);
    }
    if (code == 0) {
        code = cli_output_commit(&output);
    } else {
        cli_output_abandon(&output);
    }
out:
    free(piece);
    free(workspace);
    return code;
}

static int generate(const struct ti_spec *spec, const struct options *options) {
    struct ti_error error;
    struct ti_plan *plan = NULL;
    struct ti_body *body = NULL;
    int code;
    if (ti_plan_make(spec, &plan, &error) != TI_OK ||
        ti_body_make(plan, &body, &error) != TI_OK) {
        code = cli_fail(&error);
    } else if (isatty(STDOUT_FILENO) &&
               (!options->output || !strcmp(options->output, "-"))) {
        fputs("tensorinit: these are bytes, not text: give -o FILE or redirect\n",
              stderr);
        code = CLI_USAGE;
    } else {
        if (!options->named && !options->quiet) {
            fputs(
                "tensorinit: note: no --name given; all unnamed tensors of a seed are the "
                "same draw\n",
                stderr);
        }
        code = write_body(body, plan, options->output);
    }
    ti_body_free(body);
    ti_plan_free(plan);
    return code;
}

int cli_generate(int argc, char **argv) {
    struct options options = {0};
    struct ti_spec *spec;
    if (ti_spec_make(&spec) != TI_OK) {
        fputs("tensorinit: out of memory\n", stderr);
        return ti_status_exit_code(TI_ENOMEM);
    }
    int code = parse(spec, argc, argv, &options);
    if (code == 0 && options.help) {
        print_help();
        code = cli_close_stdout();
    } else if (code == 0 && (code = format_by_extension(spec, &options)) == 0) {
        code = generate(spec, &options);
    }
    ti_spec_free(spec);
    return code;
}
