/* SPDX-License-Identifier: MIT */
/*
 * Judges how a request is framed: see framing.h.
 */
#include "server/http/framing.h"

#include <string.h>
#include <strings.h>

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return bytes > 0;
}

/* field-vchar, obs-text, space and tab of RFC 9110 section 5.5. */
static bool is_field_value(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return false;
    }
    return true;
}

static bool is_named(const char *name, size_t name_bytes, const char *wanted) {
    return name_bytes == strlen(wanted) && strncasecmp(name, wanted, name_bytes) == 0;
}

/*
 * Takes a Content-Length into account. Digits only (RFC 9112 section 6.2): where '+5' or
 * '5, 5' is a length for one reader and not for another, they disagree about where the
 * next request begins.
 */
static void add_length(struct tid_framing *framing, const char *value,
                       size_t value_bytes) {
    bool digits = value_bytes > 0;

    framing->content_lengths++;
    for (size_t i = 0; i < value_bytes; i++) {
        digits &= value[i] >= '0' && value[i] <= '9';
        framing->has_content |= value[i] != '0';
    }
    if (!digits && framing->flaw == NULL)
        framing->flaw = "Content-Length is not a number.";
}

void tid_framing_add(struct tid_framing *framing, const char *name, size_t name_bytes,
                     const char *value, size_t value_bytes) {
    /* "Content-Length :" arrives with its space (RFC 9112 section 5.1). */
    if (!is_token(name, name_bytes)) {
        if (framing->flaw == NULL)
            framing->flaw = "The name of a header field is no token.";
        return;
    }
    if (!is_field_value(value, value_bytes) && framing->flaw == NULL)
        framing->flaw = "A header field holds a control character.";

    /* Only four names matter; their lengths tell most others apart at once. */
    switch (name_bytes) {
    case 4:
        framing->hosts += is_named(name, name_bytes, "Host");
        break;
    case 6:
        if (is_named(name, name_bytes, "Expect") &&
            !is_named(value, value_bytes, "100-continue"))
            framing->expects_unknown = true;
        break;
    case 14:
        if (is_named(name, name_bytes, "Content-Length"))
            add_length(framing, value, value_bytes);
        break;
    case 17:
        if (is_named(name, name_bytes, "Transfer-Encoding"))
            framing->has_transfer_encoding = true;
        break;
    default:
        break;
    }
}

bool tid_framing_has_body(const struct tid_framing *framing) {
    return framing->has_transfer_encoding || framing->has_content;
}

struct tid_verdict tid_framing_judge(const struct tid_framing *framing,
                                     enum tid_method method, const char *version) {
    const char *bad_request = "bad request";

    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return (struct tid_verdict){505, "HTTP version not supported",
                                    "This server speaks HTTP/1.1 and HTTP/1.0."};
    if (framing->flaw != NULL)
        return (struct tid_verdict){400, bad_request, framing->flaw};
    /* RFC 9112 section 3.2; HTTP/1.0 did not have it. */
    if (framing->hosts > 1)
        return (struct tid_verdict){400, bad_request,
                                    "The request has more than one Host field."};
    if (framing->hosts == 0 && strcmp(version, "HTTP/1.1") == 0)
        return (struct tid_verdict){400, bad_request, "The request has no Host field."};
    if (framing->content_lengths > 1)
        return (struct tid_verdict){
            400, bad_request, "The request has more than one Content-Length field."};
    if (framing->has_transfer_encoding && framing->content_lengths > 0)
        return (struct tid_verdict){
            400, bad_request,
            "The request has both Content-Length and Transfer-Encoding."};
    if (framing->expects_unknown)
        return (struct tid_verdict){417, "expectation failed",
                                    "The only expectation understood is 100-continue."};
    if (tid_framing_has_body(framing) &&
        (method == TID_METHOD_GET || method == TID_METHOD_HEAD ||
         method == TID_METHOD_OPTIONS))
        return (struct tid_verdict){400, bad_request,
                                    "A request of this method has no body here."};
    return (struct tid_verdict){0, NULL, NULL};
}
