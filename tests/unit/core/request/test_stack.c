/* SPDX-License-Identifier: MIT */
/*
 * What <tensorinit/plan.h> says of the stack: requests that take the deepest calls, in threads
 * with 128 KiB, as musl's are. A stack that is too small ends the program.
 */
#include <pthread.h>
#include <stdlib.h>

#include "support/tensor.h"

/* Sanitizers and compilers that do not optimize make frames several times larger. */
#ifdef __has_feature
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif
#if IS_SANITIZED || !defined(__OPTIMIZE__)
#define STACK_BYTES ((size_t)1 << 20)
#else
#define STACK_BYTES ((size_t)128 << 10)
#endif

static void *fill(void *query) {
    free(test_body(query));
    return NULL;
}

static void small_stacks(void **state) {
    static const char *const queries[] = {
        "shape=300,200&scheme=orthogonal",
        "shape=300,200&scheme=orthogonal&dtype=f64&permute=1,0",
        "shape=700,300&scheme=sparse&sparsity=0.5&dtype=f8_e4m3&slice=::2,::3",
        "shape=300,200&scheme=sparse&sparsity=0.5&dtype=f64&slice=::2,::3",
        "shape=300,200&scheme=truncated_normal&truncation=-1,2&dtype=f8_e5m2&slice=:,::3",
        "shape=300,200&scheme=truncated_normal&truncation=-1,2&dtype=f64&slice=:,3:9",
        "shape=30,20&scheme=he_normal&format=json&dtype=f64",
        "shape=30,20,4,4&scheme=bilinear&dtype=f16&slice=...,::2",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        pthread_attr_t attributes;
        pthread_t thread;
        assert_int_equal(pthread_attr_init(&attributes), 0);
        assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
        assert_int_equal(pthread_create(&thread, &attributes, fill, (void *)queries[i]),
                         0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        pthread_attr_destroy(&attributes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(small_stacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
