/* SPDX-License-Identifier: MIT */
/* server/http/repr_digest: what RFC 9530 and RFC 8941 say of both fields. */
#include "server/http/repr_digest.h"
#include "support/test.h"

static void wanted(void **state) {
    static const struct {
        const char *value;
        bool wants;
    } rows[] = {
        {NULL, false},
        {"", false},
        /* Examples of RFC 9530 section 4 and appendix C. */
        {"sha-256=1", true},
        {"sha-512=3, sha-256=10, unixsum=0", true},
        {"sha-256=9,sha-512=3", true},
        {"sha-512=8", false},
        /* 0 is not acceptable; values are integers up to 10. */
        {"sha-256=0", false},
        {"sha-256=11", false},
        {"sha-256=100", false},
        {"sha-256=-1", false},
        {"sha-256=1.0", false},
        {"sha-256", false},
        {"sha-256=", false},
        {"sha-256=?1", false},
        {"sha-256=5;x=1", true},
        /* The last one of a key counts; keys are in lower case. */
        {"sha-256=0, sha-256=4", true},
        {"sha-256=4 , sha-256=0", false},
        {"SHA-256=4", false},
        {"xsha-256=4", false},
        {"sha-2567=4", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_row(tid_wants_sha256(rows[i].value) == rows[i].wants, rows[i].value);
}

/* SHA-256 of nothing, in base64. */
static void written(void **state) {
    static const unsigned char digest[TID_SHA256_BYTES] = {
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    char text[TID_REPR_DIGEST_BYTES];
    (void)state;
    tid_repr_digest(digest, text);
    assert_string_equal(text, "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
    assert_int_equal(strlen(text) + 1, sizeof text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wanted),
        cmocka_unit_test(written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
