/* SPDX-License-Identifier: MIT */
/* What the header of a safetensors or npy file says about its tensor. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/file_header.h"

static void set_shape(struct cli_file_header *header, const json_t *shape) {
    size_t used = 0;
    const char *separator = "";
    const size_t capacity = sizeof header->shape;
    if (json_array_size(shape) == 0) snprintf(header->shape, capacity, "scalar");
    for (size_t i = 0; i < json_array_size(shape) && used < capacity; i++) {
        const json_int_t dim = json_integer_value(json_array_get(shape, i));
        used += (size_t)snprintf(header->shape + used, capacity - used,
                                 "%s%" JSON_INTEGER_FORMAT, separator, dim);
        separator = ",";
    }
}

static void read_safetensors(struct cli_file_header *header, const unsigned char *bytes,
                             size_t count) {
    uint64_t length = 0;
    const char *name, *dtype, *query, *spec;
    json_t *tensor, *shape;
    if (count < 8) return;
    for (int i = 7; i >= 0; i--) length = length << 8 | bytes[i];
    if (length > count - 8) return;
    json_t *document = json_loadb((const char *)bytes + 8, (size_t)length,
                                  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    json_object_foreach(document, name, tensor) {
        if (strcmp(name, "__metadata__") == 0) {
            if (json_unpack(tensor, "{ss ss}", "query", &query, "spec", &spec) != 0) {
                continue;
            }
            free(header->query);
            header->query = strdup(query);
            snprintf(header->spec, sizeof header->spec, "%s", spec);
        } else if (json_unpack(tensor, "{ss so}", "dtype", &dtype, "shape", &shape) ==
                   0) {
            snprintf(header->dtype, sizeof header->dtype, "%s", dtype);
            set_shape(header, shape);
        }
    }
    json_decref(document);
}

/* Copies what follows 'key' up to one of 'ends'. */
static void copy_value(const char *text, const char *key, const char *ends, char *out,
                       size_t capacity) {
    const char *at = strstr(text, key);
    if (!at) return;
    at += strlen(key);
    snprintf(out, capacity, "%.*s", (int)strcspn(at, ends), at);
}

/* "\x93NUMPY", a version, a length, and Python: {'descr': '<f4', 'shape': (2, 3), } */
static void read_npy(struct cli_file_header *header, const unsigned char *bytes,
                     size_t count) {
    char text[1024];
    if (count < 16 || memcmp(bytes, "\x93NUMPY", 6) != 0) return;
    const size_t used = count - 10 < sizeof text - 1 ? count - 10 : sizeof text - 1;
    memcpy(text, bytes + 10, used);
    text[used] = '\0';
    copy_value(text, "'descr': '", "'", header->dtype, sizeof header->dtype);
    copy_value(text, "'shape': (", ")", header->shape, sizeof header->shape);
    /* "2, 3", "5," and "" to "2,3", "5" and "scalar". */
    char *out = header->shape;
    for (const char *at = header->shape; *at; at++) {
        if (*at != ' ') *out++ = *at;
    }
    if (out > header->shape && out[-1] == ',') out--;
    *out = '\0';
    if (*header->dtype && !*header->shape) {
        snprintf(header->shape, sizeof header->shape, "scalar");
    }
}

void cli_file_header_read(struct cli_file_header *header, const void *bytes,
                          size_t count) {
    memset(header, 0, sizeof *header);
    read_npy(header, bytes, count);
    if (!*header->dtype) read_safetensors(header, bytes, count);
}

void cli_file_header_clear(struct cli_file_header *header) {
    free(header->query);
    header->query = NULL;
}
