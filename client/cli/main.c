/* SPDX-License-Identifier: MIT */
/*
 * The tensorinit command: finds the verb and hands over.
 */
#include <stdio.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

#include "client/cli/cli.h"

static const struct {
    const char *name, *about;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"generate", "writes a tensor, computed here", cli_generate},
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static void print_help(FILE *to) {
    fputs("usage: tensorinit VERB [OPTIONS]\n\n"
          "Initialized neural-network tensors, reproducible to the bit.\n\nverbs:\n",
          to);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(to, "  %-10s %s\n", verbs[i].name, verbs[i].about);
    }
    fputs("  --help     this text\n"
          "  --version  version of the software and of the bits\n\n"
          "'tensorinit VERB --help' lists a verb's options.\n",
          to);
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0) {
        print_help(stdout);
        return cli_close_stdout();
    }
    if (strcmp(verb, "--version") == 0) {
        printf("tensorinit %s (spec %s)\n", TI_VERSION_STRING, TI_SPEC_NAME);
        return cli_close_stdout();
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verb, verbs[i].name) == 0) return verbs[i].run(argc - 1, argv + 1);
    }
    if (argc > 1) {
        fprintf(stderr, "tensorinit: there is no verb '%s'\n", verb);
    } else {
        fputs("tensorinit: a verb is missing\n", stderr);
    }
    print_help(stderr);
    return CLI_USAGE;
}
