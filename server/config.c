/* SPDX-License-Identifier: MIT */
/* Reads command line and environment: see config.h. */
#include "server/config.h"

#include <string.h>

#include <tensorinit/version.h>

enum kind { ADDRESS, NUMBER, SECONDS, BYTES, FLAG };

/* The type of a member, by kind. */
#define TYPE_ADDRESS struct tid_address *
#define TYPE_NUMBER unsigned
#define TYPE_SECONDS int64_t
#define TYPE_BYTES size_t
#define TYPE_FLAG bool

#define TID_OPTION(member, kind, name, value, min, max, fallback, help)                  \
    _Static_assert(                                                                      \
        _Generic(((struct tid_config *)0)->member, TYPE_##kind : 1, default : 0),        \
        "the member's type is not that of its kind: " #member);
#include "server/options.def"
#undef TID_OPTION

static const struct option {
    enum kind kind;
    const char *name;
    const char *value;
    int64_t min, max;
    const char *fallback;
    const char *help;
    size_t member;
} options[] = {
#define TID_OPTION(member, kind, name, value, min, max, fallback, help)                  \
    {kind, name, value, min, max, fallback, help, offsetof(struct tid_config, member)},
#include "server/options.def"
#undef TID_OPTION
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

struct reading {
    struct tid_config *config;
    bool given[OPTION_COUNT]; /* on the command line or in the environment */
    char *why;
    size_t why_bytes;
};

/*
 * A decimal number times 'scale', without strtod() and its locales. More decimals than
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

/* An integer that K, M or G may follow, from min_mib to max_mib times 2^20. */
static bool parse_bytes(const char *text, int64_t min_mib, int64_t max_mib,
                        size_t *bytes) {
    static const char units[] = "KMG";
    char digits[24];
    int64_t number, unit = 1;
    size_t length = strlen(text);
    const char *suffix = length > 0 ? strchr(units, text[length - 1]) : NULL;
    if (suffix) {
        unit = INT64_C(1) << 10 * (suffix - units + 1);
        length--;
    }
    if (length >= sizeof digits) return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!parse_decimal(digits, 1, &number) || number > (max_mib << 20) / unit ||
        number * unit < min_mib << 20)
        return false;
    *bytes = (size_t)(number * unit);
    return true;
}

/* Adds addresses separated by commas. Returns what is wrong, or NULL. */
static const char *add_addresses(struct tid_config *config, const char *list) {
    for (;;) {
        size_t length = strcspn(list, ",");
        if (config->listen_count == TID_CONFIG_LISTEN_MAX) return "too many addresses";
        const char *flaw =
            tid_address_parse(list, length, &config->listen[config->listen_count]);
        if (flaw) return flaw;
        config->listen_count++;
        if (list[length] == '\0') return NULL;
        list += length + 1;
    }
}

/* The error text; 'label' is what the user wrote, "--workers" or the variable's name. */
static bool reject(struct reading *reading, const char *label, const char *value,
                   const char *flaw) {
    snprintf(reading->why, reading->why_bytes, "%s: '%s': %s", label, value, flaw);
    return false;
}

/* NUMBER and SECONDS: a number of the option's range, times 'scale'. */
static bool read_number(struct reading *reading, const struct option *option,
                        const char *label, const char *value, int64_t scale,
                        int64_t *number) {
    if (parse_decimal(value, scale, number) && *number >= option->min * scale &&
        *number <= option->max * scale)
        return true;
    snprintf(reading->why, reading->why_bytes, "%s: '%s' is not %s from %lld to %lld",
             label, value, option->kind == SECONDS ? "a number of seconds" : "an integer",
             (long long)option->min, (long long)option->max);
    return false;
}

static bool read_bytes(struct reading *reading, const struct option *option,
                       const char *label, const char *value, size_t *bytes) {
    if (parse_bytes(value, option->min, option->max, bytes)) return true;
    snprintf(reading->why, reading->why_bytes,
             "%s: '%s' is not a number of bytes from %lldM to %lldG; K, M and G are "
             "2^10, 2^20 and 2^30",
             label, value, (long long)option->min, (long long)option->max >> 10);
    return false;
}

static bool set_option(struct reading *reading, const struct option *option,
                       const char *label, const char *value) {
    void *member = (char *)reading->config + option->member;
    const char *flaw;
    int64_t number;

    switch (option->kind) {
    case ADDRESS:
        flaw = add_addresses(reading->config, value);
        return !flaw || reject(reading, label, value, flaw);
    case NUMBER:
        if (!read_number(reading, option, label, value, 1, &number)) return false;
        *(TYPE_NUMBER *)member = (TYPE_NUMBER)number;
        return true;
    case SECONDS:
        return read_number(reading, option, label, value, 1000, member);
    case BYTES:
        return read_bytes(reading, option, label, value, member);
    case FLAG:
        if (strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
            return reject(reading, label, value, "expected 1 or 0");
        *(TYPE_FLAG *)member = value[0] == '1';
        return true;
    }
    return false;
}

/* The option of an argument "--name" or "--name=value"; NULL if unknown. */
static const struct option *option_find(const char *argument) {
    const size_t length = strcspn(argument, "=");
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
        if (!option) {
            snprintf(reading->why, reading->why_bytes, "unknown option '%s'", argv[i]);
            return false;
        }
        const char *value = strchr(argv[i], '=');
        if (value) {
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
        /* An empty variable counts as unset: container files rely on that. */
        if (reading->given[i] || !value || value[0] == '\0') continue;
        if (!set_option(reading, &options[i], name, value)) return false;
        reading->given[i] = true;
    }
    return true;
}

static void set_defaults(struct reading *reading) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        /* "usable processors" is a description, and stays 0. */
        const bool is_value = option->fallback[0] >= '0' && option->fallback[0] <= '9';
        if (!reading->given[i] && is_value)
            set_option(reading, option, option->name, option->fallback);
    }
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
    if (!read_arguments(&reading, argc, argv) || !read_environment(&reading, environment))
        return TID_CONFIG_ERROR;
    set_defaults(&reading);
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
        "A timeout of 0 is not a limit. Each option may also be set in the environment:\n"
        "--drain-timeout 5 is TENSORINITD_DRAIN_TIMEOUT=5. TENSORINITD_LISTEN takes\n"
        "several addresses, separated by commas.\n"
        "TENSORINIT_ISA=portable|avx2|avx512|neon forces an instruction set.\n\n"
        "Exit status: 0 stopped by a signal, 64 wrong usage, 69 the instruction set is\n"
        "not available, 71 an address or another system resource is not available.\n");
}
