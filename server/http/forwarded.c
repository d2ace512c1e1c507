/* SPDX-License-Identifier: MIT */
/* See forwarded.h. */
#include "server/http/forwarded.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* A part of a text. */
struct part {
    const char *text; /* NULL: there is none */
    size_t bytes;
};

static struct part trim(struct part part) {
    while (part.bytes > 0 && (*part.text == ' ' || *part.text == '\t')) {
        part.text++;
        part.bytes--;
    }
    part.bytes = tid_field_value_bytes(part.text, part.bytes);
    return part;
}

/* The last element of a list. */
static struct part last_of(const char *list) {
    if (!list) return (struct part){NULL, 0};
    const char *comma = strrchr(list, ',');
    const char *start = comma ? comma + 1 : list;
    return trim((struct part){start, strlen(start)});
}

/* The value of a parameter of a forwarded-element, without quotes (RFC 7239 section 4). */
static struct part parameter(struct part element, const char *name) {
    if (!element.text) return element;
    const char *at = element.text, *end = at + element.bytes;
    while (at < end) {
        const char *next = memchr(at, ';', (size_t)(end - at));
        const char *stop = next ? next : end;
        struct part pair = trim((struct part){at, (size_t)(stop - at)});
        const size_t name_bytes = strlen(name);
        if (pair.bytes > name_bytes && pair.text[name_bytes] == '=' &&
            strncasecmp(pair.text, name, name_bytes) == 0) {
            pair.text += name_bytes + 1;
            pair.bytes -= name_bytes + 1;
            if (pair.bytes >= 2 && *pair.text == '"' && pair.text[pair.bytes - 1] == '"')
                return (struct part){pair.text + 1, pair.bytes - 2};
            return pair;
        }
        at = next ? next + 1 : end;
    }
    return (struct part){NULL, 0};
}

static bool consists_of(struct part part, const char *characters) {
    for (size_t i = 0; i < part.bytes; i++) {
        if (part.text[i] == '\0' || !strchr(characters, part.text[i])) return false;
    }
    return part.bytes > 0;
}

#define HOST_BYTES_MAX 255

/* Plain enough for a shell, into which people paste what is made of it. */
static bool is_host(struct part part) {
    return part.text && part.bytes <= HOST_BYTES_MAX &&
           consists_of(part, LETTERS ".-:[]_");
}

static bool is_scheme(struct part part, const char *scheme) {
    return part.text && part.bytes == strlen(scheme) &&
           strncasecmp(part.text, scheme, part.bytes) == 0;
}

/* Not "//", which would begin an authority (RFC 3986 section 3.2). */
static bool is_path(struct part part) {
    if (!part.text || part.bytes >= TID_BASE_PATH_BYTES || *part.text != '/' ||
        part.text[part.bytes - 1] == '/' || !consists_of(part, LETTERS "-._~/"))
        return false;
    for (size_t i = 1; i < part.bytes; i++) {
        if (part.text[i] == '/' && part.text[i - 1] == '/') return false;
    }
    return true;
}

const char *tid_base_path_flaw(const char *path) {
    return is_path((struct part){path, strlen(path)})
               ? NULL
               : "expected a path such as /tensors: at most 100 letters, digits, - . _ ~ "
                 "and single /, none at the end";
}

/* Removes the base path; false if the path does not begin with it. */
static bool strip(struct tid_request *request, const char *base_path) {
    const size_t bytes = strlen(base_path);
    if (bytes == 0 || request->path_bytes < bytes ||
        memcmp(request->path, base_path, bytes) != 0)
        return false;
    if (request->path_bytes == bytes) {
        request->path = "/";
        request->path_bytes = 1;
        return true;
    }
    if (request->path[bytes] != '/') return false;
    request->path += bytes;
    request->path_bytes -= bytes;
    return true;
}

/* Copies a part, with a NUL behind it, to where it has space; returns where it ends. */
static char *append(char *to, struct part part) {
    if (part.bytes > 0) memcpy(to, part.text, part.bytes);
    to[part.bytes] = '\0';
    return to + part.bytes;
}

_Static_assert(sizeof "https://" - 1 + HOST_BYTES_MAX < TID_ORIGIN_BYTES, "append()");
_Static_assert(2 * (TID_BASE_PATH_BYTES - 1) < TID_PREFIX_BYTES, "append()");

void tid_forwarded_apply(struct tid_request *request, const char *base_path, bool secure,
                         bool trusted) {
    const struct part none = {NULL, 0};
    const char *const *fields = request->fields;
    const char *own_host = fields[TID_FIELD_HOST];
    struct part scheme = {secure ? "https" : "http", secure ? 5 : 4}, prefix = none;
    struct part host = own_host ? (struct part){own_host, strlen(own_host)} : none;
    const bool stripped = strip(request, base_path);
    if (trusted) {
        const struct part element = last_of(fields[TID_FIELD_FORWARDED]);
        const struct part hosts[] = {parameter(element, "host"),
                                     last_of(fields[TID_FIELD_X_FORWARDED_HOST])};
        const struct part schemes[] = {parameter(element, "proto"),
                                       last_of(fields[TID_FIELD_X_FORWARDED_PROTO])};
        for (unsigned i = 0; i < 2; i++) {
            if (is_host(hosts[i])) host = hosts[i];
            if (is_scheme(schemes[i], "https")) scheme = (struct part){"https", 5};
            if (is_scheme(schemes[i], "http")) scheme = (struct part){"http", 4};
        }
        prefix = last_of(fields[TID_FIELD_X_FORWARDED_PREFIX]);
        /* Some proxies write a '/' at its end. */
        if (prefix.bytes > 1 && prefix.text[prefix.bytes - 1] == '/') prefix.bytes--;
        if (!is_path(prefix)) prefix = none;
    }
    char *end = request->origin;
    *end = '\0';
    if (is_host(host)) append(append(append(end, scheme), (struct part){"://", 3}), host);
    /* A proxy that removed a prefix has left the base path, or that was the prefix. */
    end = append(request->prefix, prefix);
    if (stripped || !prefix.text)
        append(end, (struct part){base_path, strlen(base_path)});
}

/*
 * Reads an address, maybe with a port, as "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or
 * "[2001:db8::1]:80" (RFC 7239 section 6; X-Forwarded-For has IPv6 without brackets, too).
 */
static bool read_address(struct part part, struct sockaddr_storage *address) {
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (part.bytes > 0 && part.text[0] == '[') {
        const char *end = memchr(part.text, ']', part.bytes);
        if (!end) return false;
        part = (struct part){part.text + 1, (size_t)(end - part.text) - 1};
    } else if (part.bytes > 0) {
        const char *colon = memchr(part.text, ':', part.bytes);
        const char *dot = memchr(part.text, '.', part.bytes);
        if (colon && dot && dot < colon) part.bytes = (size_t)(colon - part.text);
    }
    if (part.bytes >= sizeof text) return false;
    append(text, part);
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(address, &v4, sizeof v4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1) return false;
    memcpy(address, &v6, sizeof v6);
    return true;
}

/* Takes the last element off a list. */
static bool take_last(struct part *list, struct part *element) {
    if (!list->text) return false;
    size_t start = list->bytes;
    while (start > 0 && list->text[start - 1] != ',') start--;
    *element = trim((struct part){list->text + start, list->bytes - start});
    list->bytes = start > 0 ? start - 1 : 0;
    if (start == 0) list->text = NULL;
    return true;
}

bool tid_forwarded_client(const struct tid_request *request,
                          const struct tid_network_list *trusted,
                          struct sockaddr_storage *client) {
    const char *addresses = request->fields[TID_FIELD_X_FORWARDED_FOR];
    const char *text = addresses ? addresses : request->fields[TID_FIELD_FORWARDED];
    if (!text) return false;
    struct part list = {text, strlen(text)}, element;
    struct sockaddr_storage address;
    bool found = false;
    while (take_last(&list, &element)) {
        if (!addresses) element = parameter(element, "for");
        if (!element.text || !read_address(element, &address)) break;
        *client = address;
        found = true;
        if (!tid_networks_have(trusted, (const struct sockaddr *)client)) break;
    }
    return found;
}
