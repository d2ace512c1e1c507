/* SPDX-License-Identifier: MIT */
/* Reads Accept: see negotiate.h. */
#include "server/http/negotiate.h"

#include <string.h>
#include <strings.h>

/* One media range: "type/subtype", without parameters and blanks, and its weight. */
struct media_range {
    const char *type;
    size_t bytes;
    unsigned weight; /* q in thousandths */
};

static size_t trimmed(const char *text, size_t bytes) {
    while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == '\t')) bytes--;
    return bytes;
}

/* q=0.25 as 250 (section 12.4.2); what is no weight counts as 1. */
static unsigned weight_of(const char *at, size_t bytes) {
    unsigned weight, scale = 100;
    if (bytes == 0 || (at[0] != '0' && at[0] != '1')) return 1000;
    weight = at[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < bytes && i < 5 && at[i] >= '0' && at[i] <= '9';
         i++, scale /= 10) {
        weight += (unsigned)(at[i] - '0') * scale;
    }
    return weight > 1000 ? 1000 : weight;
}

/* The range at '*at', which moves past it; false at the end of the field. */
static bool next_range(const char **at, struct media_range *range) {
    *at += strspn(*at, ", \t");
    if (**at == '\0') return false;
    const char *end = *at + strcspn(*at, ",");
    size_t type_bytes = strcspn(*at, ",;");
    range->type = *at;
    range->bytes = trimmed(*at, type_bytes);
    range->weight = 1000;
    for (const char *part = *at + type_bytes; part < end;) {
        part += 1 + strspn(part + 1, " \t");
        size_t bytes = strcspn(part, ",;");
        if (strncasecmp(part, "q=", 2) == 0) {
            range->weight = weight_of(part + 2, trimmed(part, bytes) - 2);
        }
        part += bytes;
    }
    *at = end;
    return true;
}

/* How closely a range fits a media type: 3 exactly, 2 by its type, 1 as any, 0 not. */
static unsigned closeness(const struct media_range *range, const char *media_type) {
    const size_t type_bytes = strcspn(media_type, "/") + 1;
    if (range->bytes == strlen(media_type) &&
        strncasecmp(range->type, media_type, range->bytes) == 0) {
        return 3;
    }
    if (range->bytes == type_bytes + 1 && range->type[type_bytes] == '*' &&
        strncasecmp(range->type, media_type, type_bytes) == 0) {
        return 2;
    }
    return range->bytes == 3 && memcmp(range->type, "*/*", 3) == 0;
}

static unsigned weight_for(const char *accept, const char *media_type) {
    struct media_range range;
    unsigned closest = 0, weight = 0;
    while (next_range(&accept, &range)) {
        const unsigned close = closeness(&range, media_type);
        if (close > closest) {
            closest = close;
            weight = range.weight;
        }
    }
    return weight;
}

bool tid_negotiate(const char *accept, enum ti_format *format) {
    unsigned most = 0;
    if (accept == NULL || accept[strspn(accept, ", \t")] == '\0') {
        *format = TI_FORMAT_RAW;
        return true;
    }
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        const unsigned weight =
            weight_for(accept, ti_format_media_type((enum ti_format)i));
        if (weight > most) {
            most = weight;
            *format = (enum ti_format)i;
        }
    }
    return most > 0;
}
