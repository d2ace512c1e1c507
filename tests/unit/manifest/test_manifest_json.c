/* SPDX-License-Identifier: MIT */
/* Manifests as JSON: what is read, and what an error says. */
#include "support/test.h"

#include <stdio.h>

#include "manifest/checkpoint.h"
#include "manifest/manifest_json.h"

/* What is wrong with a manifest, as "CODE field: text"; "" for one that makes a model. */
static const char *verdict(const char *json) {
    static char text[2000];
    struct ti_manifest *manifest;
    struct ti_manifest_place place;
    struct ti_model *model;
    struct ti_error error;
    const size_t bytes = strlen(json);
    enum ti_status status = tim_manifest_read(json, bytes, 1000, NULL, &manifest, &error);
    if (status == TI_OK) {
        status = ti_model_make(manifest, ti_manifest_options(manifest), &model, &place,
                               &error);
        if (status != TI_OK) {
            tim_manifest_explain(json, bytes, &place, &error);
        } else {
            ti_model_free(model);
        }
        ti_manifest_free(manifest);
    }
    if (status == TI_OK) return "";
    assert_int_equal(error.code, status);
    snprintf(text, sizeof text, "%s %s: %s", ti_status_name(status), error.field,
             error.text);
    return text;
}

#define RULES "\"rules\": [[\"*\", \"scheme=normal&std=0.02\"]]"
#define TENSORS "\"tensors\": {\"a\": [2, 3]}"

static void accepted(void **state) {
    static const char *const rows[] = {
        "{" TENSORS "," RULES "}",
        "{" RULES "," TENSORS "}",
        "{\"tensors\": {\"a\": {\"shape\": [], \"dtype\": \"F32\"}}," RULES "}",
        "{\"tensors\": {\"a\": {\"shape\": [1], \"dtype\": \"torch.bfloat16\", \"name\": "
        "\"b\", \"data_offsets\": [0, 2]}}," RULES "}",
        "{\"tensors\": {\"__metadata__\": {\"format\": \"pt\"}, \"a\": [1]}," RULES "}",
        "{" TENSORS "," RULES
        ", \"seed\": -1, \"dtype\": \"<f4\", \"max_shard_size\": 100, "
        "\"description\": \"x\", \"sources\": [\"y\", \"z\"], \"$schema\": \"s\"}",
        "{" TENSORS "," RULES ", \"seed\": \"18446744073709551615\", \"spec\": "
        "\"" TI_SPEC_NAME "\", \"max_shard_size\": \"2 GB\"}",
        "{\"tensors\": {\"\\u00e9\": [0]}," RULES "}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *wrong = verdict(rows[i]);
        if (*wrong) fail_msg("%s: %s", rows[i], wrong);
    }
}

/* An error names the line, and the tensor or the rule. */
static void refused(void **state) {
    static const struct {
        const char *json, *verdict;
    } rows[] = {
        {"", "EVALUE : the manifest, line 1, column 0: it is not valid JSON"},
        {"[]", "EVALUE : the manifest is not a JSON object"},
        {"{\"a\": 1,\n\"a\": 2}", "EDUPLICATE : the manifest, line 2"},
        {"{\"tensors\": {\"a\": [1],\n\n\"a\": [1]}}",
         "EDUPLICATE : the manifest, line 3"},
        {"{\n\"seed\": 18446744073709551615}",
         "EVALUE : the manifest, line 2, column 28: a number"},
        {"{\n\"tensor\": {}}",
         "EPARAM : line 2: unknown key 'tensor': did you mean 'tensors'?"},
        {"{\n\"seed\": 1.5}",
         "EVALUE seed: line 2: seed is neither a string nor an integer"},
        {"{\n\"seed\": \"x\"}", "EVALUE seed: line 2: seed does not take 'x'"},
        {"{\n\"dtype\": \"f31\"}", "EVALUE dtype: line 2: dtype does not take 'f31'"},
        {"{\n\"max_shard_size\": \"5GX\"}", "EVALUE max_shard_size: line 2"},
        {"{\n\"spec\": \"0\"}", "EVALUE spec: line 2"},
        {"{\n\"description\": 3}", "EVALUE description: line 2"},
        {"{\n\"sources\": [3]}", "EVALUE sources: line 2"},
        {"{" RULES "}", "EMISSING tensors: there are no tensors"},
        {"{\n\"tensors\": []}", "EVALUE tensors: line 2: tensors is not an object"},
        {"{\"tensors\": {\"__metadata__\": {},\n\"a\": [1],\n\"b\": 3}}",
         "EVALUE tensors: line 3: tensor 'b' is neither a shape"},
        {"{\"tensors\": {\"a\": [1],\n\"b\": [-1]}}",
         "EVALUE shape: line 2: dim 1 of tensor 'b'"},
        {"{\"tensors\": {\"a\": [1],\n\"b\": [1, 1e3]}}",
         "EVALUE shape: line 2: dim 2 of tensor 'b'"},
        {"{\"tensors\": {\"a\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
         "1,1,1]}}",
         "EVALUE shape: line 1: tensor 'a' has 33 dims"},
        {"{\"tensors\": {\"a\": {\"dtype\": \"F32\"}}}",
         "EMISSING shape: line 1: tensor 'a' has no shape"},
        {"{\"tensors\": {\"a\": {\"shape\": [1], \"dtyp\": \"F32\"}}}",
         "EPARAM tensors: line 1: tensor 'a' has the unknown key 'dtyp'"},
        {"{\"tensors\": {\"a\": {\"shape\": [1],\n\"dtype\": 3}}}",
         "EVALUE dtype: line 1: the dtype of tensor 'a' is not a string"},
        {"{\"tensors\": {\"a\": {\"shape\": [1], \"dtype\": \"C64\"}}}",
         "EVALUE dtype: line 1: tensor 'a': dtype does not take 'C64'"},
        {"{\"tensors\": {\n\"a{0..1000}\": [1]}}",
         "ETOOLARGE tensors: line 2: tensor 'a{0..1000}'"},
        {"{\"tensors\": {\n\"a{0..\": [1]}}", "EVALUE : line 2: tensor 'a{0..'"},
        {"{\"tensors\": {\"x{1,2}\": [1],\n\"y\": [1],\n\"x2\": [1]}," RULES "}",
         "EDUPLICATE tensors: line 3: two tensors have the name 'x2'"},
        {"{\n\"rules\": {}}", "EVALUE rules: line 2: rules is not an array"},
        {"{\"rules\": [[\"a\", \"\"],\n[\"b\"]]}",
         "EVALUE rules: line 2: rule 2: a rule is not"},
        {"{\"rules\": [[\"a\", \"\"],\n[\"b\", \"\", \"\"]]}",
         "EVALUE rules: line 2: rule 2"},
        {"{\"rules\": [[\"a\", \"\"],\n[\"b{\", \"\"]]}",
         "EVALUE : line 2: rule 2: pattern 'b{'"},
        {"{\"rules\": [[\"a\", \"\"],\n[\"b\", \"seed=3\"]]}",
         "EINAPPLICABLE seed: line 2: rule 2: a rule has no seed="},
        {"{" TENSORS ",\n\"rules\": [\n[\"b\", \"\"]]}",
         "EMISSING rules: line 1: tensor 'a' has no rule"},
        {"{" TENSORS ",\n\"rules\": [[\"*\", \"\"],\n[\"b\", \"\"]]}",
         "EVALUE rules: line 3: rule 2 ('b') matches no tensor"},
        {"{" TENSORS ",\n\"rules\": [\n[\"*\", \"scheme=normal&std=x\"]]}",
         "EVALUE std: line 3: tensor 'a', rule 1 ('*'): std does not take 'x'"},
        {"{\"tensors\": {\"a\": \"\\u0000\"}}",
         "EVALUE : the manifest, line 1, column 26: a string has a NUL"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *found = verdict(rows[i].json);
        if (strncmp(found, rows[i].verdict, strlen(rows[i].verdict)) != 0) {
            fail_msg("%s\nis:       %s\nexpected: %s", rows[i].json, found,
                     rows[i].verdict);
        }
    }
}

static void deep_nesting(void **state) {
    char json[10000] = "{\"tensors\": ";
    (void)state;
    memset(json + strlen(json), '[', 5000);
    assert_true(strstr(verdict(json), "nested too deeply"));
}

/* A checkpoint's names are as they are; its dtypes of floats yield, its integers do not. */
static void of_a_checkpoint(void **state) {
    static const char header[] =
        "{\"__metadata__\": {\"format\": \"pt\"}, \"a{b\": {\"dtype\": \"BF16\", \"shape\": [2], "
        "\"data_offsets\": [0, 4]}, \"n\": {\"dtype\": \"I64\", \"shape\": [], \"data_offsets\": "
        "[4, 12]}}";
    static const char plain[] = "{\"rules\": [[\"*\", \"scheme=zeros\"]]}";
    static const char f16[] =
        "{\"dtype\": \"f16\", \"rules\": [[\"*\", \"scheme=zeros\"]]}";
    static const char own[] = "{" TENSORS ", \"rules\": [[\"*\", \"scheme=zeros\"]]}";
    struct tim_checkpoint *checkpoint = tim_checkpoint_make();
    struct ti_error error;
    struct ti_manifest *manifest;
    (void)state;
    assert_int_equal(
        tim_checkpoint_header(checkpoint, "f", header, strlen(header), &error), TI_OK);
    for (int i = 0; i < 2; i++) {
        const char *json = i ? f16 : plain;
        struct ti_model *model;
        assert_int_equal(
            tim_manifest_read(json, strlen(json), 10, checkpoint, &manifest, &error),
            TI_OK);
        assert_int_equal(
            ti_model_make(manifest, ti_manifest_options(manifest), &model, NULL, &error),
            TI_OK);
        ti_manifest_free(manifest);
        assert_string_equal(ti_model_tensor(model, 0)->name, "a{b");
        assert_int_equal(ti_model_tensor(model, 0)->kind->dtype,
                         i ? TI_DTYPE_F16 : TI_DTYPE_BF16);
        assert_int_equal(ti_model_tensor(model, 1)->kind->dtype, TI_DTYPE_I64);
        ti_model_free(model);
    }
    assert_int_equal(
        tim_manifest_read(own, strlen(own), 10, checkpoint, &manifest, &error),
        TI_EINAPPLICABLE);
    assert_int_equal(
        tim_checkpoint_header(checkpoint, "g", header, strlen(header), &error),
        TI_EDUPLICATE);
    assert_int_equal(tim_checkpoint_header(checkpoint, "g", "[]", 2, &error), TI_EVALUE);
    assert_true(strstr(error.text, "g: "));
    tim_checkpoint_free(checkpoint);
    tim_checkpoint_free(NULL);
}

static void of_an_index(void **state) {
    static const char index[] =
        "{\"metadata\": {}, \"weight_map\": {\"b\": \"2\", \"a\": \"1\", "
        "\"c\": \"2\"}}";
    static const char one[] = "{\"a\": {\"dtype\": \"F32\", \"shape\": [1]}}";
    static const char two[] =
        "{\"c\": {\"dtype\": \"F32\", \"shape\": [3]}, \"b\": {\"dtype\": "
        "\"F32\", \"shape\": [2]}}";
    static const char rules[] = "{" RULES "}";
    struct tim_checkpoint *checkpoint = tim_checkpoint_make();
    struct ti_error error;
    struct ti_manifest *manifest;
    struct ti_model *model;
    (void)state;
    assert_int_equal(tim_checkpoint_index(checkpoint, "{}", 2, &error), TI_EVALUE);
    assert_int_equal(tim_checkpoint_index(checkpoint, index, strlen(index), &error),
                     TI_OK);
    assert_string_equal(tim_checkpoint_file(checkpoint, 0), "2");
    assert_string_equal(tim_checkpoint_file(checkpoint, 1), "1");
    assert_null(tim_checkpoint_file(checkpoint, 2));
    assert_int_equal(tim_checkpoint_header(checkpoint, "2", two, strlen(two), &error),
                     TI_OK);
    assert_int_equal(
        tim_manifest_read(rules, strlen(rules), 10, checkpoint, &manifest, &error),
        TI_EMISSING);
    assert_string_equal(error.text, "the checkpoint's index has tensor 'a', 1 does not");
    assert_int_equal(tim_checkpoint_header(checkpoint, "1", one, strlen(one), &error),
                     TI_OK);
    assert_int_equal(
        tim_manifest_read(rules, strlen(rules), 10, checkpoint, &manifest, &error),
        TI_OK);
    assert_int_equal(
        ti_model_make(manifest, ti_manifest_options(manifest), &model, NULL, &error),
        TI_OK);
    assert_string_equal(ti_model_tensor(model, 0)->name, "b");
    assert_string_equal(ti_model_tensor(model, 1)->name, "a");
    assert_string_equal(ti_model_tensor(model, 2)->name, "c");
    assert_int_equal(ti_model_elems(model), 6);
    ti_model_free(model);
    ti_manifest_free(manifest);
    tim_checkpoint_free(checkpoint);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),     cmocka_unit_test(refused),
        cmocka_unit_test(deep_nesting), cmocka_unit_test(of_a_checkpoint),
        cmocka_unit_test(of_an_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
