/* SPDX-License-Identifier: MIT */
/* server/http/tensor_fields: file names, and the fields that describe a tensor. */
#include <math.h>
#include <stdio.h>
#include <tensorinit/version.h>

#include "server/http/tensor_fields.h"
#include "support/test.h"

static const struct {
    const char *name, *extension, *file_name;
} names[] = {
    {"fc1.weight", "npy", "fc1.weight.npy"},
    {"", "bin", "tensor.bin"},
    {".", "bin", "tensor.bin"},
    {"....", "bin", "tensor.bin"},
    {".hidden", "npy", "hidden.npy"},
    {"..a..", "npy", "a...npy"},
    {"../../etc/passwd", "npy", "_.._etc_passwd.npy"},
    {"a b\"c\\d;e", "npy", "a_b_c_d_e.npy"},
    {"a\r\nX: y", "npy", "a__X__y.npy"},
    {"gr\xc3\xb6\xc3\x9f", "npy", "gr____.npy"},
    {"-rf", "npy", "-rf.npy"},
    {"layers/0/kernel:0", "safetensors", "layers_0_kernel_0.safetensors"},
};

static void file_names(void **state) {
    char file_name[TID_FILE_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t length = tid_file_name(names[i].name, names[i].extension, file_name);
        assert_string_equal(file_name, names[i].file_name);
        assert_int_equal(length, strlen(file_name));
    }
}

static void long_file_names(void **state) {
    char name[1025], file_name[TID_FILE_NAME_BYTES + 1];
    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    file_name[TID_FILE_NAME_BYTES] = 'X'; /* must not be overwritten */
    size_t length = tid_file_name(name, "safetensors", file_name);
    assert_int_equal(length, TID_FILE_NAME_BYTES - 1);
    assert_int_equal(strlen(file_name), TID_FILE_NAME_BYTES - 1);
    assert_string_equal(file_name + length - 12, ".safetensors");
    assert_int_equal(file_name[TID_FILE_NAME_BYTES], 'X');
}

/* Adds the fields for a query to 'response'. */
static void fields_of(const char *query, struct tid_response *response) {
    struct ti_plan *plan = test_plan(query);
    tid_response_init(response, 200);
    tid_tensor_fields_add(response, ti_plan_info(plan), TI_FORMAT_NPY);
    assert_false(response->overflow);
    ti_plan_free(plan);
}

static void assert_field(const struct tid_response *response, const char *name,
                         const char *value) {
    const char *found = tid_response_field(response, name);
    if (!found || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found ? found : "absent", value);
}

static void random_tensor(void **state) {
    struct tid_response response;
    (void)state;
    fields_of("shape=512,784&scheme=he_normal&seed=42&name=fc1.weight", &response);
    assert_field(&response, "Content-Type", "application/x-npy");
    assert_field(&response, "Content-Disposition",
                 "attachment; filename=\"fc1.weight.npy\"");
    assert_field(&response, "Tensor-Spec", TI_SPEC_NAME);
    assert_field(&response, "Tensor-Shape", "512,784");
    assert_field(&response, "Tensor-Dtype", "f32");
    assert_field(&response, "Tensor-Fan-In", "784");
    assert_field(&response, "Tensor-Fan-Out", "512");
    assert_field(&response, "Tensor-Stream", "0x90200a62a6c8aa63");
    const char *std = tid_response_field(&response, "Tensor-Std");
    double value;
    assert_int_equal(sscanf(std, "%lf", &value), 1);
    assert_true(fabs(value - sqrt(2.0 / 784)) < 1e-15);
    tid_response_clear(&response);
}

static void unbounded(void **state) {
    struct tid_response response;
    (void)state;
    fields_of("shape=scalar&scheme=normal&std=0.1", &response);
    assert_field(&response, "Tensor-Shape", "scalar");
    assert_field(&response, "Tensor-Std", "0.1");
    assert_null(tid_response_field(&response, "Tensor-Bound"));
    assert_null(tid_response_field(&response, "Tensor-Fan-In"));
    assert_null(tid_response_field(&response, "Tensor-Fan-Out"));
    tid_response_clear(&response);
}

static void constant(void **state) {
    struct tid_response response;
    (void)state;
    fields_of("shape=2&scheme=constant&value=-3", &response);
    assert_field(&response, "Tensor-Bound", "3");
    assert_field(&response, "Tensor-Std", "0");
    assert_null(tid_response_field(&response, "Tensor-Stream"));
    tid_response_clear(&response);
}

/* The longest possible shape still fits. */
static void longest(void **state) {
    struct ti_plan_info info = {.rank = TI_MAX_RANK,
                                .full_rank = TI_MAX_RANK,
                                .scheme = "he_normal",
                                .name = "n",
                                .query = "",
                                .std = -1.2345678901234567e-300,
                                .low = -1.2345678901234567e-300,
                                .high = 1.2345678901234567e-300,
                                .has_fan_in = true,
                                .has_fan_out = true,
                                .fan_in = UINT64_MAX,
                                .fan_out = UINT64_MAX,
                                .stream = UINT64_MAX};
    struct tid_response response;
    (void)state;
    for (unsigned i = 0; i < TI_MAX_RANK; i++) {
        info.shape[i] = UINT64_MAX;
        info.full_shape[i] = UINT64_MAX - 1;
    }
    tid_response_init(&response, 200);
    tid_tensor_fields_add(&response, &info, TI_FORMAT_RAW);
    assert_false(response.overflow);
    assert_int_equal(strlen(tid_response_field(&response, "Tensor-Shape")), 32 * 21 - 1);
    tid_response_clear(&response);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_names),    cmocka_unit_test(long_file_names),
        cmocka_unit_test(random_tensor), cmocka_unit_test(unbounded),
        cmocka_unit_test(constant),      cmocka_unit_test(longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
