/* SPDX-License-Identifier: MIT */
/* See log_line.h. */
#include "server/log_line.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/http/digits.h"

static const char *const level_names[] = {
#define TID_LOG_LEVEL(id, name) name,
    TID_LOG_LEVELS(TID_LOG_LEVEL)
#undef TID_LOG_LEVEL
};

/* The end of a line, or of a value that is cut, always fits. */
#define END_BYTES 8

static void add(struct tid_log_line *line, const char *text, size_t bytes) {
    if (bytes > sizeof line->text - END_BYTES - line->bytes) return;
    memcpy(line->text + line->bytes, text, bytes);
    line->bytes += bytes;
}

static void add_string(struct tid_log_line *line, const char *text) {
    add(line, text, strlen(text));
}

/* Room for a name, and for the beginning of a value that is cut. */
#define VALUE_BYTES_MIN 128

/* The separator, the name, and what follows it; false if the line has no space left. */
static bool add_name(struct tid_log_line *line, const char *name) {
    const bool json = line->format == TID_LOG_JSON;
    if (sizeof line->text - line->bytes < VALUE_BYTES_MIN) return false;
    if (json) add_string(line, line->bytes > 1 ? ",\"" : "\"");
    if (!json && line->bytes > 0) add_string(line, " ");
    add_string(line, name);
    add_string(line, json ? "\":" : "=");
    return true;
}

static bool is_printable(unsigned char c) { return c >= ' ' && c < 0x7f; }

/* How a byte is written outside JSON; returns the length. */
static size_t escape_byte(unsigned char c, bool quoted, char out[8]) {
    const char *backslash = quoted ? "\\\\" : "\\";
    if (c == '"' && quoted) return (size_t)snprintf(out, 8, "\\\"");
    if (!is_printable(c) || c == '\\')
        return (size_t)snprintf(out, 8, "%sx%02x", backslash, c);
    out[0] = (char)c;
    return 1;
}

/*
 * The character at 'text' and its length (RFC 3629 section 4: no surrogates, nothing that
 * has a shorter form); U+FFFD and 1 if the bytes are not UTF-8.
 */
static uint32_t decode(const unsigned char *text, size_t bytes, size_t *length) {
    static const struct {
        unsigned char mask, lead;
        uint32_t min;
    } forms[] = {
        {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    *length = 1;
    for (size_t more = 0; more < 4 && more < bytes; more++) {
        if ((text[0] & forms[more].mask) != forms[more].lead) continue;
        uint32_t character = text[0] & ~(uint32_t)forms[more].mask & 0xff;
        for (size_t i = 1; i <= more; i++) {
            if ((text[i] & 0xc0) != 0x80) return 0xfffd;
            character = character << 6 | (text[i] & 0x3f);
        }
        const bool surrogate = character >= 0xd800 && character < 0xe000;
        if (character < forms[more].min || surrogate || character > 0x10ffff)
            return 0xfffd;
        *length = more + 1;
        return character;
    }
    return 0xfffd;
}

/* How a character is written in JSON (RFC 8259 section 7); returns the length. */
static size_t escape_character(uint32_t c, char out[16]) {
    if (c == '"' || c == '\\') return (size_t)snprintf(out, 16, "\\%c", (int)c);
    if (c < 0x80 && is_printable((unsigned char)c)) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x10000) return (size_t)snprintf(out, 16, "\\u%04" PRIx32, c);
    c -= 0x10000;
    return (size_t)snprintf(out, 16, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 | c >> 10,
                            0xdc00 | (c & 0x3ff));
}

/* How many bytes come first that no format escapes. */
static size_t count_plain(const unsigned char *text, size_t bytes) {
    size_t count = 0;
    while (count < bytes && is_printable(text[count]) && text[count] != '"' &&
           text[count] != '\\')
        count++;
    return count;
}

/* The text with escapes, or the beginning of it and "...". */
static void add_escaped(struct tid_log_line *line, const char *text, size_t bytes,
                        bool quoted) {
    size_t limit = line->bytes + TID_LOG_VALUE_BYTES, length;
    char out[16];
    if (limit > sizeof line->text - 64) limit = sizeof line->text - 64;
    for (size_t i = 0; i < bytes; i += length) {
        const unsigned char *at = (const unsigned char *)text + i;
        const size_t space = line->bytes < limit ? limit - line->bytes : 0;
        length = count_plain(at, bytes - i < space ? bytes - i : space);
        if (length > 0) {
            add(line, (const char *)at, length);
            continue;
        }
        length = 1;
        const size_t count = line->format == TID_LOG_JSON
                                 ? escape_character(decode(at, bytes - i, &length), out)
                                 : escape_byte(*at, quoted, out);
        if (count > space) {
            add_string(line, "...");
            return;
        }
        add(line, out, count);
    }
}

/* Whether a value in logfmt may stand without quotes. */
static bool is_bare(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (!is_printable(c) || c == ' ' || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return bytes > 0;
}

void tid_log_line_text(struct tid_log_line *line, const char *name, const char *value,
                       size_t value_bytes) {
    const bool quoted = line->format == TID_LOG_JSON || !is_bare(value, value_bytes);
    if (!add_name(line, name)) return;
    if (quoted) add_string(line, "\"");
    add_escaped(line, value, value_bytes, quoted);
    if (quoted) add_string(line, "\"");
}

void tid_log_line_string(struct tid_log_line *line, const char *name, const char *value) {
    tid_log_line_text(line, name, value, strlen(value));
}

static void add_number(struct tid_log_line *line, uint64_t value) {
    char text[TID_DIGITS_BYTES];
    add(line, text, tid_digits_u64(value, text));
}

/* A point and three digits; of less than 1000. */
static void add_thousandths(struct tid_log_line *line, uint64_t value) {
    char text[TID_DIGITS_BYTES];
    tid_digits_u64(1000 + value, text); /* has the zeros, and a digit for the point */
    text[0] = '.';
    add(line, text, 4);
}

void tid_log_line_number(struct tid_log_line *line, const char *name, uint64_t value) {
    if (add_name(line, name)) add_number(line, value);
}

void tid_log_line_ms(struct tid_log_line *line, const char *name, int64_t ns) {
    const uint64_t us = ns < 0 ? 0 : (uint64_t)ns / 1000;
    if (!add_name(line, name)) return;
    add_number(line, us / 1000);
    add_thousandths(line, us % 1000);
}

/* The date and time of a second in UTC; NULL if it has none. Valid until the next call. */
static const char *show_second(time_t second) {
    static _Thread_local struct {
        time_t second;
        char text[40];
    } last;
    struct tm utc;
    if (last.text[0] != '\0' && last.second == second) return last.text;
    if (!gmtime_r(&second, &utc)) return NULL;
    last.second = second;
    strftime(last.text, sizeof last.text, "%Y-%m-%dT%H:%M:%S", &utc);
    return last.text;
}

/* RFC 3339 with milliseconds, in UTC. */
static void add_time(struct tid_log_line *line, struct timespec now) {
    const char *quote = line->format == TID_LOG_JSON ? "\"" : "";
    const char *second = show_second(now.tv_sec);
    if (!second || !add_name(line, "time")) return;
    add_string(line, quote);
    add_string(line, second);
    add_thousandths(line, (uint64_t)now.tv_nsec / 1000000);
    add_string(line, "Z");
    add_string(line, quote);
}

void tid_log_line_begin(struct tid_log_line *line, enum tid_log_format format,
                        enum tid_log_level level, struct timespec now,
                        const char *message) {
    line->format = format;
    line->bytes = 0;
    if (format == TID_LOG_PLAIN) {
        add_string(line, "tensorinitd: ");
        add_escaped(line, message, strlen(message), false);
        return;
    }
    if (format == TID_LOG_JSON) add_string(line, "{");
    add_time(line, now);
    tid_log_line_string(line, "level", level_names[level]);
    tid_log_line_string(line, "msg", message);
}

void tid_log_line_end(struct tid_log_line *line) {
    if (line->format == TID_LOG_JSON) line->text[line->bytes++] = '}';
    line->text[line->bytes++] = '\n';
}
