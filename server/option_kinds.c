/* SPDX-License-Identifier: MIT */
/* Reads and writes the values of options: see option_kinds.h. */
#include "server/option_kinds.h"

#include <string.h>

#include "server/config.h"
#include "server/http/cors.h"

#define FLAW(...) (snprintf(flaw, flaw_bytes, __VA_ARGS__), false)

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

/* A number of the option's range, times 'scale'. */
static bool read_scaled(const struct tid_option *option, const char *text, int64_t scale,
                        int64_t *value) {
    return parse_decimal(text, scale, value) && *value >= option->min * scale &&
           *value <= option->max * scale;
}

static bool read_number(const struct tid_option *option, const char *text, void *member,
                        char *flaw, size_t flaw_bytes) {
    int64_t value;
    if (!read_scaled(option, text, 1, &value))
        return FLAW("expected an integer from %lld to %lld", (long long)option->min,
                    (long long)option->max);
    *(unsigned *)member = (unsigned)value;
    return true;
}

static void write_number(FILE *file, const struct tid_option *option,
                         const void *member) {
    (void)option;
    fprintf(file, "%u", *(const unsigned *)member);
}

static bool read_seconds(const struct tid_option *option, const char *text, void *member,
                         char *flaw, size_t flaw_bytes) {
    if (!read_scaled(option, text, 1000, member))
        return FLAW("expected a number of seconds from %lld to %lld, at most 3 decimals",
                    (long long)option->min, (long long)option->max);
    return true;
}

static void write_seconds(FILE *file, const struct tid_option *option,
                          const void *member) {
    (void)option;
    const long long ms = *(const int64_t *)member;
    fprintf(file, "%lld", ms / 1000);
    if (ms % 1000 != 0) fprintf(file, ".%03lld", ms % 1000);
}

/* An integer that K, M or G may follow; min and max are in units of 2^20. */
static bool parse_bytes(const struct tid_option *option, const char *text,
                        int64_t *bytes) {
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
    if (!parse_decimal(digits, 1, &number) || number > (option->max << 20) / unit)
        return false;
    *bytes = number * unit;
    return *bytes >= option->min << 20;
}

static bool read_bytes(const struct tid_option *option, const char *text, void *member,
                       char *flaw, size_t flaw_bytes) {
    int64_t bytes;
    if (!parse_bytes(option, text, &bytes))
        return FLAW("expected a number of bytes from %lldM to %lldG; K, M and G are "
                    "2^10, 2^20 and 2^30",
                    (long long)option->min, (long long)option->max >> 10);
    *(size_t *)member = (size_t)bytes;
    return true;
}

static void write_bytes(FILE *file, const struct tid_option *option, const void *member) {
    (void)option;
    fprintf(file, "%zu", *(const size_t *)member);
}

static bool read_count(const struct tid_option *option, const char *text, void *member,
                       char *flaw, size_t flaw_bytes) {
    int64_t count;
    if (!parse_bytes(option, text, &count))
        return FLAW(
            "expected an integer from 0, no limit, to %lldG; K, M and G are 2^10, "
            "2^20 and 2^30",
            (long long)option->max >> 10);
    *(uint64_t *)member = (uint64_t)count;
    return true;
}

static void write_count(FILE *file, const struct tid_option *option, const void *member) {
    (void)option;
    fprintf(file, "%llu", (unsigned long long)*(const uint64_t *)member);
}

/* Texts. 'wrong' is what a check of the value has found, or NULL. */
static bool store_text(const char *text, const char *wrong, char *member,
                       size_t member_bytes, char *flaw, size_t flaw_bytes) {
    if (wrong) return FLAW("%s", wrong);
    if (strlen(text) >= member_bytes)
        return FLAW("expected at most %zu bytes", member_bytes - 1);
    memcpy(member, text, strlen(text) + 1);
    return true;
}

/* The members of all texts are structs that begin with it. */
static void write_text(FILE *file, const struct tid_option *option, const void *member) {
    (void)option;
    fputs(member, file);
}

static bool read_origins(const struct tid_option *option, const char *text, void *member,
                         char *flaw, size_t flaw_bytes) {
    struct tid_origins *origins = member;
    (void)option;
    return store_text(text, tid_cors_flaw(text), origins->text, sizeof origins->text,
                      flaw, flaw_bytes);
}

static bool read_base_path(const struct tid_option *option, const char *text,
                           void *member, char *flaw, size_t flaw_bytes) {
    struct tid_base_path *path = member;
    (void)option;
    return store_text(text, tid_base_path_flaw(text), path->text, sizeof path->text, flaw,
                      flaw_bytes);
}

static bool read_path(const struct tid_option *option, const char *text, void *member,
                      char *flaw, size_t flaw_bytes) {
    struct tid_path *path = member;
    const char *wrong = text[0] == '\0' ? "expected the path of a file" : NULL;
    (void)option;
    if (strlen(text) >= sizeof path->text)
        return FLAW("the path is longer than %zu bytes", sizeof path->text - 1);
    return store_text(text, wrong, path->text, sizeof path->text, flaw, flaw_bytes);
}

/* Adds an item to a list; returns what is wrong with it, or NULL. */
typedef const char *add_function(void *list, const char *text, size_t bytes);

/* Adds the items that commas, and maybe blanks, separate. */
static bool read_list(const char *text, void *list, add_function *add, char *flaw,
                      size_t flaw_bytes) {
    for (;;) {
        text += strspn(text, " ");
        const size_t length = strcspn(text, ",");
        const char *wrong = add(list, text, length);
        if (wrong) return FLAW("%s", wrong);
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

#define TEXT_OF(number) TEXT(number)
#define TEXT(number) #number

static const char *add_network(void *member, const char *text, size_t bytes) {
    struct tid_network_list *list = member;
    if (list->count == TID_NETWORKS_MAX)
        return "at most " TEXT_OF(TID_NETWORKS_MAX) " networks";
    const char *wrong = tid_network_parse(text, bytes, &list->items[list->count]);
    if (!wrong) list->count++;
    return wrong;
}

static bool read_networks(const struct tid_option *option, const char *text, void *member,
                          char *flaw, size_t flaw_bytes) {
    (void)option;
    return read_list(text, member, add_network, flaw, flaw_bytes);
}

static void write_networks(FILE *file, const struct tid_option *option,
                           const void *member) {
    (void)option;
    const struct tid_network_list *list = member;
    char text[TID_NETWORK_BYTES];
    for (unsigned i = 0; i < list->count; i++) {
        tid_network_show(&list->items[i], text);
        fprintf(file, "%s%s", i > 0 ? "," : "", text);
    }
}

static bool read_flag(const struct tid_option *option, const char *text, void *member,
                      char *flaw, size_t flaw_bytes) {
    (void)option;
    if (strcmp(text, "1") != 0 && strcmp(text, "0") != 0) return FLAW("expected 1 or 0");
    *(bool *)member = text[0] == '1';
    return true;
}

static void write_flag(FILE *file, const struct tid_option *option, const void *member) {
    (void)option;
    fputc(*(const bool *)member ? '1' : '0', file);
}

static const char *add_address(void *member, const char *text, size_t bytes) {
    struct tid_address_list *list = member;
    if (list->count == TID_CONFIG_ADDRESSES_MAX)
        return "at most " TEXT_OF(TID_CONFIG_ADDRESSES_MAX) " addresses";
    const char *wrong = tid_address_parse(text, bytes, &list->items[list->count]);
    if (!wrong) list->count++;
    return wrong;
}

static bool read_addresses(const struct tid_option *option, const char *text,
                           void *member, char *flaw, size_t flaw_bytes) {
    (void)option;
    return read_list(text, member, add_address, flaw, flaw_bytes);
}

static void write_addresses(FILE *file, const struct tid_option *option,
                            const void *member) {
    (void)option;
    const struct tid_address_list *list = member;
    char text[TID_ADDRESS_BYTES];
    for (unsigned i = 0; i < list->count; i++) {
        tid_address_write(&list->items[i], text);
        fprintf(file, "%s%s", i > 0 ? "," : "", text);
    }
}

/* The member is the place of the word in the option's value, "1.2|1.3". */
static bool read_choice(const struct tid_option *option, const char *text, void *member,
                        char *flaw, size_t flaw_bytes) {
    const char *words = option->value;
    for (unsigned place = 0;; place++) {
        const size_t length = strcspn(words, "|");
        if (strlen(text) == length && memcmp(words, text, length) == 0) {
            *(unsigned *)member = place;
            return true;
        }
        if (words[length] == '\0') return FLAW("expected %s", option->value);
        words += length + 1;
    }
}

static void write_choice(FILE *file, const struct tid_option *option,
                         const void *member) {
    const char *words = option->value;
    for (unsigned place = *(const unsigned *)member; place > 0; place--)
        words = strchr(words, '|') + 1;
    fprintf(file, "%.*s", (int)strcspn(words, "|"), words);
}

const struct tid_option_kind tid_option_address_list = {read_addresses, write_addresses,
                                                        true, false};
const struct tid_option_kind tid_option_number = {read_number, write_number, false,
                                                  false};
const struct tid_option_kind tid_option_seconds = {read_seconds, write_seconds, false,
                                                   false};
const struct tid_option_kind tid_option_bytes = {read_bytes, write_bytes, false, false};
const struct tid_option_kind tid_option_count = {read_count, write_count, false, false};
const struct tid_option_kind tid_option_origins = {read_origins, write_text, false,
                                                   false};
const struct tid_option_kind tid_option_base_path = {read_base_path, write_text, false,
                                                     false};
const struct tid_option_kind tid_option_networks = {read_networks, write_networks, true,
                                                    false};
const struct tid_option_kind tid_option_flag = {read_flag, write_flag, false, true};
const struct tid_option_kind tid_option_path = {read_path, write_text, false, false};
const struct tid_option_kind tid_option_choice = {read_choice, write_choice, false,
                                                  false};
