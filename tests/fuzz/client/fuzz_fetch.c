/* SPDX-License-Identifier: MIT */
/*
 * The client against a server that sends anything. The input's first line is the query,
 * its second line says what to fetch; what follows are the server's responses:
 *
 *     shape=2,3&dtype=f32
 *     bytes=4,8 spec=1-draft.2 skip=100 head
 *     HTTP/1.1 206 Partial Content
 *     Content-Range: bytes 4-11/24
 *
 *     =8
 *     !broken
 *     HTTP/1.1 ...
 *
 * After the empty line, '=8' is 8 bytes of the body, from where Content-Range says; any
 * other line is itself. '!' ends the exchange: !broken, !garbage, !unreached, or !5, a
 * complete one with "Retry-After: 5"; so does the next status line.
 *
 * This file is the transport as well, in place of client/transport.c.
 */
#include <strings.h>

#include "client/client_request.h"
#include "client/transport.h"
#include "fuzz/fuzz.h"

/* What a script may send in all. */
#define SCRIPT_BYTES ((uint64_t)64 << 10)

/* The script of the current input, and what has become of it. */
static struct {
    char *next; /* line; NULL at the end */
    uint64_t left_bytes;
    bool honest; /* all bytes so far are those of the pattern */
    bool begun;
    uint64_t first_byte, delivered_bytes;
    unsigned exchanges;
    uint64_t sent_bytes; /* of the current exchange */
} script;

/* Transport -------------------------------------------------------------------------- */

struct tic_transport *tic_transport_make(void) {
    return malloc(1);
}

void tic_transport_free(struct tic_transport *transport) { free(transport); }

enum ti_status tic_transport_check_url(const char *url, struct ti_error *error) {
    (void)url, (void)error;
    return TI_OK;
}

bool tic_transport_is_local(const struct tic_transport *transport) {
    (void)transport;
    return false;
}

/* Time plays no part here. */
bool tic_transport_has_sent(const struct tic_transport *transport) {
    (void)transport;
    return false;
}

/* The byte at an offset of the full body. */
static unsigned char byte_at(uint64_t offset) {
    return (unsigned char)(offset * 0x9e3779b97f4a7c15 >> 56);
}

/* Whether a line is a field of that name; '*value' is then its number after 'prefix'. */
static bool read_field(const char *line, const char *name, const char *prefix,
                       uint64_t *value) {
    const size_t bytes = strlen(name);
    if (strncasecmp(line, name, bytes) != 0 || line[bytes] != ':') return false;
    line += bytes + 1;
    line += strspn(line, " \t");
    if (strncmp(line, prefix, strlen(prefix)) == 0)
        *value = strtoull(line + strlen(prefix), NULL, 10);
    return true;
}

/*
 * Sends a header, and before it those of interim responses; false if the client stops.
 * '*offset' is where the body starts.
 */
static bool send_header(const struct tic_exchange *exchange, uint64_t *offset) {
    char *line;
    bool partial = false, interim = false;
    *offset = 0;
    while ((line = fuzz_line(&script.next))) {
        const size_t bytes = strlen(line);
        if (strncmp(line, "HTTP/", 5) == 0) {
            const char *status = strchr(line, ' ');
            *offset = 0;
            partial = status && strncmp(status, " 206", 4) == 0;
            interim = status && strncmp(status, " 1", 2) == 0;
        }
        if (partial) read_field(line, "Content-Range", "bytes ", offset);
        /* libcurl's lines have their end, but no NUL. */
        char *copy = malloc(bytes + 2);
        if (!copy) exit(1);
        memcpy(copy, line, bytes);
        memcpy(copy + bytes, "\r\n", 2);
        const bool more = exchange->line(exchange->state, copy, bytes + 2);
        free(copy);
        if (!more) return false;
        if (bytes == 0 && !interim) return true;
    }
    return true;
}

/* Sends bytes of the pattern, in pieces of any size. */
static bool send_pattern(const struct tic_exchange *exchange, uint64_t *offset,
                         uint64_t count) {
    unsigned char chunk[1500];
    if (count > script.left_bytes) count = script.left_bytes;
    script.left_bytes -= count;
    while (count > 0) {
        uint64_t bytes = 1 + byte_at(*offset + count) % sizeof chunk * 7 % sizeof chunk;
        if (bytes > count) bytes = count;
        for (uint64_t i = 0; i < bytes; i++) chunk[i] = byte_at(*offset + i);
        script.sent_bytes += bytes;
        if (!exchange->body(exchange->state, (char *)chunk, (size_t)bytes)) return false;
        *offset += bytes;
        count -= bytes;
    }
    return true;
}

static enum tic_outcome send_body(const struct tic_exchange *exchange, uint64_t offset,
                                  struct tic_result *result) {
    char *line;
    while (script.next && strncmp(script.next, "HTTP/", 5) != 0) {
        line = fuzz_line(&script.next);
        if (strcmp(line, "!broken") == 0) return TIC_OUTCOME_BROKEN;
        if (strcmp(line, "!garbage") == 0) return TIC_OUTCOME_GARBAGE;
        if (strcmp(line, "!unreached") == 0) return TIC_OUTCOME_UNREACHED;
        if (*line == '!') {
            result->retry_after_s = strtoull(line + 1, NULL, 10);
            return TIC_OUTCOME_DONE;
        }
        if (exchange->head || !*line) continue;
        if (*line == '=') {
            if (!send_pattern(exchange, &offset, strtoull(line + 1, NULL, 10)))
                return TIC_OUTCOME_STOPPED;
        } else {
            script.honest = false;
            script.sent_bytes += strlen(line);
            if (!exchange->body(exchange->state, line, strlen(line)))
                return TIC_OUTCOME_STOPPED;
        }
    }
    return TIC_OUTCOME_DONE;
}

void tic_transport_run(struct tic_transport *transport,
                       const struct tic_exchange *exchange, struct tic_result *result) {
    uint64_t offset;
    (void)transport;
    *result = (struct tic_result){.outcome = TIC_OUTCOME_UNREACHED, .reason = "end"};
    script.exchanges++;
    script.sent_bytes = 0;
    if (!script.next) {
        result->outcome = TIC_OUTCOME_REFUSED; /* the end: no retry */
        return;
    }
    result->outcome = send_header(exchange, &offset) ? send_body(exchange, offset, result)
                                                     : TIC_OUTCOME_STOPPED;
}

/* Sink ------------------------------------------------------------------------------- */

static uint64_t product(const struct tic_info *info) {
    uint64_t elems = 1;
    for (unsigned i = 0; i < info->rank; i++) {
        if (info->shape[i] == 0) return 0;
    }
    for (unsigned i = 0; i < info->rank; i++) {
        REQUIRE(elems <= UINT64_MAX / info->shape[i]);
        elems *= info->shape[i];
    }
    return elems;
}

static void check_info(const struct tic_info *info) {
    REQUIRE(*info->spec && *info->dtype && info->rank <= TI_MAX_RANK);
    REQUIRE(product(info) == info->elems);
    REQUIRE(info->tries >= 1);
    if (info->total_bytes == TIC_UNKNOWN) return;
    REQUIRE(info->total_bytes <= INT64_MAX && info->first_byte <= info->total_bytes);
    if (info->count_bytes != TIC_UNKNOWN)
        REQUIRE(info->count_bytes <= info->total_bytes - info->first_byte);
}

static bool on_begin(void *state, const struct tic_info *info) {
    (void)state;
    REQUIRE(!script.begun);
    script.begun = true;
    script.first_byte = info->first_byte;
    check_info(info);
    return true;
}

/* Each byte once and in order, wherever exchanges broke. */
static bool on_write(void *state, const void *data, size_t bytes) {
    const unsigned char *byte = data;
    (void)state;
    REQUIRE(script.begun && bytes > 0);
    for (size_t i = 0; i < bytes && script.honest; i++)
        REQUIRE(byte[i] == byte_at(script.first_byte + script.delivered_bytes + i));
    script.delivered_bytes += bytes;
    return true;
}

static bool on_idle(void *state) {
    (void)state;
    return true;
}

/* Request ---------------------------------------------------------------------------- */

/* One word of the second line; '*head' if it is "head". */
static void set_word(struct tic_request *request, char *word, bool *head) {
    static const char *const texts[] = {[TIC_EXPECT_SPEC] = "spec",
                                        [TIC_EXPECT_DTYPE] = "dtype",
                                        [TIC_EXPECT_SHAPE] = "shape"};
    enum ti_status status = TI_OK;
    char *value = strchr(word, '=');
    *head |= strcmp(word, "head") == 0;
    if (!value) return;
    *value++ = '\0';
    const char *comma = strchr(value, ',');
    const uint64_t first = strtoull(value, NULL, 10);
    const uint64_t count = comma ? strtoull(comma + 1, NULL, 10) : TIC_TO_END;
    if (strcmp(word, "bytes") == 0)
        status = tic_request_bytes(request, first, count, NULL);
    if (strcmp(word, "elems") == 0)
        status = tic_request_elems(request, first, count, NULL);
    if (strcmp(word, "skip") == 0) tic_request_number(request, TIC_SKIP_BYTES, first);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i] && strcmp(word, texts[i]) == 0)
            status = tic_request_text(request, (enum tic_text)i, value, NULL);
    }
    REQUIRE(status == TI_OK || status == TI_ERANGE);
}

/* All that a fetch promises about its result. */
static void check_result(const struct tic_request *request, enum ti_status status,
                         const struct tic_info *info, const struct ti_error *error,
                         bool head) {
    enum ti_format format;
    if (status != TI_OK) {
        fuzz_check_error(status, error);
        return;
    }
    check_info(info);
    REQUIRE(head || script.begun);
    if (!head) REQUIRE(info->count_bytes == script.delivered_bytes);
    if (request->texts[TIC_EXPECT_SPEC])
        REQUIRE(strcmp(info->spec, request->texts[TIC_EXPECT_SPEC]) == 0);
    if (!tic_request_format(request, &format)) return;
    if (format == TI_FORMAT_RAW && info->dtype_bytes > 0)
        REQUIRE(info->total_bytes == info->elems * info->dtype_bytes);
    if (request->unit == TIC_UNIT_ALL && !head && info->total_bytes != TIC_UNKNOWN)
        REQUIRE(script.delivered_bytes == info->total_bytes);
    /* A body that is longer than its header says is refused. */
    if (request->unit == TIC_UNIT_ALL && !head && script.exchanges == 1)
        REQUIRE(script.delivered_bytes == script.sent_bytes);
    if (request->unit == TIC_UNIT_BYTES && request->count != TIC_TO_END && !head)
        REQUIRE(script.delivered_bytes == request->count);
}

static void run(struct tic_request *request, bool head) {
    const struct tic_sink sink = {.struct_bytes = sizeof sink,
                                  .begin = on_begin,
                                  .write = on_write,
                                  .idle = on_idle};
    struct tic_info info = {.struct_bytes = sizeof info};
    struct ti_error error;
    const enum ti_status status = head ? tic_head(request, &info, &error)
                                       : tic_fetch(request, &sink, &info, &error);
    check_result(request, status, &info, &error, head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), *at = text, *words;
    struct tic_request *request;
    struct ti_error error;
    bool head = false;
    if (tic_request_make("http://h", &request, NULL) != TI_OK) exit(1);
    tic_request_number(request, TIC_RETRY_WAIT_MS, 0);
    /* Too short for any Retry-After. */
    tic_request_number(request, TIC_RETRY_FOR_MS, 999);
    const enum ti_status status = tic_request_set_query(request, fuzz_line(&at), &error);
    if (status != TI_OK) fuzz_check_error(status, &error);
    words = fuzz_line(&at);
    for (char *word; words && (word = words);) {
        words = strchr(word, ' ');
        if (words) *words++ = '\0';
        set_word(request, word, &head);
    }
    memset(&script, 0, sizeof script);
    script.next = at;
    script.left_bytes = SCRIPT_BYTES;
    script.honest = true;
    if (status == TI_OK) run(request, head);
    tic_request_free(request);
    free(text);
    return 0;
}
