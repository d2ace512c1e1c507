/* SPDX-License-Identifier: MIT */
/*
 * The tensorinit command: finds the verb and hands over.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

static const struct cli_verb verbs[] = {
    {"generate", "writes a tensor, computed here", NULL,
     CLI_TAKES_OUTPUT | CLI_TAKES_QUIET, true, cli_generate},
    {"get", "fetches a tensor from a tensorinitd", NULL,
     CLI_TAKES_OUTPUT | CLI_TAKES_QUIET | CLI_TAKES_SERVER | CLI_TAKES_EXPECT_SPEC, true,
     cli_get},
    {"verify", "tells whether a file is exactly the tensor", "FILE", CLI_TAKES_QUIET,
     true, cli_verify},
    {"digest", "prints the SHA-256 of what generate would write", NULL, CLI_TAKES_QUIET,
     true, cli_digest},
    {"plan", "prints what would be generated", NULL, CLI_TAKES_QUIET, true, cli_plan},
    {"stats", "prints statistics and a histogram of the values", NULL, CLI_TAKES_QUIET,
     true, cli_stats},
    {"schemes", "lists the schemes, or tells all about one", "SCHEME", 0, false,
     cli_schemes},
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static void print_help(FILE *to) {
    fputs("usage: tensorinit VERB [OPTIONS]\n\n"
          "Initialized neural-network tensors, reproducible to the bit.\n\nverbs:\n",
          to);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    }
    fputs("\n  -h, --help  this text\n"
          "  --version   version of the software and of the bits\n\n"
          "'tensorinit VERB --help' lists a verb's options.\n",
          to);
}

static int run(const struct cli_verb *verb, int argc, char **argv) {
    struct cli_options options;
    int code = cli_options_parse(&options, verb, argc, argv);
    if (code == 0 && options.help) {
        cli_options_help(verb);
        code = cli_close_stdout();
    } else if (code == 0) {
        code = verb->run(&options);
    }
    cli_options_clear(&options);
    return code;
}

/*
 * Where a standard descriptor is closed, the next file would take its number. These give
 * EBADF to whoever uses them, as the closed one would.
 */
static void reserve_standard_descriptors(void) {
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) == -1) open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
    }
}

int main(int argc, char **argv) {
    reserve_standard_descriptors();
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        print_help(stdout);
        return cli_close_stdout();
    }
    if (strcmp(verb, "--version") == 0) {
        printf("tensorinit %s (spec %s)\n", TI_VERSION_STRING, TI_SPEC_NAME);
        return cli_close_stdout();
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verb, verbs[i].name) == 0) return run(&verbs[i], argc - 2, argv + 2);
    }
    if (argc > 1) {
        fprintf(stderr, "tensorinit: there is no verb '%s'\n\n", verb);
    } else {
        fputs("tensorinit: a verb is missing\n\n", stderr);
    }
    print_help(stderr);
    return CLI_USAGE;
}
