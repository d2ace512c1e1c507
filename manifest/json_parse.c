/* SPDX-License-Identifier: MIT */
/* Parsing JSON by jansson: see json_parse.h. */
#include "manifest/json_parse.h"

#include "manifest/json_memory.h"
#include "manifest/manifest_error.h"

static enum ti_status syntax_error(const json_error_t *reason, const char *what,
                                   struct ti_error *error) {
    enum ti_status code = TI_EVALUE;
    const char *text, *more = "";
    switch (json_error_code(reason)) {
    case json_error_duplicate_key:
        code = TI_EDUPLICATE;
        text = "an object has a key twice: ";
        more = reason->text;
        break;
    case json_error_numeric_overflow:
        text = "a number is too large; an integer of 2^63 or more is written as a string";
        break;
    case json_error_stack_overflow:
        text = "arrays and objects are nested too deeply";
        break;
    case json_error_invalid_utf8:
        text = "it is not UTF-8";
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        text = "a string has a NUL";
        break;
    default:
        text = "it is not valid JSON: ";
        more = reason->text;
        break;
    }
    return tim_error(error, code, "", "%s, line %d, column %d: %s%s", what, reason->line,
                     reason->column, text, more);
}

enum ti_status tim_json_object(const char *json, size_t bytes, const char *what,
                               json_t **object, struct ti_error *error) {
    json_error_t reason;
    tim_json_memory_begin();
    json_t *value = json_loadb(json, bytes, JSON_REJECT_DUPLICATES, &reason);
    if (tim_json_memory_failed()) {
        json_decref(value);
        return tim_error(error, TI_ENOMEM, "", "not enough memory");
    }
    if (!value) return syntax_error(&reason, what, error);
    if (!json_is_object(value)) {
        json_decref(value);
        return tim_error(error, TI_EVALUE, "", "%s is not a JSON object", what);
    }
    *object = value;
    return TI_OK;
}
