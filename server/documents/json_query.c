/* SPDX-License-Identifier: MIT */
/* See json_query.h. */
#include "server/documents/json_query.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <tensorinit/number.h>

#include "manifest/json_memory.h"

/* Percent-encodes all but the unreserved characters (RFC 3986 section 2.3). */
static void add_encoded(struct tid_buffer *buffer, const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                (c >= 'a' && c <= 'z') ||
                                (c != '\0' && strchr("-._~", c));
        if (unreserved)
            tid_buffer_add(buffer, text + i, 1);
        else
            tid_buffer_printf(buffer, "%%%02X", c);
    }
}

/* False if it is neither a string nor a number nor a boolean. */
static bool add_scalar(struct tid_buffer *buffer, const json_t *value) {
    char text[TI_NUMBER_TEXT_BYTES];
    if (json_is_string(value)) {
        add_encoded(buffer, json_string_value(value), json_string_length(value));
    } else if (json_is_integer(value)) {
        tid_buffer_printf(buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_real(value)) {
        const size_t bytes = ti_number_text(json_real_value(value), text);
        add_encoded(buffer, text, bytes);
    } else if (json_is_boolean(value)) {
        tid_buffer_printf(buffer, "%s", json_is_true(value) ? "true" : "false");
    } else {
        return false;
    }
    return true;
}

static bool add_value(struct tid_buffer *buffer, const char *key, const json_t *value) {
    const json_t *element;
    size_t index;
    if (!json_is_array(value)) return add_scalar(buffer, value);
    /* Any text is a name, a list's as well. */
    if (strcmp(key, "name") == 0) return false;
    /* "[]", which is a scalar's shape, or no axes; "" is no value of a list. */
    if (json_array_size(value) == 0) tid_buffer_add(buffer, "%5B%5D", 6);
    json_array_foreach(value, index, element) {
        if (index > 0) tid_buffer_add(buffer, "%2C", 3);
        if (json_is_boolean(element) || !add_scalar(buffer, element)) return false;
    }
    return true;
}

static enum ti_status fail(struct ti_error *error, enum ti_status code, const char *field,
                           const char *text) {
    *error = (struct ti_error){.code = code};
    snprintf(error->field, sizeof error->field, "%s", field);
    snprintf(error->text, sizeof error->text, "%s", text);
    return code;
}

static enum ti_status parse_error(const json_error_t *reason, struct ti_error *error) {
    enum ti_status code = TI_EVALUE;
    const char *text = "the body is not a JSON object";
    switch (json_error_code(reason)) {
    case json_error_duplicate_key:
        code = TI_EDUPLICATE;
        text = "the body has a member twice";
        break;
    case json_error_numeric_overflow:
        text = "the body has a number that is too large; an integer of 2^63 or more is "
               "written as a string";
        break;
    default:
        break;
    }
    *error = (struct ti_error){.code = code};
    snprintf(error->text, sizeof error->text, "%s (line %d, column %d)", text,
             reason->line, reason->column);
    return code;
}

/* The name of a member, if it can be that of a parameter. */
static const char *field_of(const char *key) {
    return strlen(key) < TI_ERROR_FIELD_BYTES &&
                   strspn(key, "abcdefghijklmnopqrstuvwxyz_") == strlen(key)
               ? key
               : "";
}

enum ti_status tid_json_query(const char *json, size_t json_bytes,
                              struct tid_buffer *query, struct ti_error *error) {
    json_error_t reason;
    const char *key;
    json_t *value;
    enum ti_status status = TI_OK;
    tim_json_memory_begin();
    json_t *object = json_loadb(json, json_bytes, JSON_REJECT_DUPLICATES, &reason);
    if (tim_json_memory_failed()) {
        json_decref(object);
        return fail(error, TI_ENOMEM, "", "The server is out of memory.");
    }
    if (!object) return parse_error(&reason, error);
    if (!json_is_object(object))
        status = fail(error, TI_EVALUE, "", "the body is not a JSON object");
    json_object_foreach(object, key, value) {
        if (query->used_bytes > 0) tid_buffer_add(query, "&", 1);
        add_encoded(query, key, strlen(key));
        tid_buffer_add(query, "=", 1);
        if (add_value(query, key, value)) continue;
        status =
            fail(error, TI_EVALUE, field_of(key),
                 "a member of the body is a string, a number, a boolean, or, except for "
                 "name, an array of strings and numbers");
        break;
    }
    json_decref(object);
    return status;
}
