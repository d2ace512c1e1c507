/* SPDX-License-Identifier: MIT */
/* server/self_test: it finds wrong bits, and says which. */
#include <stdlib.h>

#include "server/self_test.h"
#include "support/test.h"

static char *report;

static bool run(const struct tid_known_digest *known, size_t count) {
    size_t bytes;
    free(report);
    FILE *file = open_memstream(&report, &bytes);
    assert_non_null(file);
    const bool right = tid_self_test(known, count, file);
    assert_int_equal(fclose(file), 0);
    return right;
}

/* SHA-256 of four zero bytes, by sha256sum. */
#define ZEROS "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119"

static void right(void **state) {
    static const struct tid_known_digest known = {"shape=1&scheme=zeros", ZEROS};
    (void)state;
    assert_true(run(&known, 1));
    assert_non_null(strstr(report, "portable: right; 1 known digests\n"));
}

static void wrong(void **state) {
    static const struct tid_known_digest known[] = {{"shape=1&scheme=zeros", ZEROS},
                                                    {"shape=1&scheme=ones", ZEROS}};
    static const struct tid_known_digest refused = {"shape=1&scheme=nonesuch", ZEROS};
    (void)state;
    assert_false(run(known, 2));
    assert_non_null(strstr(report, "portable: WRONG; shape=1&scheme=ones: the digest"));
    assert_false(run(&refused, 1));
    assert_non_null(strstr(report, "scheme=nonesuch: could not be computed"));
}

static int report_free(void **state) {
    (void)state;
    free(report);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right),
        cmocka_unit_test(wrong),
    };
    return cmocka_run_group_tests(tests, NULL, report_free);
}
