/* SPDX-License-Identifier: MIT */
/* A digest as a line for sha256sum -c. */
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "client/cli/cli.h"

/* As coreutils do: a line with a name that has one of these begins with a backslash. */
static void print_name(const char *name) {
    for (; *name; name++) {
        switch (*name) {
        case '\\':
            fputs("\\\\", stdout);
            break;
        case '\n':
            fputs("\\n", stdout);
            break;
        case '\r':
            fputs("\\r", stdout);
            break;
        default:
            putchar(*name);
        }
    }
}

void cli_print_digest(const unsigned char *digest, const char *name) {
    if (strpbrk(name, "\\\n\r")) putchar('\\');
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) printf("%02x", digest[i]);
    fputs("  ", stdout);
    print_name(name);
    putchar('\n');
}
