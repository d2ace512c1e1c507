/* SPDX-License-Identifier: MIT */
/*
 * The input is a command line of the daemon, one argument per line; lines NAME=VALUE that
 * do not begin with '-' are its environment. An accepted configuration obeys the limits of
 * options.def, and written as arguments it is accepted again.
 */
#include "fuzz/fuzz.h"
#include "server/config.h"

#define LINES_MAX 64

static char *variables[LINES_MAX];
static size_t variable_count;

static char *environment(const char *name) {
    const size_t bytes = strlen(name);
    for (size_t i = 0; i < variable_count; i++) {
        if (strncmp(variables[i], name, bytes) == 0 && variables[i][bytes] == '=')
            return variables[i] + bytes + 1;
    }
    return NULL;
}

static char *no_environment(const char *name) {
    (void)name;
    return NULL;
}

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
#define WRITE_ADDRESS(value, name, min, max)                                             \
    check_limits(config->listen_count, 1, TID_CONFIG_LISTEN_MAX);                        \
    for (unsigned i = 0; i < config->listen_count; i++)                                  \
        WRITE(strchr(value[i].host, ':') ? "--%s=[%s]:%s" : "--%s=%s:%s", name,          \
              value[i].host, value[i].port);

static void write_config(const struct tid_config *config, struct arguments *to) {
    to->count = 0;
    WRITE("tensorinitd");
#define TID_OPTION(member, kind, name, value, min, max, fallback, help)                  \
    WRITE_##kind(config->member, name, min, max)
#include "server/options.def"
#undef TID_OPTION
}

static void check_config(const struct tid_config *config) {
    static struct arguments arguments, again;
    struct tid_config read;
    char why[256];
    for (unsigned i = 0; i < config->listen_count; i++) {
        const struct tid_address *address = &config->listen[i];
        REQUIRE(*address->host && strspn(address->port, "0123456789") > 0);
        REQUIRE(atoi(address->port) <= 65535);
        /* In a list these would be another address, or none. */
        if (strpbrk(address->host, "[],")) return;
    }
    write_config(config, &arguments);
    REQUIRE(tid_config_read(&read, arguments.count, arguments.list, no_environment, why,
                            sizeof why) == TID_CONFIG_RUN);
    write_config(&read, &again);
    REQUIRE(arguments.count == again.count);
    for (int i = 0; i < again.count; i++)
        REQUIRE(strcmp(arguments.text[i], again.text[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *at = text, *line;
    char *arguments[LINES_MAX + 1] = {"tensorinitd"}, why[256] = "";
    struct tid_config config;
    int count = 1;
    variable_count = 0;
    while ((line = fuzz_line(&at)) && count < LINES_MAX && variable_count < LINES_MAX) {
        if (*line != '-' && strchr(line, '=')) {
            variables[variable_count++] = line;
        } else {
            arguments[count++] = line;
        }
    }
    switch (tid_config_read(&config, count, arguments, environment, why, sizeof why)) {
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
