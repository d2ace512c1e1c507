/* SPDX-License-Identifier: MIT */
/* Every scheme, parameter and framework name in JSON, from the library's own tables. */
#include "server/documents/json_schemes.h"

#include <jansson.h>

#include <tensorinit/schemes.h>
#include <tensorinit/version.h>

#include "server/documents/json_text.h"

static json_t *parameters_of(size_t scheme) {
    json_t *list = json_array();
    for (size_t i = 0; i < ti_param_count(); i++) {
        if (ti_scheme_takes(scheme, i))
            json_array_append_new(list, json_string(ti_param_get(i)->name));
    }
    return list;
}

static json_t *scheme_object(size_t index) {
    const struct ti_scheme_info *scheme = ti_scheme_get(index);
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:o, s:o}", "name", scheme->name,
                     "aliases", tid_json_list(scheme->aliases), "formula",
                     scheme->formula, "source", scheme->source, "suits", scheme->suits,
                     "defaults", tid_json_pairs(scheme->defaults, "&"), "parameters",
                     parameters_of(index));
}

static json_t *alias_object(size_t index) {
    const struct ti_alias_info *alias = ti_alias_get(index);
    return json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o}", "frameworks", tid_json_list(alias->frameworks),
        "names", tid_json_list(alias->spellings), "scheme", alias->scheme, "parameters",
        tid_json_pairs(alias->params, ", "), "defaults",
        tid_json_pairs(alias->defaults, "&"), "fixed", tid_json_pairs(alias->fixed, "&"));
}

static json_t *word_object(size_t index) {
    const struct ti_word_info *word = ti_word_get(index);
    return json_pack("{s:o, s:s, s:s, s:s}", "frameworks",
                     tid_json_list(word->frameworks), "parameter", word->param, "word",
                     word->word, "canonical", word->canonical);
}

static json_t *parameter_object(size_t index) {
    const struct ti_param_info *param = ti_param_get(index);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "name", param->name, "accepts",
                     param->accepts, "meaning", param->meaning, "default",
                     param->fallback, "common", (int)param->common, "framework",
                     (int)param->framework);
}

char *tid_json_schemes(void) {
    json_t *schemes = json_array();
    json_t *parameters = json_array();
    json_t *aliases = json_array();
    json_t *words = json_array();
    char *text = NULL;

    for (size_t i = 0; i < ti_scheme_count(); i++)
        json_array_append_new(schemes, scheme_object(i));
    for (size_t i = 0; i < ti_param_count(); i++)
        json_array_append_new(parameters, parameter_object(i));
    for (size_t i = 0; i < ti_alias_count(); i++)
        json_array_append_new(aliases, alias_object(i));
    for (size_t i = 0; i < ti_word_count(); i++)
        json_array_append_new(words, word_object(i));

    json_t *object =
        json_pack("{s:s, s:o, s:o, s:o, s:o}", "spec", TI_SPEC_NAME, "schemes", schemes,
                  "parameters", parameters, "frameworks", aliases, "words", words);
    /* Each allocation that jansson could not make leaves a member out. */
    if (json_array_size(json_object_get(object, "schemes")) == ti_scheme_count() &&
        json_array_size(json_object_get(object, "frameworks")) == ti_alias_count() &&
        json_array_size(json_object_get(object, "words")) == ti_word_count() &&
        json_array_size(json_object_get(object, "parameters")) == ti_param_count())
        text = tid_json_text(object);
    json_decref(object);
    return text;
}
