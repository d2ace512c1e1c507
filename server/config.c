/* SPDX-License-Identifier: MIT */
/* Reads command line, environment and file: see config.h. */
#include "server/config.h"

#include <stdlib.h>
#include <string.h>

#include "server/pairs_file.h"
#include "server/option_kinds.h"

#define PREFIX "TENSORINITD_"

/* The table's names of kinds: the kind and the type of a member. */
#define KIND_ADDRESSES tid_option_address_list, struct tid_address_list
#define KIND_NUMBER tid_option_number, unsigned
#define KIND_SECONDS tid_option_seconds, int64_t
#define KIND_BYTES tid_option_bytes, size_t
#define KIND_COUNT tid_option_count, uint64_t
#define KIND_ORIGINS tid_option_origins, struct tid_origins
#define KIND_BASE_PATH tid_option_base_path, struct tid_base_path
#define KIND_NETWORKS tid_option_networks, struct tid_network_list
#define KIND_FLAG tid_option_flag, bool
#define KIND_PATH tid_option_path, struct tid_path
#define KIND_CHOICE tid_option_choice, unsigned

/* The table's words for when the file is read: whether SIGHUP is such a time. */
#define WHEN_START false
#define WHEN_SIGHUP true

#define FIRST(pair) FIRST_OF(pair)
#define FIRST_OF(first, second) first
#define SECOND(pair) SECOND_OF(pair)
#define SECOND_OF(first, second) second

#define TID_OPTION(member, kind, name, value, min, max, fallback, when, help)            \
    _Static_assert(_Generic(((struct tid_config *)0)->member, SECOND(KIND_##kind) : 1,   \
                            default : 0),                                                \
                   "the member's type is not that of its kind: " #member);
#define TID_ACTION(result, name, help)
#include "server/options.def"
#undef TID_OPTION
#undef TID_ACTION

static const struct tid_option options[] = {
#define TID_OPTION(member, kind, name, value, min, max, fallback, when, help)            \
    {&FIRST(KIND_##kind),                                                                \
     name,                                                                               \
     value,                                                                              \
     min,                                                                                \
     max,                                                                                \
     fallback,                                                                           \
     WHEN_##when,                                                                        \
     help,                                                                               \
     offsetof(struct tid_config, member),                                                \
     sizeof((struct tid_config *)0)->member},
#define TID_ACTION(result, name, help)
#include "server/options.def"
#undef TID_OPTION
#undef TID_ACTION
};

static const struct {
    const char *name;
    const char *help;
    enum tid_config_result result;
} actions[] = {
#define TID_OPTION(member, kind, name, value, min, max, fallback, when, help)
#define TID_ACTION(result, name, help) {name, help, TID_CONFIG_##result},
#include "server/options.def"
#undef TID_OPTION
#undef TID_ACTION
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
#define OPTION_COUNT COUNT_OF(options)

_Static_assert(OPTION_COUNT <= COUNT_OF(((struct tid_config_sources *)0)->of),
               "struct tid_config_sources is too small");

struct reading {
    struct tid_config *config;
    struct tid_config_sources *sources;
    char *why;
    size_t why_bytes;
};

#define WHY(...) (snprintf(reading->why, reading->why_bytes, __VA_ARGS__), false)

/* The option of that name; NULL if there is none. */
static const struct tid_option *option_find(const char *name, size_t name_bytes) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options[i].name) == name_bytes &&
            memcmp(options[i].name, name, name_bytes) == 0)
            return &options[i];
    }
    return NULL;
}

/*
 * Sets an option, unless a source that counts for more has done so. 'label' is what the
 * user wrote: "--workers", the variable's name, or a place in the file.
 */
static bool set_option(struct reading *reading, const struct tid_option *option,
                       enum tid_config_source source, const char *label,
                       const char *value) {
    enum tid_config_source *before = &reading->sources->of[option - options];
    char flaw[160];
    if (*before > source) return true;
    *before = source;
    if (option->kind->read(option, value, (char *)reading->config + option->member, flaw,
                           sizeof flaw))
        return true;
    return WHY("%s: '%s': %s", label, value, flaw);
}

/* What an argument asks for; TID_CONFIG_RUN if it is an option's. */
static enum tid_config_result action_of(const char *argument) {
    if (strcmp(argument, "-h") == 0) return TID_CONFIG_HELP;
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (strncmp(argument, "--", 2) == 0 && strcmp(argument + 2, actions[i].name) == 0)
            return actions[i].result;
    }
    return TID_CONFIG_RUN;
}

/* 'tensorinitd health' */
static bool is_health(int argc, char *const *argv) {
    return argc > 1 && strcmp(argv[1], "health") == 0;
}

/* The last of them counts, but for help, which is given despite errors elsewhere. */
static enum tid_config_result requested_result(int argc, char *const *argv) {
    enum tid_config_result result =
        is_health(argc, argv) ? TID_CONFIG_HEALTH : TID_CONFIG_RUN;
    for (int i = 1; i < argc && result != TID_CONFIG_HELP; i++) {
        const enum tid_config_result action = action_of(argv[i]);
        if (action != TID_CONFIG_RUN) result = action;
    }
    return result;
}

static bool read_arguments(struct reading *reading, int argc, char *const *argv) {
    for (int i = is_health(argc, argv) ? 2 : 1; i < argc; i++) {
        if (action_of(argv[i]) != TID_CONFIG_RUN) continue;
        const char *name = strncmp(argv[i], "--", 2) == 0 ? argv[i] + 2 : "";
        const struct tid_option *option = option_find(name, strcspn(name, "="));
        if (!option) return WHY("unknown option '%s'", argv[i]);
        const char *value = strchr(argv[i], '=');
        if (value) {
            value++;
        } else if (option->kind->is_flag) {
            value = "1";
        } else if (i + 1 < argc) {
            value = argv[++i];
        } else {
            return WHY("--%s needs a value (%s)", option->name, option->value);
        }
        char label[40];
        snprintf(label, sizeof label, "--%s", option->name);
        if (!set_option(reading, option, TID_SOURCE_COMMAND_LINE, label, value))
            return false;
    }
    return true;
}

/* DRAIN_TIMEOUT as drain-timeout; NULL if there is no such option. */
static const struct tid_option *option_of_variable(const char *variable, size_t bytes) {
    char name[64];
    if (bytes >= sizeof name) return NULL;
    for (size_t i = 0; i < bytes; i++) {
        name[i] = variable[i];
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
        else if (name[i] == '_')
            name[i] = '-';
        else
            return NULL;
    }
    return option_find(name, bytes);
}

/*
 * Kubernetes gives every pod variables about each Service of its namespace; those of one
 * that is named tensorinitd begin with our prefix.
 */
static bool is_of_kubernetes(const char *variable, size_t bytes) {
    return strncmp(variable, "SERVICE_", 8) == 0 || strncmp(variable, "PORT_", 5) == 0 ||
           (bytes == 4 && memcmp(variable, "PORT", 4) == 0);
}

static bool read_environment(struct reading *reading, char *const *environment) {
    for (; *environment; environment++) {
        const size_t prefix_bytes = sizeof PREFIX - 1;
        if (strncmp(*environment, PREFIX, prefix_bytes) != 0) continue;
        const char *variable = *environment + prefix_bytes;
        const size_t bytes = strcspn(variable, "=");
        if (variable[bytes] == '\0' || is_of_kubernetes(variable, bytes)) continue;
        const struct tid_option *option = option_of_variable(variable, bytes);
        char label[96];
        snprintf(label, sizeof label, PREFIX "%.*s", (int)(bytes < 64 ? bytes : 64),
                 variable);
        if (!option) return WHY("%s: there is no such option; --help lists them", label);
        /* An empty variable counts as unset: container files rely on that. */
        const char *value = variable + bytes + 1;
        if (value[0] != '\0' &&
            !set_option(reading, option, TID_SOURCE_ENVIRONMENT, label, value))
            return false;
    }
    return true;
}

static bool take_file_line(void *reader, const char *label, const char *name,
                           const char *value) {
    struct reading *reading = reader;
    const struct tid_option *option = option_find(name, strlen(name));
    if (!option) return WHY("%s: there is no such option; --help lists them", label);
    if (option->member == offsetof(struct tid_config, config))
        return WHY("%s: a file cannot name another one", label);
    if (reading->sources->of[option - options] == TID_SOURCE_FILE &&
        !option->kind->is_list)
        return WHY("%s: is set twice", label);
    return set_option(reading, option, TID_SOURCE_FILE, label, value);
}

/* Other defaults are descriptions. */
static bool has_default_value(const struct tid_option *option) {
    return option->kind == &tid_option_choice ||
           strspn(option->fallback, "0123456789*") > 0;
}

static void set_defaults(struct reading *reading) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (has_default_value(&options[i]))
            set_option(reading, &options[i], TID_SOURCE_DEFAULT, options[i].name,
                       options[i].fallback);
    }
}

/* Options that need another one. */
static bool check_pairs(struct reading *reading) {
    const struct tid_config *config = reading->config;
    const bool certificate = config->tls_certificate.text[0] != '\0';
    if (certificate && config->tls_key.text[0] == '\0')
        return WHY("tls-cert: needs tls-key as well, the file of its key");
    if (!certificate && config->tls_key.text[0] != '\0')
        return WHY("tls-key: needs tls-cert as well, the file of its certificate");
    if (!certificate && config->tls_client_ca.text[0] != '\0')
        return WHY("tls-client-ca: needs tls-cert and tls-key as well");
    return true;
}

enum tid_config_result tid_config_read(struct tid_config *config, int argc,
                                       char *const *argv, char *const *environment,
                                       struct tid_config_sources *sources, char *why,
                                       size_t why_bytes) {
    struct tid_config_sources unasked;
    struct reading reading = {.config = config,
                              .sources = sources ? sources : &unasked,
                              .why = why,
                              .why_bytes = why_bytes};
    const enum tid_config_result result = requested_result(argc, argv);
    if (result == TID_CONFIG_HELP || result == TID_CONFIG_VERSION) return result;
    memset(config, 0, sizeof *config);
    config->argument_count = argc;
    config->arguments = argv;
    memset(reading.sources, 0, sizeof *reading.sources);
    if (!read_arguments(&reading, argc, argv) || !read_environment(&reading, environment))
        return TID_CONFIG_ERROR;
    if (config->config.text[0] != '\0' &&
        !tid_pairs_file_read(config->config.text, take_file_line, &reading, why,
                             why_bytes))
        return TID_CONFIG_ERROR;
    set_defaults(&reading);
    config->listens_by_default =
        reading.sources->of[option_find("listen", 6) - options] == TID_SOURCE_DEFAULT;
    return check_pairs(&reading) ? result : TID_CONFIG_ERROR;
}

void tid_config_print(FILE *file, const struct tid_config *config,
                      const struct tid_config_sources *sources) {
    static const char *const origins[] = {"the default", "the file", "the environment",
                                          "the command line"};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct tid_option *option = &options[i];
        const enum tid_config_source source = sources->of[i];
        /* A file cannot name another one. */
        if (option->member == offsetof(struct tid_config, config)) continue;
        if (source == TID_SOURCE_DEFAULT && !has_default_value(option)) {
            fprintf(file, "# the default: %s\n# %s =\n", option->fallback, option->name);
            continue;
        }
        fprintf(file, "# %s\n%s = ", origins[source], option->name);
        option->kind->write(file, option, (const char *)config + option->member);
        fputc('\n', file);
    }
}

/* The value of an option as text from malloc(); NULL if memory runs out. */
static char *value_text(const struct tid_option *option,
                        const struct tid_config *config) {
    char *text = NULL;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    if (!file) return NULL;
    option->kind->write(file, option, (const char *)config + option->member);
    if (fclose(file) == 0) return text;
    free(text);
    return NULL;
}

void tid_config_update(struct tid_config *read, struct tid_config *used,
                       const struct tid_config *again, tid_config_changed *changed) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct tid_option *option = &options[i];
        const char *value = (const char *)again + option->member;
        char *before = value_text(option, read), *after = value_text(option, again);
        const bool equal = before && after && strcmp(before, after) == 0;
        if (!equal)
            changed(option->name, before ? before : "?", after ? after : "?",
                    option->reloads);
        if (!equal && option->reloads) {
            memcpy((char *)read + option->member, value, option->member_bytes);
            memcpy((char *)used + option->member, value, option->member_bytes);
        }
        free(before);
        free(after);
    }
}

static void help_row(FILE *file, const char *name, const char *value, const char *help,
                     const char *fallback, bool reloads) {
    char left[48];
    snprintf(left, sizeof left, "--%s%s%s", name, value[0] == '\0' ? "" : " ", value);
    fprintf(file, strlen(left) > 27 ? "  %s\n%30s" : "  %-28s%s", left, "");
    for (const char *c = help; *c != '\0'; c++) {
        fputc(*c, file);
        if (*c == '\n') fprintf(file, "%-30s", "");
    }
    if (fallback) fprintf(file, reloads ? " (%s; reloadable)" : " (%s)", fallback);
    fputc('\n', file);
}

void tid_config_help(FILE *file) {
    fprintf(file,
            "Usage: tensorinitd [OPTION]...\n"
            "       tensorinitd health [OPTION]...\n"
            "Serves initialized neural-network tensors over HTTP; health checks whether\n"
            "a daemon with these options is alive.\n\n");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        help_row(file, options[i].name, options[i].value, options[i].help,
                 options[i].fallback, options[i].reloads);
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        help_row(file, actions[i].name, "", actions[i].help, NULL, false);
    fprintf(
        file,
        "\nA timeout or limit of 0 means none. Each option may also be set in the "
        "environment:\n"
        "--drain-timeout 5 is TENSORINITD_DRAIN_TIMEOUT=5, and in a file:\n"
        "drain-timeout = 5. The command line counts before the environment, and that\n"
        "before the file. SIGHUP reads the file again, for the options that are marked\n"
        "reloadable, and certificates, tokens and keys.\n"
        "TENSORINIT_ISA=portable|avx2|avx512|neon forces an instruction set.\n\n"
        "Exit status: 0 stopped by a signal, alive, or right; 1 not alive, or wrong bits, 64\n"
        "wrong usage, 69 the instruction set is not available, 71 an address or another\n"
        "system resource is not available.\n");
}
