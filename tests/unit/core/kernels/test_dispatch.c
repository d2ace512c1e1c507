/* SPDX-License-Identifier: MIT */
/* core/kernels/dispatch: TENSORINIT_ISA forces an instruction set; an unavailable one is
   an error. A process chooses once, so each case runs in a child. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/kernels/dispatch.h"
#include "support/test.h"

/* The output of a child process with this value of TENSORINIT_ISA (NULL: unset). */
struct response {
    char isa[32];
    enum ti_status plan;
    struct ti_error error;
    uint64_t first;
};

static void fill_response(struct response *response) {
    struct ti_plan *plan;
    const char *name = ti_isa_name(&response->error);
    snprintf(response->isa, sizeof response->isa, "%s", name ? name : "none");
    response->plan = test_plan_try("shape=4&scheme=normal&name=x", &plan,
                                   name ? NULL : &response->error);
    if (response->plan != TI_OK) return;
    if (ti_plan_fill(plan, 0, 2, &response->first, NULL) != TI_OK) abort();
    ti_plan_free(plan);
}

static struct response ask(const char *isa) {
    struct response response = {0};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (isa) {
            setenv("TENSORINIT_ISA", isa, 1);
        } else {
            unsetenv("TENSORINIT_ISA");
        }
        fill_response(&response);
        /* later changes have no effect */
        setenv("TENSORINIT_ISA", "nonsense", 1);
        if (strcmp(response.isa, "none") != 0 && !ti_isa_name(NULL)) abort();
        _exit(write(ends[1], &response, sizeof response) != (ssize_t)sizeof response);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &response, sizeof response), (ssize_t)sizeof response);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return response;
}

static void forced(void **state) {
    const struct ti_kernels *kernels;
    (void)state;
    const uint64_t first = ask("portable").first;
    for (size_t i = 0; (kernels = ti_dispatch_at(i)); i++) {
        const struct response response = ask(kernels->name);
        assert_string_equal(response.isa, kernels->name);
        assert_int_equal(response.plan, TI_OK);
        assert_true(response.first == first);
        assert_ptr_equal(ti_dispatch_find(kernels->name), kernels);
    }
}

/* Unset or empty: the best available one, which is the last. */
static void best(void **state) {
    size_t last = 0;
    (void)state;
    while (ti_dispatch_at(last + 1)) last++;
    assert_string_equal(ask(NULL).isa, ti_dispatch_at(last)->name);
    assert_string_equal(ask("").isa, ti_dispatch_at(last)->name);
    assert_string_equal(ti_dispatch_at(0)->name, "portable");
    assert_null(ti_dispatch_at(last + 1));
    assert_null(ti_dispatch_at(SIZE_MAX));
}

static void refused(void **state) {
    static const char *const names[] = {
        "sse9",
        "Portable",
        "portable ",
        "avx",
        "AVX2",
        "avx2,avx512",
        " ",
        "a-name-of-more-than-thirty-two-characters-that-must-be-cut-off",
        "\x1b[31m\xff",
#if defined(__x86_64__)
        "neon",
#else
        "avx2",
#endif
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct response response = ask(names[i]);
        const struct ti_kernels *kernels;
        assert_string_equal(response.isa, "none");
        assert_int_equal(response.plan, TI_EISA);
        assert_int_equal(response.error.code, TI_EISA);
        assert_string_equal(response.error.field, "");
        assert_non_null(strstr(response.error.text, "TENSORINIT_ISA"));
        for (size_t k = 0; (kernels = ti_dispatch_at(k)); k++) {
            assert_non_null(strstr(response.error.text, kernels->name));
        }
        assert_true(strlen(response.error.text) < 150);
        for (const char *c = response.error.text; *c; c++)
            assert_in_range(*c, 0x20, 0x7e);
        assert_null(ti_dispatch_find(names[i]));
    }
    assert_non_null(strstr(ask("sse9").error.text, "sse9"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forced),
        cmocka_unit_test(best),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
