/* SPDX-License-Identifier: MIT */
/* Numbers, lists and pairs in requests: see text.h. */
#include "core/request/text.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/float_state.h"

bool ti_text_is(const char *text, size_t n, const char *word) {
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

int ti_text_hex(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool ti_text_u64(const char *text, size_t n, uint64_t *value) {
    uint64_t sum = 0;
    if (n == 0) return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text[i])) return false;
        unsigned digit = (unsigned)(text[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool ti_text_i64(const char *text, size_t n, int64_t *value) {
    const bool negative = n > 0 && text[0] == '-';
    const size_t sign = n > 0 && (text[0] == '-' || text[0] == '+');
    uint64_t size;
    if (!ti_text_u64(text + sign, n - sign, &size)) return false;
    if (size > (uint64_t)INT64_MAX + negative) return false;
    *value = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

struct ti_text_list ti_text_list(const char *text) {
    const struct ti_text_list list = {*text ? text : NULL, text + strlen(text)};
    return list;
}

bool ti_text_next(struct ti_text_list *list, char separator, const char **field,
                  size_t *n) {
    if (!list->at) return false;
    const char *found = memchr(list->at, separator, (size_t)(list->end - list->at));
    *field = list->at;
    *n = (size_t)((found ? found : list->end) - list->at);
    list->at = found ? found + 1 : NULL;
    return true;
}

struct ti_text_pair ti_text_split(const char *field, size_t n) {
    const char *equals = memchr(field, '=', n);
    struct ti_text_pair pair = {field, n, NULL, 0};
    if (!equals) return pair;
    pair.name_bytes = (size_t)(equals - field);
    pair.value = equals + 1;
    pair.value_bytes = n - pair.name_bytes - 1;
    return pair;
}

bool ti_text_next_pair(struct ti_text_list *list, struct ti_text_pair *pair) {
    const char *field;
    size_t n;
    if (!ti_text_next(list, '&', &field, &n)) return false;
    *pair = ti_text_split(field, n);
    return true;
}

bool ti_text_seed(const char *text, size_t n, uint64_t *value) {
    if (n > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        uint64_t sum = 0;
        if (n > 18) return false;
        for (size_t i = 2; i < n; i++) {
            int digit = ti_text_hex(text[i]);
            if (digit < 0) return false;
            sum = sum << 4 | (unsigned)digit;
        }
        *value = sum;
        return true;
    }
    if (n > 1 && text[0] == '-') {
        uint64_t size;
        if (!ti_text_u64(text + 1, n - 1, &size) || size > (uint64_t)1 << 63)
            return false;
        *value = 0 - size;
        return true;
    }
    return ti_text_u64(text, n, value);
}

static size_t skip_digits(const char *text, size_t n, size_t at) {
    while (at < n && is_digit(text[at])) at++;
    return at;
}

/* [sign] digits [. digits] [e [sign] digits], with a digit on one side of the point. */
bool ti_text_is_number(const char *text, size_t n) {
    size_t at = 0, from, digits;
    if (at < n && (text[at] == '-' || text[at] == '+')) at++;
    from = at;
    at = skip_digits(text, n, at);
    digits = at - from;
    if (at < n && text[at] == '.') {
        from = ++at;
        at = skip_digits(text, n, at);
        digits += at - from;
    }
    if (digits == 0) return false;
    if (at < n && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < n && (text[at] == '-' || text[at] == '+')) at++;
        from = at;
        at = skip_digits(text, n, at);
        if (at == from) return false;
    }
    return at == n;
}

bool ti_text_number(const char *text, size_t n, double *value) {
    char copy[TI_TEXT_NUMBER_MAX + 1];
    if (n > TI_TEXT_NUMBER_MAX || !ti_text_is_number(text, n)) return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    /* strtod() rounds correctly, but uses the caller's locale and rounding mode. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) return false;
    locale_t old = uselocale(plain);
    const struct ti_float_state state = ti_float_enter();
    double read = strtod(copy, NULL);
    ti_float_leave(state);
    uselocale(old);
    freelocale(plain);
    if (!isfinite(read)) return false;
    *value = read;
    return true;
}

/* Length of the well-formed sequence at 'text', or 0: RFC 3629, section 4. */
static size_t utf8_sequence(const unsigned char *text, size_t n) {
    unsigned char lead = text[0], low = 0x80, high = 0xbf;
    size_t length;
    if (lead >= 0x01 && lead <= 0x7f) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0) low = 0xa0;  /* else overlong */
        if (lead == 0xed) high = 0x9f; /* else a surrogate */
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0) low = 0x90;  /* else overlong */
        if (lead == 0xf4) high = 0x8f; /* else above U+10FFFF */
    } else {
        return 0;
    }
    if (length > n) return 0;
    for (size_t i = 1; i < length; i++) {
        if (text[i] < low || text[i] > high) return 0;
        low = 0x80;
        high = 0xbf;
    }
    return length;
}

bool ti_text_is_utf8(const char *text, size_t n) {
    for (size_t at = 0, step; at < n; at += step) {
        step = utf8_sequence((const unsigned char *)text + at, n - at);
        if (step == 0) return false;
    }
    return true;
}

size_t ti_text_put(const char *word, char *out) {
    const size_t n = strlen(word);
    memcpy(out, word, n);
    return n;
}

size_t ti_text_put_u64(uint64_t value, char *out) {
    char digits[20];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < n; i++) out[i] = digits[n - 1 - i];
    return n;
}

size_t ti_text_put_list(const uint64_t *values, unsigned count, char *out) {
    size_t used = 0;
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) out[used++] = ',';
        used += ti_text_put_u64(values[i], out + used);
    }
    return used;
}

void ti_text_show(const char *text, size_t n, char *out, size_t capacity) {
    const size_t shown = n < capacity ? n : capacity - 1;
    for (size_t i = 0; i < shown; i++) out[i] = text[i] ? text[i] : '?';
    out[shown] = '\0';
}
