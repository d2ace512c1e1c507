/* SPDX-License-Identifier: MIT */
/*
 * Parses Accept and Accept-Encoding: see negotiate.h. Sections: RFC 9110.
 */
#include "server/http/negotiate.h"

#include <string.h>
#include <strings.h>

#include "server/http/request.h"

/* A media range (section 12.5.1) without its parameters. */
struct media_range {
    const char *type; /* "type/subtype", either may be '*' */
    size_t bytes;
    unsigned weight; /* 'q' in thousandths */
};

/* A qvalue (section 12.4.2) in thousandths: 250 for "0.25"; 1000 if it is malformed. */
static unsigned weight_parse(const char *text, size_t bytes) {
    unsigned scale = 100;
    if (bytes == 0 || (text[0] != '0' && text[0] != '1')) return 1000;
    unsigned weight = text[0] == '1' ? 1000 : 0;
    /* text[1] is the point; three digits may follow. */
    for (size_t i = 2; i < bytes && i < 5 && text[i] >= '0' && text[i] <= '9'; i++) {
        weight += (unsigned)(text[i] - '0') * scale;
        scale /= 10;
    }
    return weight > 1000 ? 1000 : weight;
}

/* Parses the media range at '*at' and moves behind it. False at the end of the field. */
static bool next_range(const char **at, struct media_range *range) {
    *at += strspn(*at, ", \t");
    if (**at == '\0') return false;
    const char *end = *at + strcspn(*at, ",");
    const size_t type_bytes = strcspn(*at, ",;");
    range->type = *at;
    range->bytes = tid_field_value_bytes(*at, type_bytes);
    range->weight = 1000;
    for (const char *parameter = *at + type_bytes; parameter < end;) {
        parameter += 1 + strspn(parameter + 1, " \t");
        const size_t bytes = strcspn(parameter, ",;");
        if (strncasecmp(parameter, "q=", 2) == 0)
            range->weight =
                weight_parse(parameter + 2, tid_field_value_bytes(parameter, bytes) - 2);
        parameter += bytes;
    }
    *at = end;
    return true;
}

/* How specific a range is that matches a media type; 0 if it does not match. */
static unsigned specificity(const struct media_range *range, const char *media_type) {
    /* With the slash. */
    const size_t type_bytes = strcspn(media_type, "/") + 1;
    if (range->bytes == strlen(media_type) &&
        strncasecmp(range->type, media_type, range->bytes) == 0)
        return 3;
    if (range->bytes == type_bytes + 1 && range->type[type_bytes] == '*' &&
        strncasecmp(range->type, media_type, type_bytes) == 0)
        return 2;
    return range->bytes == 3 && memcmp(range->type, "*/*", 3) == 0;
}

/* The weight of the most specific range that matches (section 12.5.1); 0 if none does. */
static unsigned weight_of(const char *accept, const char *media_type) {
    struct media_range range;
    unsigned specificity_max = 0, weight = 0;
    while (next_range(&accept, &range)) {
        const unsigned specific = specificity(&range, media_type);
        if (specific > specificity_max) {
            specificity_max = specific;
            weight = range.weight;
        }
    }
    return weight;
}

bool tid_negotiate(const char *accept, enum ti_format *format) {
    unsigned weight_max = 0;
    if (!accept || accept[strspn(accept, ", \t")] == '\0') {
        *format = TI_FORMAT_RAW;
        return true;
    }
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        const unsigned weight =
            weight_of(accept, ti_format_media_type((enum ti_format)i));
        if (weight > weight_max) {
            weight_max = weight;
            *format = (enum ti_format)i;
        }
    }
    return weight_max > 0;
}

bool tid_prefers_html(const char *accept) {
    return accept && weight_of(accept, "text/html") > weight_of(accept, "text/plain");
}

bool tid_accepts_gzip(const char *accept_encoding) {
    struct media_range coding; /* a name with a weight, likewise */
    bool any = false, is_named = false, gzip = false;
    while (accept_encoding && next_range(&accept_encoding, &coding)) {
        if (coding.bytes == 1 && coding.type[0] == '*') any = coding.weight > 0;
        if (coding.bytes != 4 || strncasecmp(coding.type, "gzip", 4) != 0) continue;
        is_named = true;
        gzip = coding.weight > 0;
    }
    return is_named ? gzip : any;
}
