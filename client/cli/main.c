/* SPDX-License-Identifier: MIT */
/* The tensorinit command: finds the verb and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

static const struct cli_verb verbs[] = {
    {"generate", "computes a tensor and writes it", "create make init write", NULL, false,
     true, false, cli_generate},
    {"get", "fetches a tensor from a tensorinitd", "fetch download pull curl", NULL,
     false, true, true, cli_get},
    {"verify", "compares files with their tensors, byte by byte",
     "check compare diff cmp", "FILE", true, true, false, cli_verify},
    {"digest", "prints the SHA-256 of what generate would write",
     "hash sha256 sha256sum checksum", NULL, false, true, false, cli_digest},
    {"plan", "prints what would be generated", "explain info describe show dry-run", NULL,
     false, true, false, cli_plan},
    {"stats", "prints statistics and a histogram of the values",
     "statistics histogram summary", NULL, false, true, false, cli_stats},
    {"schemes", "lists the schemes, or describes one in full",
     "list ls help initializers", "SCHEME", false, false, false, cli_schemes},
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

/* The verb that has the word among its other words; NULL if there is none. */
static const struct cli_verb *verb_for(const char *word) {
    const size_t n = strlen(word);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        for (const char *at = verbs[i].also; *at; at += strspn(at, " ")) {
            const size_t length = strcspn(at, " ");
            if (length == n && memcmp(at, word, n) == 0) return &verbs[i];
            at += length;
        }
    }
    return NULL;
}

static void print_unknown(const char *word) {
    const char *names[VERB_COUNT];
    const struct cli_verb *meant = verb_for(word);
    for (size_t i = 0; i < VERB_COUNT; i++) names[i] = verbs[i].name;
    fprintf(stderr, "tensorinit: unknown verb '%s'", word);
    if (meant) {
        fprintf(stderr, "; did you mean %s?", meant->name);
    } else {
        cli_print_near(word, names, VERB_COUNT, "");
    }
    fputs("\n\n", stderr);
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
 * If a standard descriptor is closed, the next file that is opened would get its
 * number. These cannot be read or written, so that using them fails with EBADF, like a
 * closed one.
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
        print_unknown(verb);
    } else {
        fputs("tensorinit: expected a verb\n\n", stderr);
    }
    print_help(stderr);
    return CLI_USAGE;
}
