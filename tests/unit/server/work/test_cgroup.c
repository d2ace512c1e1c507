/* SPDX-License-Identifier: MIT */
/*
 * server/work/cgroup: limits of memory in trees of versions 1 and 2, which the test
 * writes. What the files look like: cgroups(7), and the kernel's cgroup-v2.rst and
 * cgroup-v1/memory.rst.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/work/cgroup.h"
#include "support/test.h"

static char place[] = "/tmp/test_cgroup.XXXXXX";
static char membership[64], root[64];

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *where) {
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static int begin(void **state) {
    (void)state;
    strcpy(place + sizeof place - 7, "XXXXXX");
    if (!mkdtemp(place)) return 1;
    snprintf(membership, sizeof membership, "%s/cgroup", place);
    snprintf(root, sizeof root, "%s/fs", place);
    return mkdir(root, 0700);
}

static int end(void **state) {
    (void)state;
    return nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Writes a file below the root, and the folders that it is in. */
static void put(const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    write_file(path, text);
}

static uint64_t limit(void) {
    const struct tid_cgroup_tree tree = {membership, root};
    return tid_cgroup_memory(&tree);
}

#define MIB ((uint64_t)1 << 20)
#define NONE "9223372036854771712\n" /* of version 1: the largest number of pages */

static void no_cgroup(void **state) {
    (void)state;
    assert_true(limit() == UINT64_MAX); /* no file at all */
    write_file(membership, "");
    assert_true(limit() == UINT64_MAX);
    write_file(membership, "0::/\n");
    assert_true(limit() == UINT64_MAX);
}

static void version_2(void **state) {
    (void)state;
    write_file(membership, "0::/a.slice/b.service\n");
    put("a.slice/b.service/memory.max", "268435456\n");
    assert_true(limit() == 256 * MIB);
    put("a.slice/b.service/memory.max", "max\n");
    assert_true(limit() == UINT64_MAX);
    put("a.slice/memory.max", "134217728\n"); /* of a parent */
    assert_true(limit() == 128 * MIB);
    put("a.slice/b.service/memory.max", "67108864\n");
    assert_true(limit() == 64 * MIB);
    put("memory.max", "1048576\n"); /* the root: in a container, its own cgroup */
    assert_true(limit() == MIB);
    put("b.service/memory.max", "1\n"); /* of another cgroup */
    assert_true(limit() == MIB);
}

/* In a container with a namespace of its own. */
static void version_2_at_the_root(void **state) {
    (void)state;
    write_file(membership, "0::/\n");
    put("memory.max", "268435456\n");
    assert_true(limit() == 256 * MIB);
}

static void version_1(void **state) {
    (void)state;
    write_file(membership, "11:cpuset:/x\n4:cpu,memory:/docker/0123\n1:name=systemd:/\n");
    put("memory/memory.limit_in_bytes", NONE);
    assert_true(limit() == UINT64_MAX);
    put("memory/docker/0123/memory.limit_in_bytes", "536870912\n");
    assert_true(limit() == 512 * MIB);
    put("memory/docker/memory.limit_in_bytes", "268435456\n");
    assert_true(limit() == 256 * MIB);
    put("x/memory.limit_in_bytes", "1\n");
    put("memory/x/memory.limit_in_bytes", "1\n");
    assert_true(limit() == 256 * MIB);
}

/* The path is the host's, and the mounted tree begins at the container. */
static void version_1_in_a_container(void **state) {
    (void)state;
    write_file(membership, "4:memory:/docker/0123\n");
    put("memory/memory.limit_in_bytes", "268435456\n");
    assert_true(limit() == 256 * MIB);
}

static void both_versions(void **state) {
    (void)state;
    write_file(membership, "4:memory:/a\n0::/b\n");
    put("memory/a/memory.limit_in_bytes", "536870912\n");
    assert_true(limit() == 512 * MIB);
    put("unified/b/memory.max", "268435456\n");
    assert_true(limit() == 256 * MIB);
}

static void malformed(void **state) {
    static const char *const lines[] = {
        "", "\n", "many\n", "-1\n", "99999999999999999999999\n", "18446744073709551615\n",
    };
    (void)state;
    write_file(membership, "0::/a\nx\n:\n::\n0:\n0::\n");
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        put("a/memory.max", lines[i]);
        assert_row(limit() == UINT64_MAX, lines[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_cgroup, begin, end),
        cmocka_unit_test_setup_teardown(version_2, begin, end),
        cmocka_unit_test_setup_teardown(version_2_at_the_root, begin, end),
        cmocka_unit_test_setup_teardown(version_1, begin, end),
        cmocka_unit_test_setup_teardown(version_1_in_a_container, begin, end),
        cmocka_unit_test_setup_teardown(both_versions, begin, end),
        cmocka_unit_test_setup_teardown(malformed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
