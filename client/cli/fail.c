/* SPDX-License-Identifier: MIT */
/* Error messages and notes of the command. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"

static atomic_bool line_is_shown;

void cli_line_shown(void) { atomic_store(&line_is_shown, true); }

void cli_clear_line(void) {
    /* ECMA-48: to the first column; erase the rest of the line. */
    if (atomic_exchange(&line_is_shown, false)) fputs("\r\033[K", stderr);
}

static bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '-'; }

/* Length of "name=" at the start of the text, 0 if there is none. */
static size_t name_length(const char *text) {
    size_t n = 0;
    while (is_name(text[n]) || (n > 0 && text[n] >= '0' && text[n] <= '9')) n++;
    return n > 0 && text[n] == '=' ? n + 1 : 0;
}

/* Prints a text; parameters in it, 'a=1&b=2', as options: --a=1 --b=2. */
static void print_text(const char *text) {
    while (*text) {
        const size_t quoted = *text == '\'' ? strcspn(text + 1, "'") : 0;
        if (quoted == 0 || text[1 + quoted] != '\'' || name_length(text + 1) == 0) {
            fputc(*text++, stderr);
            continue;
        }
        fputs("--", stderr);
        for (const char *at = text + 1; at < text + 1 + quoted; at++) {
            if (*at == '&') {
                fputs(" --", stderr);
            } else {
                fputc(*at, stderr);
            }
        }
        text += quoted + 2;
    }
    fputc('\n', stderr);
}

int cli_fail(const struct ti_error *error) {
    cli_clear_line();
    fprintf(stderr, "tensorinit: %s%s%s", *error->field ? "--" : "", error->field,
            *error->field ? ": " : "");
    print_text(error->text);
    return ti_status_exit_code(error->code);
}

int cli_fail_in(const char *where, const struct ti_error *error) {
    cli_clear_line();
    fprintf(stderr, "tensorinit: %s: %s\n", where, error->text);
    return ti_status_exit_code(error->code);
}

int cli_fail_io(const char *path, const char *action) {
    const char *reason = strerror(errno);
    cli_clear_line();
    fprintf(stderr, "tensorinit: %s %s: %s\n", action, path, reason);
    return CLI_EIO;
}

int cli_fail_memory(void) {
    cli_clear_line();
    fputs("tensorinit: out of memory\n", stderr);
    return CLI_ENOMEM;
}

void cli_note(const struct cli_options *options, const char *field, const char *text) {
    if (options->quiet) return;
    fprintf(stderr, "tensorinit: note: --%s: ", field);
    print_text(text);
}

const char *cli_plural(size_t count) { return count == 1 ? "" : "s"; }

void cli_print_near(const char *typed, const char *const *names, size_t count,
                    const char *prefix) {
    const char *near[TI_NEAR_MAX];
    const size_t found = ti_near_names(typed, names, count, near);
    for (size_t i = 0; i < found; i++) {
        fprintf(stderr, "%s%s%s", i == 0 ? "; did you mean " : " or ", prefix, near[i]);
    }
    fputs(found > 0 ? "?" : ".", stderr);
}
