/* SPDX-License-Identifier: MIT */
/*
 * Writes JSON documents. jansson spells reals with a fixed number of digits, so the
 * outermost object is written member by member, with our own text of reals.
 */
#include "server/documents/json_text.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include <tensorinit/number.h>

#include "server/http/digits.h"
#include "server/documents/buffer.h"

static int add(const char *bytes, size_t byte_count, void *buffer) {
    tid_buffer_add(buffer, bytes, byte_count);
    return 0;
}

static void add_text(struct tid_buffer *buffer, const char *text) {
    tid_buffer_add(buffer, text, strlen(text));
}

static void add_value(struct tid_buffer *buffer, const json_t *value) {
    if (json_is_real(value)) {
        char text[TI_NUMBER_TEXT_BYTES];
        tid_buffer_add(buffer, text, ti_number_text(json_real_value(value), text));
    } else if (json_dump_callback(value, add, buffer, JSON_ENCODE_ANY) != 0) {
        buffer->failed = true;
    }
}

/* An array of objects has one per line, for people and for grep. */
static void add_list(struct tid_buffer *buffer, const json_t *list) {
    const char *before = "[\n    ";
    size_t index;
    json_t *value;
    json_array_foreach(list, index, value) {
        add_text(buffer, before);
        add_value(buffer, value);
        before = ",\n    ";
    }
    add_text(buffer, "\n  ]");
}

static void add_member(struct tid_buffer *buffer, const char *key, const json_t *value) {
    json_t *name = json_string(key);
    add_value(buffer, name);
    json_decref(name);
    add_text(buffer, ": ");
    if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
        add_list(buffer, value);
    else
        add_value(buffer, value);
}

static char *object_text(json_t *object, const char *begin, const char *between,
                         const char *end) {
    struct tid_buffer buffer = {0};
    const char *before = begin;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        add_text(&buffer, before);
        add_member(&buffer, key, value);
        before = between;
    }
    add_text(&buffer, end);
    return tid_buffer_take(&buffer);
}

char *tid_json_text(json_t *object) {
    return object_text(object, "{\n  ", ",\n  ", "\n}\n");
}

char *tid_json_line(json_t *object) { return object_text(object, "{", ", ", "}"); }

json_t *tid_json_integer(uint64_t value) {
    char text[TID_DIGITS_BYTES];
    if (value <= UINT64_C(1) << 53) return json_integer((json_int_t)value);
    tid_digits_u64(value, text);
    return json_string(text);
}

bool tid_json_set_u64(json_t *object, const char *key, uint64_t value) {
    return json_object_set_new(object, key, tid_json_integer(value)) == 0;
}

bool tid_json_set_real(json_t *object, const char *key, double value) {
    return !isfinite(value) || json_object_set_new(object, key, json_real(value)) == 0;
}

bool tid_json_set_text(json_t *object, const char *key, const char *value) {
    return json_object_set_new(object, key, json_string(value)) == 0;
}

bool tid_json_set_shape(json_t *object, const char *key, unsigned rank,
                        const uint64_t *dims) {
    json_t *shape = json_array();
    for (unsigned i = 0; i < rank; i++) {
        if (json_array_append_new(shape, tid_json_integer(dims[i])) != 0) {
            json_decref(shape);
            return false;
        }
    }
    return json_object_set_new(object, key, shape) == 0;
}

/* The next word of '*list' and its length; NULL at the end. Moves '*list' behind it. */
static const char *next_word(const char **list, const char *separators, size_t *length) {
    const char *word = *list + strspn(*list, separators);
    *length = strcspn(word, separators);
    *list = word + *length;
    return *length > 0 ? word : NULL;
}

json_t *tid_json_list(const char *words) {
    json_t *list = json_array();
    const char *word;
    size_t length;
    while ((word = next_word(&words, ", ", &length))) {
        if (json_array_append_new(list, json_stringn(word, length)) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

json_t *tid_json_pairs(const char *pairs, const char *separators) {
    json_t *object = json_object();
    const char *pair;
    size_t length;
    while ((pair = next_word(&pairs, separators, &length))) {
        const char *equals = memchr(pair, '=', length);
        const char *value = equals ? equals + 1 : pair;
        const size_t key_length = equals ? (size_t)(equals - pair) : length;
        char key[64];
        if (key_length >= sizeof key) continue;
        memcpy(key, pair, key_length);
        key[key_length] = '\0';
        json_t *text = json_stringn(value, length - (size_t)(value - pair));
        if (json_object_set_new(object, key, text) == 0) continue;
        json_decref(object);
        return NULL;
    }
    return object;
}
