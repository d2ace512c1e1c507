/* SPDX-License-Identifier: MIT */
/*
 * The input is the body of a POST request, as JSON. If it is right, it becomes a query that
 * the core reads: each pair has a name and is percent-encoded.
 */
#include "fuzz/fuzz.h"
#include "server/documents/json_query.h"

static void check_query(const char *query, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        const char c = query[i];
        REQUIRE(strchr("-._~=&", c) || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                (c >= 'a' && c <= 'z') ||
                (c == '%' && i + 2 < bytes && strchr("0123456789ABCDEF", query[i + 1]) &&
                 strchr("0123456789ABCDEF", query[i + 2])));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tid_buffer buffer = {0};
    struct ti_error error = {0};
    const enum ti_status status =
        tid_json_query((const char *)data, size, &buffer, &error);
    if (status == TI_OK) {
        if (buffer.used_bytes > 0) check_query(buffer.text, buffer.used_bytes);
    } else {
        REQUIRE(status == TI_EVALUE || status == TI_EDUPLICATE);
        REQUIRE(error.code == status && *error.text);
    }
    free(tid_buffer_take(&buffer));
    return 0;
}
