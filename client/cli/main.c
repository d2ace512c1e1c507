/* SPDX-License-Identifier: MIT */
/* The tensorinit command: finds the verb and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/help.h"
#include "client/cli/verbs.h"

static int run(const struct cli_verb *verb, int argc, char **argv) {
    struct cli_options options;
    int code = cli_options_parse(&options, verb, argc, argv);
    if (code == 0 && options.help) {
        cli_help_verb(verb);
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
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        cli_help(stdout);
        return cli_close_stdout();
    }
    if (strcmp(word, "--version") == 0) {
        printf("tensorinit %s (spec %s)\n", TI_VERSION_STRING, TI_SPEC_NAME);
        return cli_close_stdout();
    }
    if (strcmp(word, "help") == 0) return cli_help_run(argc - 2, argv + 2);
    if (strcmp(word, "__complete") == 0) return cli_complete(argc - 2, argv + 2);
    const struct cli_verb *verb = cli_verb_find(word);
    if (verb) return run(verb, argc - 2, argv + 2);
    if (argc > 1) {
        cli_verb_unknown(word);
    } else {
        fputs("tensorinit: expected a verb\n", stderr);
    }
    fputc('\n', stderr);
    cli_help(stderr);
    return CLI_USAGE;
}
