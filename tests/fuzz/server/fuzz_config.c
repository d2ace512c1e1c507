/* SPDX-License-Identifier: MIT */
/*
 * The input is a command line of the daemon, one argument per line; lines NAME=VALUE that
 * do not begin with '-' are its environment. An accepted configuration obeys the limits of
 * options.def, and written as arguments it is accepted again.
 */
#include "fuzz/fuzz.h"
#include "server/config.h"

#define LINES_MAX 64

static char *const no_environment[] = {NULL};

/* Options as text: "--workers=4". */
struct arguments {
    int count;
    char *list[LINES_MAX];
    char text[LINES_MAX][TID_ADDRESS_BYTES + 32];
};

static char *next(struct arguments *arguments) {
    char *text = arguments->text[arguments->count];
    REQUIRE(arguments->count < LINES_MAX);
    arguments->list[arguments->count++] = text;
    return text;
}

static void check_limits(int64_t value, int64_t min, int64_t max) {
    REQUIRE(value >= min && value <= max);
}

#define WRITE(...) snprintf(next(to), sizeof to->text[0], __VA_ARGS__)

/* Where 0 is the default it stands for a description, and is not a value. */
#define WRITE_NUMBER(value, name, min, max)                                              \
    if ((value) > 0) {                                                                   \
        check_limits(value, min, max);                                                   \
        WRITE("--%s=%u", name, value);                                                   \
    }
#define WRITE_SECONDS(value, name, min, max)                                             \
    check_limits(value, (min)*1000, (int64_t)(max)*1000);                                \
    WRITE("--%s=%lld.%03lld", name, (long long)(value) / 1000, (long long)(value) % 1000);
#define WRITE_BYTES(value, name, min, max)                                               \
    if ((value) > 0) {                                                                   \
        check_limits((int64_t)(value) >> 20, min, max);                                  \
        WRITE("--%s=%zu", name, value);                                                  \
    }
#define WRITE_FLAG(value, name, min, max) WRITE("--%s=%d", name, value);
#define WRITE_PATH(value, name, min, max)                                                \
    if (*(value).text) WRITE("--%s=%.200s", name, (value).text);
#define WRITE_ADDRESSES(value, name, min, max)                                           \
    check_limits((value).count, 1, TID_CONFIG_ADDRESSES_MAX);                            \
    for (unsigned i = 0; i < (value).count; i++)                                         \
        WRITE(strchr((value).items[i].host, ':') ? "--%s=[%s]:%s" : "--%s=%s:%s", name,  \
              (value).items[i].host, (value).items[i].port);

static void write_config(const struct tid_config *config, struct arguments *to) {
    to->count = 0;
    WRITE("tensorinitd");
#define TID_OPTION(member, kind, name, value, min, max, fallback, help)                  \
    WRITE_##kind(config->member, name, min, max)
#define TID_ACTION(result, name, help)
#include "server/options.def"
#undef TID_OPTION
#undef TID_ACTION
}

static void check_config(const struct tid_config *config) {
    static struct arguments arguments, again;
    struct tid_config read;
    char why[256];
    for (unsigned i = 0; i < config->listen.count; i++) {
        const struct tid_address *address = &config->listen.items[i];
        REQUIRE(*address->host && strspn(address->port, "0123456789") > 0);
        REQUIRE(atoi(address->port) <= 65535);
        /* In a list these would be another address, or none. */
        if (strpbrk(address->host, "[],")) return;
    }
    write_config(config, &arguments);
    REQUIRE(tid_config_read(&read, arguments.count, arguments.list, no_environment, NULL,
                            why, sizeof why) == TID_CONFIG_RUN);
    write_config(&read, &again);
    REQUIRE(arguments.count == again.count);
    for (int i = 0; i < again.count; i++)
        REQUIRE(strcmp(arguments.text[i], again.text[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *at = text, *line;
    char *arguments[LINES_MAX + 1] = {"tensorinitd"}, why[256] = "";
    char *environment[LINES_MAX + 1] = {NULL};
    struct tid_config config;
    int count = 1, variable_count = 0;
    while ((line = fuzz_line(&at)) && count < LINES_MAX && variable_count < LINES_MAX) {
        if (*line != '-' && strchr(line, '=')) {
            environment[variable_count++] = line;
        } else {
            arguments[count++] = line;
        }
    }
    switch (
        tid_config_read(&config, count, arguments, environment, NULL, why, sizeof why)) {
    case TID_CONFIG_RUN:
        check_config(&config);
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
