/* SPDX-License-Identifier: MIT */
/* server/http/multipart: the body, byte by byte, however it is read. */
#include "server/http/multipart.h"
#include "support/test.h"

/* The representation: byte i is the i-th letter, again and again. */
static bool read_letters(void *state, uint64_t first, size_t count, void *out) {
    char *bytes = out;
    assert_null(state);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) bytes[i] = (char)('a' + (first + i) % 26);
    return true;
}

static bool fails(void *state, uint64_t first, size_t count, void *out) {
    (void)state, (void)first, (void)count, (void)out;
    return false;
}

static const struct tid_ranges ranges = {
    .kind = TID_RANGE_PART, .count = 2, .list = {{500, 3}, {0, 1}}};

/* As RFC 9110 section 14.6 shows it, with the grammar of RFC 2046 section 5.1.1. */
static const char expected[] = "--sep\r\n"
                               "Content-Type: a/b\r\n"
                               "Content-Range: bytes 500-502/10000\r\n"
                               "\r\n"
                               "ghi\r\n"
                               "--sep\r\n"
                               "Content-Type: a/b\r\n"
                               "Content-Range: bytes 0-0/10000\r\n"
                               "\r\n"
                               "a\r\n"
                               "--sep--\r\n";

static void body(void **state) {
    struct tid_multipart multipart;
    char out[sizeof expected];
    const size_t bytes = sizeof expected - 1;
    (void)state;
    assert_int_equal(tid_multipart_init(&multipart, &ranges, 10000, "a/b", "sep"), bytes);
    for (size_t first = 0; first <= bytes; first++) {
        for (size_t count = 0; count <= bytes - first; count++) {
            memset(out, '!', sizeof out);
            assert_true(
                tid_multipart_read(&multipart, first, count, out, read_letters, NULL));
            assert_memory_equal(out, expected + first, count);
            assert_int_equal(out[count], '!');
        }
    }
    assert_false(tid_multipart_read(&multipart, bytes, 1, out, read_letters, NULL));
    assert_false(tid_multipart_read(&multipart, 0, bytes, out, fails, NULL));
    assert_true(tid_multipart_read(&multipart, 0, 7, out, fails, NULL));
}

/* Where each byte of the body comes from, and how far that goes on. */
static void places(void **state) {
    struct tid_multipart multipart;
    const size_t bytes = sizeof expected - 1;
    (void)state;
    tid_multipart_init(&multipart, &ranges, 10000, "a/b", "sep");
    const size_t parts[] = {(size_t)(strstr(expected, "ghi") - expected),
                            (size_t)(strstr(expected, "\na\r") + 1 - expected), bytes};
    for (size_t at = 0, part = 0; at < bytes; at++) {
        const size_t length = part < 2 ? (size_t)ranges.list[part].count_bytes : 0;
        if (part < 2 && at == parts[part] + length) part++;
        const size_t inside = at - parts[part];
        uint64_t first;
        const uint64_t count = tid_multipart_find(&multipart, at, &first);
        if (at < parts[part]) {
            assert_int_equal(count, 0);
            assert_int_equal(first, parts[part] - at);
        } else {
            assert_int_equal(count, ranges.list[part].count_bytes - inside);
            assert_int_equal(first, ranges.list[part].first + inside);
        }
    }
}

/* Notes what is to be prepared, of which one byte is ready; false where none may be. */
struct requested {
    uint64_t first, bytes;
};

static bool note(void *state, uint64_t first, uint64_t bytes, double task_ns,
                 uint64_t *ready_bytes) {
    struct requested *requested = state;
    assert_true(task_ns == 5);
    *requested = (struct requested){first, bytes};
    *ready_bytes = 1;
    return first < 500 || first > 501;
}

/* What is prepared is in one part; delimiters are ready, but no further than is requested. */
static void prepared(void **state) {
    struct tid_multipart multipart;
    const size_t bytes = sizeof expected - 1;
    (void)state;
    tid_multipart_init(&multipart, &ranges, 10000, "a/b", "sep");
    for (size_t at = 0; at < bytes; at++) {
        struct requested requested = {0, 0};
        uint64_t first, ready = 0;
        const uint64_t inside = tid_multipart_find(&multipart, at, &first);
        const bool done =
            tid_multipart_prepare(&multipart, at, 4, 5, &ready, note, &requested);
        assert_int_equal(requested.bytes, inside);
        assert_int_equal(requested.first, inside > 0 ? first : 0);
        assert_int_equal(done, inside == 0 || first < 500 || first > 501);
        assert_int_equal(ready, inside > 0 ? 1 : first < 4 ? first : 4);
    }
}

/* Bodies near 2^63, and one too long to be counted. */
static void large(void **state) {
    struct tid_multipart multipart;
    char text[TID_CONTENT_RANGE_BYTES], out[26];
    struct tid_ranges far = {.kind = TID_RANGE_PART,
                             .count = 2,
                             .list = {{0, INT64_MAX - 9}, {INT64_MAX - 1, 1}}};
    (void)state;
    const uint64_t bytes = tid_multipart_init(&multipart, &far, INT64_MAX, "a/b", "sep");
    assert_true(bytes > INT64_MAX);
    assert_true(tid_multipart_read(&multipart, bytes - 12, 12, out, read_letters, NULL));
    assert_memory_equal(out + 1, "\r\n--sep--\r\n", 11);
    const size_t text_bytes = tid_content_range(far.list[1], INT64_MAX, text);
    assert_int_equal(text_bytes, strlen(text));
    assert_string_equal(
        text, "bytes 9223372036854775806-9223372036854775806/9223372036854775807");
    far.list[0].count_bytes = UINT64_MAX - 9;
    assert_int_equal(tid_multipart_init(&multipart, &far, UINT64_MAX, "a/b", "sep"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body),
        cmocka_unit_test(places),
        cmocka_unit_test(prepared),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
