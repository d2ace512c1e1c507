/* SPDX-License-Identifier: MIT */
/*
 * Prints a dictionary for libFuzzer. Without arguments the words of requests, from the
 * library's tables: parameters, schemes, frameworks' names, choices. With the names of
 * sources: the string literals in them that have no space. 'make fuzz' calls it.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/tensorinit.h>

static void print_entry(const char *prefix, const char *text, size_t bytes,
                        const char *suffix) {
    printf("\"%s", prefix);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '"' || text[i] == '\\') putchar('\\');
        putchar(text[i]);
    }
    printf("%s\"\n", suffix);
}

/* Prints an entry for each word of a list that commas separate. */
static void print_list(const char *prefix, const char *list, const char *suffix) {
    while (*list) {
        list += strspn(list, ", ");
        const size_t bytes = strcspn(list, ",= ");
        if (bytes > 0) print_entry(prefix, list, bytes, suffix);
        list += strcspn(list, ",");
    }
}

static void print_requests(void) {
    const struct ti_param_info *param;
    const struct ti_scheme_info *scheme;
    const struct ti_alias_info *alias;
    const struct ti_word_info *word;
    for (size_t i = 0; (param = ti_param_get(i)); i++) {
        print_list("&", param->name, "=");
        if (param->choice) print_list("", param->accepts, "");
    }
    for (size_t i = 0; (scheme = ti_scheme_get(i)); i++) {
        print_list("scheme=", scheme->name, "");
        print_list("scheme=", scheme->aliases, "");
    }
    for (size_t i = 0; (alias = ti_alias_get(i)); i++) {
        char prefix[64];
        const size_t bytes = strcspn(alias->frameworks, ",");
        snprintf(prefix, sizeof prefix, "scheme=%.*s.", (int)bytes, alias->frameworks);
        print_list(prefix, alias->spellings, "");
        print_list("&", alias->params, "=");
    }
    for (size_t i = 0; (word = ti_word_get(i)); i++) print_list("", word->word, "");
}

/* Prints those string literals of a line of C that are 2 to 40 bytes without a space. */
static void print_literals(const char *line) {
    while ((line = strchr(line, '"'))) {
        size_t bytes = 0;
        while (isgraph((unsigned char)line[1 + bytes]) && line[1 + bytes] != '"' &&
               line[1 + bytes] != '\\')
            bytes++;
        const char *end = line + 1 + bytes;
        if (*end == '"' && bytes >= 2 && bytes <= 40)
            print_entry("", line + 1, bytes, "");
        end = strchr(end, '"');
        if (!end) return;
        line = end + 1;
    }
}

static int print_source(const char *path) {
    char line[1024];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        return 1;
    }
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "#include", 8) != 0) print_literals(line);
    }
    fclose(file);
    return 0;
}

int main(int argc, char **argv) {
    int failed = 0;
    if (argc < 2) print_requests();
    for (int i = 1; i < argc; i++) failed |= print_source(argv[i]);
    return failed;
}
