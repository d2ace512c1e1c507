/* SPDX-License-Identifier: MIT */
/* Text that is as wide as the terminal, for help and plots. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* The width of standard output: of the terminal, within limits; 80 elsewhere. */
#define COLUMNS 80
#define COLUMNS_MIN 40
#define COLUMNS_MAX 120

int cli_columns(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return COLUMNS;
    if (size.ws_col < COLUMNS_MIN) return COLUMNS_MIN;
    return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

void cli_print_wrapped(const char *text, int left) {
    const int last = cli_columns();
    int column = left;
    while (*text) {
        const int word = (int)strcspn(text, " \n");
        if (column > left && column + 1 + word > last) {
            printf("\n%*s", left, "");
            column = left;
        } else if (column > left) {
            putchar(' ');
            column++;
        }
        printf("%.*s", word, text);
        column += word;
        text += word;
        if (*text == '\n') column = last;
        if (*text) text++;
    }
    putchar('\n');
}
