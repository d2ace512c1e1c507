/* SPDX-License-Identifier: MIT */
/*
 * Command lines: the command's own options (cli_options.def) and all parameters of a
 * tensor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tensorinit/client.h>
#include <tensorinit/propagation.h>

#include "client/cli/option_table.h"

/* Matches --name or --name=VALUE; 'value' is NULL for the first. */
static bool is_long(const char *arg, const char *name, const char **value) {
    const size_t n = strlen(name);
    *value = NULL;
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, n) != 0) return false;
    if (arg[2 + n] == '=') *value = arg + 2 + n + 1;
    return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

/* Matches -l or, for an option with an argument, -lVALUE. */
static bool is_short(const char *arg, const struct cli_own_option *option,
                     const char **value) {
    if (!option->letter || arg[0] != '-' || arg[1] != option->letter[0]) return false;
    *value = option->argument && arg[2] != '\0' ? arg + 2 : NULL;
    return *value || arg[2] == '\0';
}

static int missing_value(const char *option) {
    fprintf(stderr, "tensorinit: %s needs a value\n", option);
    return CLI_USAGE;
}

static int duplicate(const char *option) {
    fprintf(stderr, "tensorinit: --%s: %s is given more than once\n", option, option);
    return CLI_USAGE;
}

const char *cli_options_get(const struct cli_options *options, const char *name) {
    const size_t n = strlen(name);
    for (size_t i = 0; i < options->param_count; i++) {
        const struct cli_param *param = &options->params[i];
        if (param->name_bytes == n && memcmp(param->name, name, n) == 0) {
            return param->value;
        }
    }
    return NULL;
}

/* Percent-encodes every byte that has a meaning in a query. */
static char *encode(const char *text, size_t n, char *out) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c > ' ' && c < 0x7f && !strchr("%&+=#", c)) {
            *out++ = (char)c;
        } else {
            *out++ = '%';
            *out++ = digits[c >> 4];
            *out++ = digits[c & 15];
        }
    }
    return out;
}

char *cli_options_query(const struct cli_options *options) {
    size_t capacity = 1;
    for (size_t i = 0; i < options->param_count; i++) {
        const struct cli_param *param = &options->params[i];
        capacity += 3 * (param->name_bytes + strlen(param->value)) + 2;
    }
    char *query = malloc(capacity), *out = query;
    for (size_t i = 0; query && i < options->param_count; i++) {
        const struct cli_param *param = &options->params[i];
        if (i > 0) *out++ = '&';
        out = encode(param->name, param->name_bytes, out);
        *out++ = '=';
        out = encode(param->value, strlen(param->value), out);
    }
    if (query) *out = '\0';
    return query;
}

static void add_param(struct cli_options *options, const char *name, size_t name_bytes,
                      const char *value) {
    /* cli_options_parse() has allocated one for each argument, and one more. */
    options->params[options->param_count++] =
        (struct cli_param){name, name_bytes, value, NULL};
}

void cli_options_add(struct cli_options *options, const char *name, const char *value) {
    add_param(options, name, strlen(name), value);
}

/*
 * The argument at '*at' is a parameter, known or not; '*at' moves to the last argument
 * used. An unknown one is refused with the others, which say what it may mean.
 */
static int parse_param(struct cli_options *options, int argc, char **argv, int *at) {
    const char *name = argv[*at] + 2;
    const size_t n = strcspn(name, "=");
    const char *value = name[n] == '=' ? name + n + 1 : NULL;
    bool known = false;
    for (size_t i = 0; i < ti_param_count(); i++) {
        const char *param = ti_param_get(i)->name;
        known |= strlen(param) == n && memcmp(param, name, n) == 0;
    }
    if (!value && known && *at + 1 == argc) return missing_value(argv[*at]);
    if (!value && *at + 1 < argc && (known || argv[*at + 1][0] != '-')) {
        value = argv[++*at];
    }
    add_param(options, name, n, value ? value : "");
    return 0;
}

/* An argument that is no option: those of the verb that are near. */
static int unknown_option(const struct cli_verb *verb, const char *arg) {
    const char *names[CLI_OWN_OPTIONS];
    size_t count = 0;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(arg, "="), arg);
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        if (cli_has_option(verb, &cli_own_options[i]))
            names[count++] = cli_own_options[i].name;
    }
    fprintf(stderr, "tensorinit: %s: %s has no such option", name, verb->name);
    cli_print_near(name, names, count, "--");
    fputs(" See --help\n", stderr);
    return CLI_USAGE;
}

/* Whether an argument is near to one of the command's own options, for the verb. */
static bool is_near_option(const struct cli_verb *verb, const char *arg) {
    const char *near[TI_NEAR_MAX];
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(arg, "="), arg);
    for (size_t i = 0; i < ti_param_count(); i++) {
        if (strcmp(name + 2, ti_param_get(i)->name) == 0) return false;
    }
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        if (cli_has_option(verb, &cli_own_options[i]) &&
            ti_near_names(name, &cli_own_options[i].name, 1, near) == 1) {
            return true;
        }
    }
    return false;
}

static int append(struct cli_list *list, const char *option, const char *value) {
    if (list->count == CLI_ITEMS_MAX) {
        fprintf(stderr, "tensorinit: --%s: more than %d\n", option, CLI_ITEMS_MAX);
        return CLI_USAGE;
    }
    list->items[list->count++] = value;
    return 0;
}

int cli_read_seconds(const char *option, const char *text, uint64_t *milliseconds) {
    uint64_t value = 0, digits = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && digits < 7; at++, digits++) {
        value = value * 10 + (uint64_t)(*at - '0');
    }
    value *= 1000;
    if (*at == '.' && digits > 0) {
        uint64_t scale = 100;
        for (at++; *at >= '0' && *at <= '9'; at++, scale /= 10) {
            value += (uint64_t)(*at - '0') * scale;
        }
    }
    if (*at != '\0' || digits == 0 || value > INT32_MAX) {
        fprintf(stderr,
                "tensorinit: --%s: '%s' is not a number of seconds from 0 to 2147483\n",
                option, text);
        return CLI_USAGE;
    }
    *milliseconds = value;
    return 0;
}

int cli_read_count(const char *option, const char *text, unsigned max, unsigned *value) {
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > max) {
        fprintf(stderr, "tensorinit: --%s: '%s' is not a number from 1 to %u\n", option,
                text, max);
        return CLI_USAGE;
    }
    *value = (unsigned)number;
    return 0;
}

int cli_read_threads(const struct cli_options *options, unsigned *threads) {
    *threads = cli_threads_usable();
    if (!options->threads) return 0;
    return cli_read_count("threads", options->threads, CLI_THREADS_MAX, threads);
}

/* Other values have messages of their own, which say what they take. */
static bool needs_text(const struct cli_own_option *option) {
    return option->kind == CLI_KIND_MAYBE || strcmp(option->argument, "FILE") == 0 ||
           strcmp(option->argument, "DIR") == 0;
}

/* The same for one of the command's own options; 'value' is the one in the argument. */
static int parse_own(struct cli_options *options, const struct cli_own_option *option,
                     const char *value, int argc, char **argv, int *at) {
    void *member = (char *)options + option->member;
    if (!option->argument) {
        if (!value) {
            *(bool *)member = true;
            return 0;
        }
        fprintf(stderr, "tensorinit: --%s takes no value\n", option->name);
        return CLI_USAGE;
    }
    const char **text = member, *name = argv[*at];
    const bool maybe = option->kind == CLI_KIND_MAYBE && !value;
    if (!value && !maybe && *at + 1 < argc) value = argv[++*at];
    if (maybe) value = "";
    if (!value || (!*value && !maybe && needs_text(option))) return missing_value(name);
    if (option->kind == CLI_KIND_LIST) return append(member, option->name, value);
    if (*text) return duplicate(option->name);
    *text = value;
    return 0;
}

/*
 * Whether the argument is the parameter of the same name as a flag: it has a value, or the
 * verb has no such flag. Verbs with such a flag have no FILE.
 */
static bool is_parameter(const struct cli_verb *verb, const struct cli_own_option *option,
                         int argc, char **argv, int at) {
    for (size_t i = 0; i < ti_param_count(); i++) {
        if (!cli_has_param(verb, i) || strcmp(ti_param_get(i)->name, option->name) != 0)
            continue;
        return !cli_has_option(verb, option) || strchr(argv[at], '=') ||
               (at + 1 < argc && argv[at + 1][0] != '-');
    }
    return false;
}

static int parse_one(struct cli_options *options, const struct cli_verb *verb, int argc,
                     char **argv, int *at) {
    const char *arg = argv[*at], *value;
    bool is_other = false;
    for (size_t i = 0; i < CLI_OWN_OPTIONS; i++) {
        const struct cli_own_option *option = &cli_own_options[i];
        if (!is_long(arg, option->name, &value) && !is_short(arg, option, &value)) {
            continue;
        }
        const bool is_param = is_parameter(verb, option, argc, argv, *at);
        if (cli_has_option(verb, option) && !is_param) {
            return parse_own(options, option, value, argc, argv, at);
        }
        /* Several verbs may have options of this name, each its own. What a tensor lacks and
           propagate has, as --activation, is refused with the hints of a parameter. */
        is_other |= !is_param && !(verb->tensor && ti_stack_has(option->name));
    }
    if (is_other) return unknown_option(verb, arg);
    if (arg[0] == '-' && arg[1] != '\0') {
        if (!verb->tensor || arg[1] != '-' || is_near_option(verb, arg)) {
            return unknown_option(verb, arg);
        }
        return parse_param(options, argc, argv, at);
    }
    if (!verb->file || (options->file && !verb->many)) {
        fprintf(stderr, "tensorinit: unexpected argument '%s' for %s\n", arg, verb->name);
        return CLI_USAGE;
    }
    if (!options->file) options->file = arg;
    options->files[options->file_count++] = arg;
    return 0;
}

/* Puts the numbers of this process in place of --shard axis:auto. */
static int resolve_shards(struct cli_options *options) {
    struct ti_error error;
    bool found = false;
    for (size_t i = 0; i < options->param_count; i++) {
        struct cli_param *param = &options->params[i];
        const char *names[] = {"shard", "shard[]"};
        bool is_shard = false;
        for (size_t k = 0; k < 2; k++) {
            is_shard |= strlen(names[k]) == param->name_bytes &&
                        memcmp(names[k], param->name, param->name_bytes) == 0;
        }
        if (!is_shard) continue;
        if (tic_shard_resolve(param->value, &param->resolved, &error) != TI_OK) {
            return cli_fail(&error);
        }
        if (param->resolved && found) {
            fputs("tensorinit: --shard: auto is given more than once\n", stderr);
            return CLI_USAGE;
        }
        found |= param->resolved != NULL;
        if (param->resolved) param->value = param->resolved;
    }
    return 0;
}

int cli_options_make_spec(struct cli_options *options) {
    struct ti_error error;
    char *query = cli_options_query(options);
    int code = 0;
    if (!query || ti_spec_make(&options->spec) != TI_OK) {
        code = cli_fail_memory();
    } else if (ti_spec_set_query_lenient(options->spec, query, strlen(query), &error) !=
               TI_OK) {
        code = cli_fail(&error);
    }
    free(query);
    return code;
}

int cli_options_parse(struct cli_options *options, const struct cli_verb *verb, int argc,
                      char **argv) {
    int code = 0;
    memset(options, 0, sizeof *options);
    options->params = calloc((size_t)argc + 1, sizeof *options->params);
    options->files = calloc((size_t)argc + 1, sizeof *options->files);
    if (!options->params || !options->files) return cli_fail_memory();
    for (int i = 0; i < argc && code == 0; i++) {
        code = parse_one(options, verb, argc, argv, &i);
    }
    if (code == 0 && !options->help) code = resolve_shards(options);
    if (code == 0 && verb->tensor && !verb->remote && !verb->stack && !options->help) {
        code = cli_options_make_spec(options);
    }
    return code;
}

void cli_options_clear(struct cli_options *options) {
    ti_spec_free(options->spec);
    for (size_t i = 0; i < options->param_count; i++) free(options->params[i].resolved);
    free(options->params);
    free(options->files);
}

void cli_options_set_format(struct cli_options *options, const char *path) {
    const char *dot = path ? strrchr(path, '.') : NULL;
    if (!dot || cli_options_get(options, "format")) return;
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        if (strcmp(dot + 1, ti_format_extension((enum ti_format)i)) != 0) continue;
        const char *name = ti_format_name((enum ti_format)i);
        cli_options_add(options, "format", name);
        /* Cannot fail: it is not set yet. */
        if (options->spec &&
            ti_spec_set(options->spec, "format", name, strlen(name), NULL) != TI_OK) {
            abort();
        }
        break;
    }
}

bool cli_options_text(const struct cli_options *options) {
    const char *name = cli_options_get(options, "format");
    for (int i = 0; name && i < TI_FORMAT_COUNT; i++) {
        if (strcmp(name, ti_format_name((enum ti_format)i)) != 0) continue;
        return ti_format_is_text((enum ti_format)i);
    }
    return false;
}
