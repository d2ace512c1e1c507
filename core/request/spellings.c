/* SPDX-License-Identifier: MIT */
/* Rewriting of values, one function for each kind: see spellings.h. */
#include "core/request/spellings.h"

#include <math.h>
#include <string.h>

#include "core/request/kinds.h"
#include "core/request/near_match.h"
#include "core/request/params.h"
#include "core/request/text.h"
#include "core/request/words.h"

/* Two texts that stand around a value; both NULL at the end of a table. */
struct wrapper {
    const char *before, *after;
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

void ti_spelling_trim(const char **text, size_t *n) {
    while (*n > 0 && is_blank(**text)) (*text)++, (*n)--;
    while (*n > 0 && is_blank((*text)[*n - 1])) (*n)--;
}

bool ti_spelling_same(const char *text, size_t n, const char *word, size_t word_bytes) {
    if (n != word_bytes) return false;
    for (size_t i = 0; i < n; i++) {
        if (lower(text[i]) != lower(word[i])) return false;
    }
    return true;
}

static bool same(const char *text, size_t n, const char *word) {
    return ti_spelling_same(text, n, word, strlen(word));
}

/* Removes the first row's texts that stand around the value; false if none do. */
static bool unwrap(const struct wrapper *row, const char **text, size_t *n) {
    for (; row->before; row++) {
        const size_t before = strlen(row->before), after = strlen(row->after);
        if (*n < before + after || memcmp(*text, row->before, before) != 0 ||
            memcmp(*text + *n - after, row->after, after) != 0) {
            continue;
        }
        *text += before;
        *n -= before + after;
        return true;
    }
    return false;
}

static bool starts_with(const char *text, size_t n, const char *prefix) {
    const size_t length = strlen(prefix);
    return n > length && memcmp(text, prefix, length) == 0;
}

/* Lists ------------------------------------------------------------------------------ */

/* The bytes of a sign that separates dims: a comma, x or the multiplication sign. */
static size_t separator_bytes(const char *text, size_t n) {
    if (n > 0 && (*text == ',' || lower(*text) == 'x')) return 1;
    return n > 1 && memcmp(text, "\xc3\x97", 2) == 0 ? 2 : 0;
}

/*
 * Digits, a separator that is always the same, digits, ...; 0 for anything else, and for
 * 0x10, which may be hexadecimal.
 */
static size_t join_dims(const char *text, size_t n, bool wrapped, char *out) {
    const char *const end = text + n;
    char separator = '\0';
    size_t used = 0;
    for (;;) {
        while (text < end && is_blank(*text)) text++;
        if (text == end) return wrapped && separator == ',' ? used - 1 : 0;
        if (!is_digit(*text)) return 0;
        while (text < end && is_digit(*text)) out[used++] = *text++;
        while (text < end && is_blank(*text)) text++;
        if (text == end) return used;
        const size_t bytes = separator_bytes(text, (size_t)(end - text));
        if (bytes == 0 || (separator && lower(*text) != separator)) return 0;
        separator = lower(*text);
        if (separator == 'x' && out[used - 1] == '0' && used == 1) return 0;
        text += bytes;
        out[used++] = ',';
    }
}

static size_t rewrite_shape(const char *text, size_t n, char *out) {
    static const struct wrapper wrappers[] = {
#define TI_SHAPE_WRAPPER(before, after) {before, after},
#include "core/request/spellings.def"
        {NULL, NULL}};
    const bool wrapped = unwrap(wrappers, &text, &n);
    ti_spelling_trim(&text, &n);
    if (wrapped ? n == 0 : same(text, n, "scalar")) return ti_text_put("scalar", out);
    return join_dims(text, n, wrapped, out);
}

static bool unwrap_list(const char **text, size_t *n) {
    static const struct wrapper wrappers[] = {
        {"(", ")"}, {"[", "]"}, {"np.s_[", "]"}, {NULL, NULL}};
    const bool wrapped = unwrap(wrappers, text, n);
    ti_spelling_trim(text, n);
    return wrapped;
}

/* Removes blanks around the signs of lists, and a comma before the closing bracket. */
static size_t rewrite_list(const char *text, size_t n, char *out) {
    static const char signs[] = ",:/";
    const bool wrapped = unwrap_list(&text, &n);
    size_t used = 0;
    if (wrapped && n > 1 && text[n - 1] == ',') n--;
    for (size_t i = 0; i < n; i++) {
        if (!is_blank(text[i])) {
            out[used++] = text[i];
            continue;
        }
        size_t next = i;
        while (next < n && is_blank(text[next])) next++;
        const bool before = used == 0 || memchr(signs, out[used - 1], sizeof signs - 1);
        const bool after = next == n || memchr(signs, text[next], sizeof signs - 1);
        if (!before && !after) return 0; /* "1 2" is not 12 */
        i = next - 1;
    }
    return used;
}

static size_t rewrite_axes(const char *text, size_t n, char *out) {
    const char *inner = text;
    size_t inner_bytes = n;
    if (unwrap_list(&inner, &inner_bytes) && inner_bytes == 0) {
        return ti_text_put("none", out);
    }
    return rewrite_list(text, n, out);
}

bool ti_spelling_is_list(enum ti_param param) {
    ti_value_reader *const read = ti_param_kind(param)->read;
    return read == ti_read_shape || read == ti_read_permute || read == ti_read_slice ||
           read == ti_read_shard || read == ti_read_axes || read == ti_read_truncation;
}

/* Numbers and flags ------------------------------------------------------------------ */

static size_t rewrite_infinity(const char *text, size_t n, char *out) {
    static const struct {
        const char *word;
        bool negative;
    } rows[] = {
#define TI_INFINITY(word) {word, false},
#define TI_NEGATIVE_INFINITY(word) {word, true},
#include "core/request/spellings.def"
    };
    const size_t sign = n > 0 && (*text == '-' || *text == '+');
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!same(text + sign, n - sign, rows[i].word)) continue;
        if (sign && rows[i].negative) return 0;
        return ti_text_put(rows[i].negative || *text == '-' ? "-inf" : "inf", out);
    }
    return 0;
}

/* A '+' in a query is a blank: 1e+5 arrives as "1e 5". */
static size_t rewrite_number(const char *text, size_t n, char *out) {
    for (size_t i = 0; i + 2 < n; i++) {
        if (lower(text[i]) != 'e' || text[i + 1] != ' ' || !is_digit(text[i + 2])) {
            continue;
        }
        memcpy(out, text, n);
        out[i + 1] = '+';
        return ti_text_is_number(out, n) ? n : 0;
    }
    return rewrite_infinity(text, n, out);
}

static size_t rewrite_truncation(const char *text, size_t n, char *out) {
    char list[TI_SPELLING_GROWTH + 256];
    size_t used = 0;
    if (n > 256) return 0;
    if (same(text, n, "none")) return ti_text_put("none", out);
    n = rewrite_list(text, n, list);
    struct ti_text_list items = {n > 0 ? list : NULL, list + n};
    while (ti_text_next(&items, ',', &text, &n)) {
        char item[TI_SPELLING_GROWTH];
        const size_t bytes = n <= 16 ? rewrite_infinity(text, n, item) : 0;
        memcpy(out + used, bytes > 0 ? item : text, bytes > 0 ? bytes : n);
        used += bytes > 0 ? bytes : n;
        if (items.at) out[used++] = ',';
    }
    return used;
}

/* Integers below this have the same canonical text as the number. */
#define INTEGER_MAX 1e15

/* 6.0 and 6e0 are 6, which integer dtypes take. */
static size_t rewrite_constant(const char *text, size_t n,
                               const struct ti_spelling_context *context, char *out) {
    double value;
    uint64_t integer;
    if (context->is_bool && same(text, n, "true")) return ti_text_put("1", out);
    if (context->is_bool && same(text, n, "false")) return ti_text_put("0", out);
    if (ti_text_u64(text, n, &integer) || !ti_text_number(text, n, &value)) {
        return rewrite_number(text, n, out);
    }
    if (value != floor(value) || fabs(value) >= INTEGER_MAX) return 0;
    if (value == 0 && signbit(value)) return 0;
    char digits[24];
    size_t used = ti_text_put(value < 0 ? "-" : "", digits);
    used += ti_text_put_u64((uint64_t)fabs(value), digits + used);
    if (used > n + TI_SPELLING_GROWTH) return 0; /* 1e14 */
    memcpy(out, digits, used);
    return used;
}

static size_t rewrite_flag(const char *text, size_t n, char *out) {
    if (same(text, n, "true")) return ti_text_put("true", out);
    if (same(text, n, "false")) return ti_text_put("false", out);
    return 0;
}

/* Words ------------------------------------------------------------------------------ */

static const struct {
    enum ti_dtype dtype;
    const char *words;
} dtype_rows[] = {
#define TI_DTYPE_SPELLING(dtype, words) {TI_DTYPE_##dtype, words},
#include "core/request/spellings.def"
};

static const char *dtype_of(const char *text, size_t n) {
    for (int i = 0; i < TI_DTYPE_COUNT; i++) {
        const char *name = ti_dtype_name((enum ti_dtype)i);
        if (same(text, n, name)) return name;
    }
    for (size_t i = 0; i < sizeof dtype_rows / sizeof *dtype_rows; i++) {
        const char *list = dtype_rows[i].words, *word;
        size_t length;
        while (ti_words_next(&list, &word, &length)) {
            if (ti_spelling_same(text, n, word, length)) {
                return ti_dtype_name(dtype_rows[i].dtype);
            }
        }
    }
    return NULL;
}

unsigned ti_spelling_dtype_distance(const char *typed, size_t typed_bytes,
                                    const char *dtype, size_t dtype_bytes) {
    unsigned nearest = TI_NEAR_NONE;
    for (size_t i = 0; i < sizeof dtype_rows / sizeof *dtype_rows; i++) {
        const char *list = dtype_rows[i].words, *word;
        size_t n;
        if (!ti_text_is(dtype, dtype_bytes, ti_dtype_name(dtype_rows[i].dtype))) continue;
        while (ti_words_next(&list, &word, &n)) {
            const unsigned distance = ti_near_distance(typed, typed_bytes, word, n);
            if (distance < nearest) nearest = distance;
        }
    }
    return nearest;
}

static size_t rewrite_dtype(const char *text, size_t n, char *out) {
    static const struct wrapper wrappers[] = {
#define TI_DTYPE_WRAPPER(before, after) {before, after},
#include "core/request/spellings.def"
        {NULL, NULL}};
    static const char *const modules[] = {
#define TI_DTYPE_MODULE(module) module,
#include "core/request/spellings.def"
    };
    (void)unwrap(wrappers, &text, &n);
    const char *found = dtype_of(text, n);
    for (size_t i = 0; !found && i < sizeof modules / sizeof *modules; i++) {
        const size_t length = strlen(modules[i]);
        if (!starts_with(text, n, modules[i])) continue;
        if (!memchr(text + length, '.', n - length)) {
            found = dtype_of(text + length, n - length);
        }
    }
    return found ? ti_text_put(found, out) : 0;
}

static size_t rewrite_scheme(const char *text, size_t n, char *out) {
    static const struct {
        const char *module, *framework;
    } rows[] = {
#define TI_SCHEME_MODULE(module, framework) {module, framework},
#include "core/request/spellings.def"
    };
    size_t used = 0;
    if (n > 2 && memcmp(text + n - 2, "()", 2) == 0) n -= 2;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!starts_with(text, n, rows[i].module)) continue;
        used = ti_text_put(rows[i].framework, out);
        text += strlen(rows[i].module);
        n -= strlen(rows[i].module);
        break;
    }
    memcpy(out + used, text, n);
    return used + n;
}

/* Letters and digits in lower case; 0 if there are other signs than _, - and blanks. */
static size_t fold(const char *text, size_t n, char *out, size_t capacity) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const char c = lower(text[i]);
        if (c == '_' || c == '-' || is_blank(c)) continue;
        if (used == capacity || !(is_digit(c) || (c >= 'a' && c <= 'z'))) return 0;
        out[used++] = c;
    }
    return used;
}

/* FAN_IN, fanIn and fan-in as the framework, or else the table of parameters, has it. */
static size_t rewrite_choice(enum ti_param param, const char *text, size_t n,
                             const struct ti_alias *alias, char *out) {
    char words[256], typed[32], letters[32];
    const char *list = words, *word;
    const size_t typed_bytes = fold(text, n, typed, sizeof typed);
    size_t length;
    ti_alias_list_words(alias, param, words, sizeof words);
    while (typed_bytes > 0 && ti_words_next(&list, &word, &length)) {
        const size_t bytes = fold(word, length, letters, sizeof letters);
        if (bytes != typed_bytes || memcmp(typed, letters, bytes) != 0) continue;
        if (length > n + TI_SPELLING_GROWTH) return 0;
        memcpy(out, word, length);
        return length;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------ */

static size_t rewrite(enum ti_param param, const char *text, size_t n,
                      const struct ti_spelling_context *context, char *out) {
    ti_value_reader *const read = ti_param_kind(param)->read;
    if (param == TI_PARAM_dtype) return rewrite_dtype(text, n, out);
    if (read == ti_read_scheme) return rewrite_scheme(text, n, out);
    if (read == ti_read_shape) return rewrite_shape(text, n, out);
    if (read == ti_read_axes) return rewrite_axes(text, n, out);
    if (read == ti_read_truncation) return rewrite_truncation(text, n, out);
    if (read == ti_read_flag) return rewrite_flag(text, n, out);
    if (read == ti_read_number || read == ti_read_bound) {
        return rewrite_number(text, n, out);
    }
    if (read == ti_read_choice && param != TI_PARAM_spec) {
        return rewrite_choice(param, text, n, context->alias, out);
    }
    if (read == ti_read_constant) return rewrite_constant(text, n, context, out);
    return ti_spelling_is_list(param) ? rewrite_list(text, n, out) : 0;
}

size_t ti_spelling_rewrite(enum ti_param param, const char *value, size_t value_bytes,
                           const struct ti_spelling_context *context, char *out) {
    static const struct wrapper quotes[] = {{"'", "'"}, {"\"", "\""}, {NULL, NULL}};
    const char *text = value;
    size_t n = value_bytes, used;
    if (param != TI_PARAM_name) {
        ti_spelling_trim(&text, &n);
        (void)unwrap(quotes, &text, &n);
        used = rewrite(param, text, n, context, out);
        if (used > 0) return used;
    }
    memcpy(out, text, n);
    return n;
}

size_t ti_spelling_plain(const char *param, const char *value, size_t value_bytes,
                         char *plain) {
    static const struct ti_spelling_context none = {NULL, false};
    enum ti_param which;
    if (value_bytes == 0) return 0;
    if (!ti_param_find(param, strlen(param), &which) || ti_alias_has_words(which)) {
        memcpy(plain, value, value_bytes);
        return value_bytes;
    }
    return ti_spelling_rewrite(which, value, value_bytes, &none, plain);
}
