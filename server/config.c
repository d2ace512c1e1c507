/* SPDX-License-Identifier: MIT */
/*
 * Reads command line and environment: see config.h.
 */
#include "server/config.h"

#include <string.h>

#include <tensorinit/version.h>

enum kind { ADDRESS, NUMBER, SECONDS, BYTES, FLAG };

static const struct option {
    enum kind kind;
    const char *name;
    const char *value;
    int64_t least, most;
    const char *fallback;
    const char *help;
    size_t member;
} options[] = {
#define TID_OPTION(member, kind, name, value, least, most, fallback, help)               \
    {kind, name, value, least, most, fallback, help, offsetof(struct tid_config, member)},
#include "server/options.def"
#undef TID_OPTION
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

/* What is read so far, and where to complain. */
struct reading {
    struct tid_config *config;
    bool given[OPTION_COUNT];
    char *why;
    size_t why_bytes;
};

/*
 * A decimal number times 'scale', without strtod() and its locales. Digits beyond what
 * the scale can hold are an error.
 */
static bool parse_decimal(const char *text, int64_t scale, int64_t *value) {
    int64_t number = 0;
    bool digits = false;

    for (; *text >= '0' && *text <= '9'; text++) {
        if (number > INT64_C(100000000000000)) return false;
        number = number * 10 + (*text - '0');
        digits = true;
    }
    number *= scale;
    if (*text == '.' && digits && scale > 1) {
        for (text++; *text >= '0' && *text <= '9' && scale > 1; text++) {
            scale /= 10;
            number += (*text - '0') * scale;
        }
    }
    *value = number;
    return digits && *text == '\0';
}

/* A whole number that K, M or G may follow, of at most 'most_gib' times 2^30. */
static bool parse_bytes(const char *text, int64_t most_gib, int64_t *bytes) {
    static const char units[] = "KMG";
    char digits[24];
    int64_t number, unit = 1;
    size_t length = strlen(text);

    if (length > 0 && strchr(units, text[length - 1]) != NULL) {
        unit = INT64_C(1) << 10 * (strchr(units, text[length - 1]) - units + 1);
        length--;
    }
    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!parse_decimal(digits, 1, &number) || number > (most_gib << 30) / unit)
        return false;
    *bytes = number * unit;
    return true;
}

/* Adds the addresses of a list with commas, as the environment has it. */
static bool add_addresses(struct tid_config *config, const char *list,
                          const char **flaw) {
    for (;;) {
        size_t length = strcspn(list, ",");
        if (config->listen_count == TID_CONFIG_LISTEN_MAX) {
            *flaw = "too many addresses";
            return false;
        }
        *flaw = tid_address_parse(list, length, &config->listen[config->listen_count]);
        if (*flaw != NULL) return false;
        config->listen_count++;
        if (list[length] == '\0') return true;
        list += length + 1;
    }
}

/* 'label' is what the user wrote, "--workers" or the variable's name. */
static bool set_option(struct reading *reading, const struct option *option,
                       const char *label, const char *value) {
    char *member = (char *)reading->config + option->member;
    const char *flaw = NULL;
    int64_t number = 0;

    switch (option->kind) {
    case ADDRESS:
        add_addresses(reading->config, value, &flaw);
        break;
    case NUMBER:
    case SECONDS: {
        int64_t scale = option->kind == SECONDS ? 1000 : 1;
        if (parse_decimal(value, scale, &number) && number >= option->least * scale &&
            number <= option->most * scale) {
            memcpy(member, &number, sizeof number);
            break;
        }
        snprintf(reading->why, reading->why_bytes,
                 "%s: '%s' is not a %s from %lld to %lld", label, value,
                 option->kind == SECONDS ? "number of seconds" : "whole number",
                 (long long)option->least, (long long)option->most);
        return false;
    }
    case BYTES:
        if (parse_bytes(value, option->most, &number))
            memcpy(member, &number, sizeof number);
        else
            flaw = "expected a number of bytes, with K, M or G for 2^10, 2^20 or 2^30";
        break;
    case FLAG:
        if (strcmp(value, "1") == 0 || strcmp(value, "0") == 0)
            *(bool *)(void *)member = value[0] == '1';
        else
            flaw = "expected 1 or 0";
        break;
    }
    if (flaw != NULL)
        snprintf(reading->why, reading->why_bytes, "%s: '%s': %s", label, value, flaw);
    return flaw == NULL;
}

/* The option of an argument "--name" or "--name=value"; NULL if there is none. */
static const struct option *option_find(const char *argument) {
    size_t length = strcspn(argument, "=");

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (length == strlen(options[i].name) + 2 && strncmp(argument, "--", 2) == 0 &&
            strncmp(argument + 2, options[i].name, length - 2) == 0)
            return &options[i];
    }
    return NULL;
}

static bool read_arguments(struct reading *reading, int argc, char *const *argv) {
    for (int i = 1; i < argc; i++) {
        const struct option *option = option_find(argv[i]);
        if (option == NULL) {
            snprintf(reading->why, reading->why_bytes, "unknown option '%s'", argv[i]);
            return false;
        }
        const char *value = strchr(argv[i], '=');
        if (value != NULL) {
            value++;
        } else if (option->kind == FLAG) {
            value = "1";
        } else if (i + 1 < argc) {
            value = argv[++i];
        } else {
            snprintf(reading->why, reading->why_bytes, "--%s needs a value (%s)",
                     option->name, option->value);
            return false;
        }
        char label[40];
        snprintf(label, sizeof label, "--%s", option->name);
        if (!set_option(reading, option, label, value)) return false;
        reading->given[option - options] = true;
    }
    return true;
}

static void variable_name(const struct option *option, char name[64]) {
    snprintf(name, 64, "TENSORINITD_%s", option->name);
    for (char *c = name; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
        else if (*c == '-')
            *c = '_';
    }
}

static bool read_environment(struct reading *reading,
                             char *(*environment)(const char *name)) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char name[64];
        variable_name(&options[i], name);
        const char *value = environment(name);
        /* An empty variable is as good as none, which container files rely on. */
        if (reading->given[i] || value == NULL || value[0] == '\0') continue;
        if (!set_option(reading, &options[i], name, value)) return false;
    }
    return true;
}

enum tid_config_result tid_config_read(struct tid_config *config, int argc,
                                       char *const *argv,
                                       char *(*environment)(const char *name), char *why,
                                       size_t why_bytes) {
    struct reading reading = {.config = config, .why = why, .why_bytes = why_bytes};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return TID_CONFIG_HELP;
        if (strcmp(argv[i], "--version") == 0) return TID_CONFIG_VERSION;
    }
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        /* Not a default that only the machine can tell. */
        const char digit = options[i].fallback[0];
        if (options[i].kind != ADDRESS && digit >= '0' && digit <= '9')
            set_option(&reading, &options[i], options[i].name, options[i].fallback);
    }
    if (!read_arguments(&reading, argc, argv) || !read_environment(&reading, environment))
        return TID_CONFIG_ERROR;
    if (config->listen_count == 0)
        set_option(&reading, &options[0], options[0].name, options[0].fallback);
    return TID_CONFIG_RUN;
}

void tid_config_help(FILE *file) {
    fprintf(file, "Usage: tensorinitd [OPTION]...\n"
                  "Serves initialized neural-network tensors over HTTP.\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s %s", options[i].name, options[i].value);
        fprintf(file, "  %-26s", left);
        for (const char *c = options[i].help; *c != '\0'; c++) {
            fputc(*c, file);
            if (*c == '\n') fprintf(file, "%-28s", "");
        }
        fprintf(file, " (%s)\n", options[i].fallback);
    }
    fprintf(
        file,
        "  --version                 print the version and exit\n"
        "  --help                    print this and exit\n\n"
        "A timeout of 0 has no limit. Each option may also be set in the environment:\n"
        "--drain-timeout 5 is TENSORINITD_DRAIN_TIMEOUT=5; TENSORINITD_LISTEN takes a\n"
        "list with commas.\n"
        "TENSORINIT_ISA=portable|avx2|avx512|neon forces an instruction set.\n\n"
        "Exit status: 0 stopped by a signal, 64 wrong usage, 69 no such instruction\n"
        "set, 71 an address or another resource of the system was not to be had.\n");
}
