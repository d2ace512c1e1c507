/* SPDX-License-Identifier: MIT */
/*
 * server/log_line: what a line looks like, and that it stays one, whatever is in it. JSON
 * is read by jansson.
 */
#include <jansson.h>
#include <stdlib.h>

#include "server/log_line.h"
#include "support/test.h"

/* 2026-11-27T01:02:03.045Z */
static const struct timespec moment = {1795741323, 45999999};

static const struct {
    const char *value;
    const char *logfmt, *json;
} rows[] = {
    {"plain", "plain", "\"plain\""},
    {"", "\"\"", "\"\""},
    {"/a?b", "/a?b", "\"/a?b\""},
    {"/a?b=c", "\"/a?b=c\"", "\"/a?b=c\""},
    {"two words", "\"two words\"", "\"two words\""},
    {"a\"b", "\"a\\\"b\"", "\"a\\\"b\""},
    {"a\\b", "\"a\\\\x5cb\"", "\"a\\\\b\""},
    {"a\nb\x1b[2J", "\"a\\\\x0ab\\\\x1b[2J\"", "\"a\\u000ab\\u001b[2J\""},
    {"\x7f", "\"\\\\x7f\"", "\"\\u007f\""},
    {"\xc3\xbc", "\"\\\\xc3\\\\xbc\"", "\"\\u00fc\""},
    {"\xe2\x80\xae", "\"\\\\xe2\\\\x80\\\\xae\"", "\"\\u202e\""},
    {"\xf0\x9f\x98\x80", "\"\\\\xf0\\\\x9f\\\\x98\\\\x80\"", "\"\\ud83d\\ude00\""},
    /* Not UTF-8: alone, cut, overlong, a surrogate, beyond U+10FFFF, 5 bytes. */
    {"\x80", "\"\\\\x80\"", "\"\\ufffd\""},
    {"\xc3", "\"\\\\xc3\"", "\"\\ufffd\""},
    {"\xc3(", "\"\\\\xc3(\"", "\"\\ufffd(\""},
    {"\xc0\xaf", "\"\\\\xc0\\\\xaf\"", "\"\\ufffd\\ufffd\""},
    {"\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"", "\"\\ufffd\\ufffd\\ufffd\""},
    {"\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"",
     "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    {"\xf8\x88\x80\x80\x80", "\"\\\\xf8\\\\x88\\\\x80\\\\x80\\\\x80\"",
     "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\""},
};

/* The line is text from a struct that the caller has; it ends with a line feed. */
static const char *finish(struct tid_log_line *line) {
    tid_log_line_end(line);
    assert_int_equal(line->text[line->bytes - 1], '\n');
    line->text[line->bytes - 1] = '\0';
    return line->text;
}

static void escapes(void **state) {
    char expected[512];
    struct tid_log_line line;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tid_log_line_begin(&line, TID_LOG_LOGFMT, TID_LOG_WARNING, moment, "m");
        tid_log_line_text(&line, "v", rows[i].value, strlen(rows[i].value));
        snprintf(expected, sizeof expected,
                 "time=2026-11-27T01:02:03.045Z level=warning msg=m v=%s",
                 rows[i].logfmt);
        assert_string_equal(finish(&line), expected);

        tid_log_line_begin(&line, TID_LOG_JSON, TID_LOG_DEBUG, moment, "m");
        tid_log_line_text(&line, "v", rows[i].value, strlen(rows[i].value));
        snprintf(expected, sizeof expected,
                 "{\"time\":\"2026-11-27T01:02:03.045Z\",\"level\":\"debug\","
                 "\"msg\":\"m\",\"v\":%s}",
                 rows[i].json);
        assert_string_equal(finish(&line), expected);
    }
}

static void numbers(void **state) {
    struct tid_log_line line;
    (void)state;
    tid_log_line_begin(&line, TID_LOG_LOGFMT, TID_LOG_INFO, moment, "a b");
    tid_log_line_number(&line, "n", UINT64_MAX);
    tid_log_line_ms(&line, "ms", 1234567);
    tid_log_line_ms(&line, "none", -5);
    assert_non_null(
        strstr(finish(&line), " msg=\"a b\" n=18446744073709551615 ms=1.234 none=0.000"));
    tid_log_line_begin(&line, TID_LOG_JSON, TID_LOG_INFO, moment, "m");
    tid_log_line_number(&line, "zero", 0);
    tid_log_line_number(&line, "ten", 10);
    tid_log_line_ms(&line, "ms", 60050999999);
    tid_log_line_ms(&line, "longest", INT64_MAX);
    assert_non_null(strstr(finish(&line), ",\"zero\":0,\"ten\":10,\"ms\":60050.999,"
                                          "\"longest\":9223372036854.775}"));
    tid_log_line_begin(&line, TID_LOG_PLAIN, TID_LOG_INFO, moment, "a b\n");
    tid_log_line_number(&line, "n", 1);
    assert_string_equal(finish(&line), "tensorinitd: a b\\x0a n=1");
}

/* Seconds that come again, later ones and earlier ones; as 'date -u -d @SECONDS' has them. */
static void times(void **state) {
    static const struct {
        struct timespec at;
        const char *text;
    } rows_of_times[] = {
        {{0, 0}, "time=1970-01-01T00:00:00.000Z level"},
        {{0, 999999999}, "time=1970-01-01T00:00:00.999Z level"},
        {{951868799, 1000000}, "time=2000-02-29T23:59:59.001Z level"},
        {{951868800, 0}, "time=2000-03-01T00:00:00.000Z level"},
        {{951868799, 10000000}, "time=2000-02-29T23:59:59.010Z level"},
        {{4102444800, 500000000}, "time=2100-01-01T00:00:00.500Z level"},
        {{INT64_MAX, 0}, "level"}, /* no date */
        {{4102444800, 0}, "time=2100-01-01T00:00:00.000Z level"},
    };
    struct tid_log_line line;
    (void)state;
    for (size_t i = 0; i < sizeof rows_of_times / sizeof *rows_of_times; i++) {
        const char *text = rows_of_times[i].text;
        tid_log_line_begin(&line, TID_LOG_LOGFMT, TID_LOG_INFO, rows_of_times[i].at, "m");
        assert_memory_equal(finish(&line), text, strlen(text));
    }
}

static void random_bytes(char *out, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) out[i] = (char)(rand() & 0xff);
}

/* Any bytes and as many values as may be: printable, at most so long, and valid JSON. */
static void any_bytes(void **state) {
    static char value[10000];
    static struct tid_log_line line;
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        const enum tid_log_format format = round % 2 ? TID_LOG_JSON : TID_LOG_LOGFMT;
        tid_log_line_begin(&line, format, TID_LOG_INFO, moment, "m");
        for (int i = rand() % 12; i >= 0; i--) {
            const size_t bytes = (size_t)rand() % (i % 3 == 0 ? sizeof value : 100);
            random_bytes(value, bytes);
            tid_log_line_text(&line, "value", value, bytes);
            tid_log_line_number(&line, "n", (uint64_t)bytes);
        }
        const char *text = finish(&line);
        assert_true(line.bytes <= sizeof line.text);
        for (const char *c = text; *c != '\0'; c++) assert_in_range(*c, ' ', '~');
        assert_int_equal(strlen(text), line.bytes - 1);
        if (format != TID_LOG_JSON) continue;
        json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);
        assert_true(json_is_object(object));
        json_decref(object);
    }
}

/* A long value is cut; those behind it are still there. */
static void long_value(void **state) {
    static char value[6000];
    struct tid_log_line line;
    (void)state;
    memset(value, '\x01', sizeof value);
    tid_log_line_begin(&line, TID_LOG_JSON, TID_LOG_INFO, moment, "m");
    tid_log_line_text(&line, "long", value, sizeof value);
    tid_log_line_number(&line, "status", 200);
    const char *text = finish(&line);
    assert_non_null(strstr(text, "\\u0001...\",\"status\":200}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes),    cmocka_unit_test(numbers),
        cmocka_unit_test(times),      cmocka_unit_test(any_bytes),
        cmocka_unit_test(long_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
