/* SPDX-License-Identifier: MIT */
/*
 * The input is a command line of the daemon, one argument per line; lines NAME=VALUE that
 * do not begin with '-' are its environment. An accepted configuration obeys the limits of
 * options.def: printed as a file, and given as arguments, it is the same again.
 */
#include "fuzz/fuzz.h"
#include "server/config.h"

#define LINES_MAX 64
#define ARGUMENT_BYTES 8192

static char *const no_environment[] = {NULL};

/* The configuration as a file; to be freed. */
static char *print(const struct tid_config *config,
                   const struct tid_config_sources *sources) {
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    if (!file) exit(1);
    tid_config_print(file, config, sources);
    fclose(file);
    return text;
}

/* Makes "--workers=4" of each line "workers = 4", in place. Returns how many. */
static int as_arguments(char *file_text, char text[][ARGUMENT_BYTES], char **list) {
    char *line;
    int count = 0;
    list[count++] = "tensorinitd";
    while ((line = fuzz_line(&file_text))) {
        char *equals = strstr(line, " = ");
        if (*line == '#' || !equals) continue;
        REQUIRE(count < LINES_MAX);
        *equals = '\0';
        snprintf(text[count], ARGUMENT_BYTES, "--%s=%s", line, equals + 3);
        list[count] = text[count];
        count++;
    }
    return count;
}

static void check_config(const struct tid_config *config,
                         const struct tid_config_sources *sources) {
    static char text[2][LINES_MAX][ARGUMENT_BYTES];
    char *list[LINES_MAX], why[TID_CONFIG_WHY_BYTES];
    struct tid_config read;
    struct tid_config_sources read_sources;
    for (unsigned i = 0; i < config->listen.count; i++) {
        const struct tid_address *address = &config->listen.items[i];
        REQUIRE(*address->host != '\0');
        if (!address->is_unix) {
            REQUIRE(strspn(address->port, "0123456789") > 0);
            REQUIRE(atoi(address->port) <= 65535);
        }
        /* In a list these would be another address, or none. */
        if (strpbrk(address->host, "[],= ")) return;
    }
    char *printed = print(config, sources);
    const int count = as_arguments(printed, text[0], list);
    REQUIRE(tid_config_read(&read, count, list, no_environment, &read_sources, why,
                            sizeof why) == TID_CONFIG_RUN);
    char *again = print(&read, &read_sources);
    REQUIRE(as_arguments(again, text[1], list) == count);
    for (int i = 1; i < count; i++) REQUIRE(strcmp(text[0][i], text[1][i]) == 0);
    free(again);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *at = text, *line;
    char *arguments[LINES_MAX + 1] = {"tensorinitd"}, why[256] = "";
    char *environment[LINES_MAX + 1] = {NULL};
    struct tid_config config;
    struct tid_config_sources sources;
    int count = 1, variable_count = 0;
    while ((line = fuzz_line(&at)) && count < LINES_MAX && variable_count < LINES_MAX) {
        /* A file could be any, even one that never ends. */
        if (strstr(line, "config") || strstr(line, "CONFIG")) continue;
        if (*line != '-' && strchr(line, '=')) {
            environment[variable_count++] = line;
        } else {
            arguments[count++] = line;
        }
    }
    switch (tid_config_read(&config, count, arguments, environment, &sources, why,
                            sizeof why)) {
    case TID_CONFIG_RUN:
        check_config(&config, &sources);
        break;
    case TID_CONFIG_ERROR:
        REQUIRE(*why && memchr(why, '\0', sizeof why));
        break;
    default:
        break;
    }
    free(text);
    return 0;
}
