/* SPDX-License-Identifier: MIT */
/*
 * Checks how a request is framed: see framing.h.
 */
#include "server/http/framing.h"

#include <string.h>
#include <strings.h>

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return bytes > 0;
}

/* field-vchar, obs-text, space and tab of RFC 9110 section 5.5. */
static bool is_field_value(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

/* Ignores case: for field names (RFC 9110 section 5.1) and 100-continue (10.1.1). */
static bool equals(const char *text, size_t text_bytes, const char *word) {
    return text_bytes == strlen(word) && strncasecmp(text, word, text_bytes) == 0;
}

/* RFC 9112 section 3.2: two parties may read an invalid one differently. */
static void add_host(struct tid_framing *framing, const char *value, size_t value_bytes) {
    framing->hosts++;
    if (!tid_host_is_valid(value, value_bytes) && !framing->error)
        framing->error = "Host is not a name or an address, maybe with a port.";
}

/*
 * Adds a Content-Length. Only digits are valid (RFC 9110 section 8.6): if one reader
 * takes '+5' or '5, 5' for a length and another does not, they disagree about where the
 * next request begins.
 */
static void add_content_length(struct tid_framing *framing, const char *value,
                               size_t value_bytes) {
    bool digits = value_bytes > 0;
    framing->content_lengths++;
    framing->content_bytes = 0;
    for (size_t i = 0; i < value_bytes; i++) {
        const unsigned digit = (unsigned char)value[i] - (unsigned)'0';
        const bool fits = framing->content_bytes <= (UINT64_MAX - digit) / 10;
        framing->content_bytes = fits ? framing->content_bytes * 10 + digit : UINT64_MAX;
        digits &= value[i] >= '0' && value[i] <= '9';
        framing->has_content |= value[i] != '0';
    }
    if (!digits && !framing->error) framing->error = "Content-Length is not a number.";
}

void tid_framing_add(struct tid_framing *framing, const char *name, size_t name_bytes,
                     const char *value, size_t value_bytes) {
    /* The name of "Content-Length : 5" includes its space (RFC 9112 section 5.1). */
    if (!is_token(name, name_bytes)) {
        if (!framing->error)
            framing->error = "The name of a header field is not a valid token.";
        return;
    }
    if (!is_field_value(value, value_bytes) && !framing->error)
        framing->error = "A header field contains a control character.";

    /* Comparing the length first rules out most other fields quickly. */
    switch (name_bytes) {
    case 4:
        if (equals(name, name_bytes, "Host")) add_host(framing, value, value_bytes);
        break;
    case 6:
        if (equals(name, name_bytes, "Expect") &&
            !equals(value, value_bytes, "100-continue"))
            framing->expects_unknown = true;
        break;
    case 14:
        if (equals(name, name_bytes, "Content-Length"))
            add_content_length(framing, value, value_bytes);
        break;
    case 17:
        if (equals(name, name_bytes, "Transfer-Encoding"))
            framing->has_transfer_encoding = true;
        break;
    default:
        break;
    }
}

bool tid_framing_has_body(const struct tid_framing *framing) {
    return framing->has_transfer_encoding || framing->has_content;
}

static struct tid_rejection bad_request(const char *detail) {
    return (struct tid_rejection){400, "bad request", detail};
}

struct tid_rejection tid_framing_check(const struct tid_framing *framing,
                                       enum tid_method method, const char *version) {
    const bool is_http11 = strcmp(version, "HTTP/1.1") == 0;
    if (!is_http11 && strcmp(version, "HTTP/1.0") != 0)
        return (struct tid_rejection){505, "HTTP version not supported",
                                      "This server supports HTTP/1.1 and HTTP/1.0."};
    if (framing->error) return bad_request(framing->error);
    /* RFC 9112 section 3.2; HTTP/1.0 does not require the field. */
    if (framing->hosts > 1)
        return bad_request("The request has more than one Host field.");
    if (framing->hosts == 0 && is_http11)
        return bad_request("The request has no Host field.");
    /* RFC 9112 section 6.3. */
    if (framing->content_lengths > 1)
        return bad_request("The request has more than one Content-Length field.");
    if (framing->has_transfer_encoding && framing->content_lengths > 0)
        return bad_request("The request has both Content-Length and Transfer-Encoding.");
    /* RFC 9110 section 10.1.1. */
    if (framing->expects_unknown)
        return (struct tid_rejection){417, "expectation failed",
                                      "The only supported expectation is 100-continue."};
    /* RFC 9110 sections 9.3.1, 9.3.2 and 9.3.7. Routing rejects the other methods. */
    if (tid_framing_has_body(framing) &&
        (method == TID_METHOD_GET || method == TID_METHOD_HEAD ||
         method == TID_METHOD_OPTIONS))
        return bad_request("GET, HEAD and OPTIONS requests must not have a body here.");
    return (struct tid_rejection){0, NULL, NULL};
}
