/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON documents. jansson prints all reals of a document with one precision; here
 * each has its own, so the outermost object is written member by member.
 */
#include "server/documents/json_text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/documents/number.h"

/* 'text' is NULL once memory has run out. */
struct buffer {
    char *text;
    size_t used, room;
};

static int append(const char *bytes, size_t count, void *data) {
    struct buffer *buffer = data;

    if (buffer->room - buffer->used < count + 1) {
        size_t room = 2 * buffer->room + count + 512;
        char *text = realloc(buffer->text, room);
        if (text == NULL) return -1;
        buffer->text = text;
        buffer->room = room;
    }
    memcpy(buffer->text + buffer->used, bytes, count);
    buffer->used += count;
    buffer->text[buffer->used] = '\0';
    return 0;
}

static int append_value(const json_t *value, struct buffer *buffer) {
    size_t flags = JSON_ENCODE_ANY;

    if (json_is_real(value)) {
        char text[TID_NUMBER_BYTES];
        int digits;
        tid_number_real(json_real_value(value), text, &digits);
        flags |= JSON_REAL_PRECISION((size_t)digits);
    }
    return json_dump_callback(value, append, buffer, flags);
}

/* A list of objects has one a line, for people and for grep. */
static int append_list(const json_t *list, struct buffer *buffer) {
    size_t index;
    json_t *value;
    const char *before = "[\n    ";

    json_array_foreach(list, index, value) {
        if (append(before, strlen(before), buffer) != 0 ||
            append_value(value, buffer) != 0)
            return -1;
        before = ",\n    ";
    }
    return append("\n  ]", 4, buffer);
}

static int append_member(const json_t *value, struct buffer *buffer) {
    if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
        return append_list(value, buffer);
    return append_value(value, buffer);
}

char *tid_json_text(json_t *object) {
    struct buffer buffer = {NULL, 0, 0};
    const char *before = "{\n  ";
    const char *key;
    json_t *value;
    int failed = 0;

    json_object_foreach(object, key, value) {
        json_t *name = json_string(key);
        failed |= name == NULL || append(before, strlen(before), &buffer) != 0 ||
                  append_value(name, &buffer) != 0 || append(": ", 2, &buffer) != 0 ||
                  append_member(value, &buffer) != 0;
        json_decref(name);
        before = ",\n  ";
    }
    failed |= append("\n}\n", 3, &buffer);
    if (!failed) return buffer.text;
    free(buffer.text);
    return NULL;
}

bool tid_json_set_u64(json_t *object, const char *key, uint64_t value) {
    char text[TID_NUMBER_BYTES];

    tid_number_u64(value, text);
    return tid_json_set_text(object, key, text);
}

bool tid_json_set_real(json_t *object, const char *key, double value) {
    return !isfinite(value) || json_object_set_new(object, key, json_real(value)) == 0;
}

bool tid_json_set_text(json_t *object, const char *key, const char *value) {
    return json_object_set_new(object, key, json_string(value)) == 0;
}
