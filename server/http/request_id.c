/* SPDX-License-Identifier: MIT */
/* See request_id.h. */
#define _DEFAULT_SOURCE /* getentropy() */
#include "server/http/request_id.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "server/http/digits.h"
#include "server/work/clock.h"

/* No control character, quote or blank: an id goes into the log and into JSON as it is. */
static bool is_id(const char *text) {
    const size_t bytes =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789-._~+/=:@");
    return bytes > 0 && bytes < TID_REQUEST_ID_BYTES && text[bytes] == '\0';
}

/*
 * The next number of a sequence without repetitions, of SplitMix64 (Steele, Lea and Flood
 * 2014), that begins at random in every thread.
 */
static uint64_t next_number(void) {
    static _Thread_local uint64_t state;
    if (state == 0 && getentropy(&state, sizeof state) != 0)
        state = (uint64_t)tid_clock_ms() ^ (uint64_t)(uintptr_t)&state << 16;
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Whether 'text' begins with that many lower-case digits, not all of them 0. */
static bool is_number(const char *text, size_t digits) {
    return strspn(text, "0123456789abcdef") >= digits && strspn(text, "0") < digits;
}

/* version "-" trace-id "-" parent-id "-" flags; later versions may append "-" and more. */
static bool is_traceparent(const char *text) {
    static const char hex[] = "0123456789abcdef";
    if (strspn(text, hex) != 2 || text[2] != '-' || strncmp(text, "ff", 2) == 0)
        return false;
    if (strspn(text + 3, hex) != 32 || !is_number(text + 3, 32) || text[35] != '-')
        return false;
    if (strspn(text + 36, hex) != 16 || !is_number(text + 36, 16) || text[52] != '-')
        return false;
    if (strspn(text + 53, hex) != 2) return false;
    return text[55] == '\0' || (text[55] == '-' && strncmp(text, "00", 2) != 0);
}

void tid_request_identify(struct tid_request *request) {
    const char *id = request->fields[TID_FIELD_X_REQUEST_ID];
    const char *trace = request->fields[TID_FIELD_TRACEPARENT];
    if (id && is_id(id)) {
        memcpy(request->id, id, strlen(id) + 1);
    } else {
        char text[TID_DIGITS_BYTES];
        tid_digits_hex(next_number(), text);
        memcpy(request->id, text + 2, 17); /* without 0x */
    }
    request->trace[0] = '\0';
    if (trace && is_traceparent(trace)) {
        memcpy(request->trace, trace, TID_TRACE_BYTES - 1);
        request->trace[TID_TRACE_BYTES - 1] = '\0';
    }
}
