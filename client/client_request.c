/* SPDX-License-Identifier: MIT */
/* Requests: parameters and settings, and how they become a URL and a range of bytes. */
#include "client/client_request.h"

#include <stdlib.h>
#include <string.h>

#include <tensorinit/spellings.h>

#include "client/client_error.h"
#include "client/transport.h"

#define PATH "/v1/tensor"

static const uint64_t number_defaults[TIC_NUMBER_COUNT] = {
    [TIC_CONNECT_TIMEOUT_MS] = 10000,
    [TIC_STALL_TIMEOUT_S] = 60,
    [TIC_STALL_BYTES_PER_S] = 1,
    [TIC_RETRY_FOR_MS] = 300000,
    [TIC_RETRY_WAIT_MS] = 30000,
    [TIC_SKIP_BYTES] = (uint64_t)64 << 20,
    [TIC_REDIRECTS] = 0,
};

enum ti_status tic_request_add_server(struct tic_request *request, const char *server_url,
                                      struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    if (!server_url) return tic_missing(error, "server");
    if (request->server_count == TIC_SERVERS_MAX) {
        return tic_fail(error, TI_ETOOLARGE, "server", "more than %d servers",
                        TIC_SERVERS_MAX);
    }
    enum ti_status status =
        tic_server_url_parse(&request->servers[request->server_count], server_url, error);
    if (status == TI_OK) request->server_count++;
    return status;
}

enum ti_status tic_request_make(const char *server_url, struct tic_request **request,
                                struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    struct tic_request *made = calloc(1, sizeof *made);
    if (!made) return tic_out_of_memory(error);
    memcpy(made->numbers, number_defaults, sizeof number_defaults);
    made->count = TIC_TO_END;
    enum ti_status status = tic_request_add_server(made, server_url, error);
    if (status == TI_OK && !(made->transports[0] = tic_transport_make())) {
        status = tic_out_of_memory(error);
    }
    if (status == TI_OK) {
        *request = made;
    } else {
        tic_request_free(made);
    }
    return status;
}

void tic_request_free(struct tic_request *request) {
    if (!request) return;
    for (size_t i = 0; i < request->param_count; i++) {
        free(request->params[i].name);
        free(request->params[i].value);
    }
    for (size_t i = 0; i < TIC_TEXT_COUNT; i++) free(request->texts[i]);
    free(request->params);
    free(request->path);
    free(request->post);
    for (size_t i = 0; i < request->header_count; i++) free(request->headers[i]);
    for (size_t i = 0; i < request->server_count; i++) {
        tic_server_url_clear(&request->servers[i]);
    }
    for (size_t i = 0; i < TIC_JOBS_MAX; i++) tic_transport_free(request->transports[i]);
    tic_response_clear(&request->response);
    free(request);
}

/* Parameters ------------------------------------------------------------------------- */

static struct tic_param *find(const struct tic_request *request, const char *param) {
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, param) == 0) return &request->params[i];
    }
    return NULL;
}

const char *tic_request_get(const struct tic_request *request, const char *param) {
    const struct tic_param *found = find(request, param);
    return found ? found->value : NULL;
}

/* Keeps the order of the others, which is that of the URL. */
static void remove_param(struct tic_request *request, struct tic_param *param) {
    free(param->name);
    free(param->value);
    request->param_count--;
    size_t following = (size_t)(request->params + request->param_count - param);
    memmove(param, param + 1, following * sizeof *param);
}

/* Sets a parameter as it is. */
static enum ti_status set(struct tic_request *request, const char *param,
                          const char *value, struct ti_error *error) {
    struct tic_param *existing = find(request, param), *params, new = {0};
    char *resolved = NULL;
    if (!*param)
        return tic_fail(error, TI_EPARAM, "", "the name of a parameter is empty");
    if (!value) {
        if (existing) remove_param(request, existing);
        return TI_OK;
    }
    if (existing) {
        return tic_fail(error, TI_EDUPLICATE, param, "%s is given more than once", param);
    }
    if (strcmp(param, "shard") == 0) {
        enum ti_status status = tic_shard_resolve(value, &resolved, error);
        if (status != TI_OK) return status;
    }
    params = realloc(request->params, (request->param_count + 1) * sizeof *params);
    if (!params) {
        free(resolved);
        return tic_out_of_memory(error);
    }
    request->params = params;
    new.name = strdup(param);
    new.value = resolved ? resolved : strdup(value);
    if (!new.name || !new.value) {
        free(new.name);
        free(new.value);
        return tic_out_of_memory(error);
    }
    params[request->param_count++] = new;
    return TI_OK;
}

enum ti_status tic_request_set(struct tic_request *request, const char *param,
                               const char *value, struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    if (!param) return tic_missing(error, "param");
    if (!value) return set(request, param, NULL, error);
    const size_t bytes = strlen(value);
    char *plain = malloc(bytes + TI_SPELLING_GROWTH + 1);
    if (!plain) return tic_out_of_memory(error);
    plain[ti_spelling_plain(param, value, bytes, plain)] = '\0';
    enum ti_status status = set(request, param, plain, error);
    free(plain);
    return status;
}

static int hex_value(char c) { return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c - '0'; }

/* Decodes [from, end), as ti_query_plain() writes it, to 'out', which has as many bytes
   and one for the NUL; false if it has an encoded NUL. */
static bool decode(const char *from, const char *end, char *out) {
    while (from < end) {
        char c = *from++;
        if (c == '%') {
            c = (char)(hex_value(from[0]) * 16 + hex_value(from[1]));
            if (c == '\0') return false;
            from += 2;
        }
        *out++ = c;
    }
    *out = '\0';
    return true;
}

static enum ti_status set_pair(struct tic_request *request, const char *pair,
                               size_t bytes, struct ti_error *error) {
    const char *equals = memchr(pair, '=', bytes);
    enum ti_status status;
    size_t name_bytes = (size_t)(equals - pair);
    char *name = malloc(name_bytes + 1), *value = malloc(bytes - name_bytes);
    if (!name || !value) {
        status = tic_out_of_memory(error);
    } else if (!decode(pair, equals, name) || !decode(equals + 1, pair + bytes, value)) {
        status = tic_fail(error, TI_EVALUE, name, "a value cannot have a NUL");
    } else {
        status = set(request, name, value, error);
    }
    free(name);
    free(value);
    return status;
}

enum ti_status tic_request_set_query(struct tic_request *request, const char *query,
                                     struct ti_error *error) {
    char *plain;
    if (!request) return tic_missing(error, "request");
    if (!query) return tic_missing(error, "query");
    enum ti_status status = ti_query_plain(query, strlen(query), &plain, error);
    if (status != TI_OK) return status;
    for (const char *at = plain; *at && status == TI_OK;) {
        size_t bytes = strcspn(at, "&");
        status = set_pair(request, at, bytes, error);
        at += bytes + (at[bytes] == '&');
    }
    free(plain);
    return status;
}

/* URL -------------------------------------------------------------------------------- */

/*
 * Unreserved characters (RFC 3986 section 2.3), and ',' and ':', which a query may
 * contain unencoded: that keeps URLs in logs readable.
 */
static bool is_plain(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~,:", c));
}

static char *encode(char *out, const char *text) {
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        if (is_plain(*text)) {
            *out++ = *text;
        } else {
            *out++ = '%';
            *out++ = digits[(unsigned char)*text >> 4];
            *out++ = digits[(unsigned char)*text & 15];
        }
    }
    return out;
}

char *tic_request_url_at(const struct tic_request *request, size_t server) {
    const char *base = request->servers[server].base;
    const char *path = request->path ? request->path : PATH;
    size_t capacity_bytes = strlen(base) + strlen(path) + 1;
    for (size_t i = 0; i < request->param_count; i++) {
        const struct tic_param *param = &request->params[i];
        capacity_bytes += 3 * (strlen(param->name) + strlen(param->value)) + 2;
    }
    char *made = malloc(capacity_bytes), *at = made;
    if (!made) return NULL;
    at = stpcpy(stpcpy(at, base), path);
    for (size_t i = 0; i < request->param_count; i++) {
        *at++ = i == 0 ? '?' : '&';
        at = encode(at, request->params[i].name);
        *at++ = '=';
        at = encode(at, request->params[i].value);
    }
    *at = '\0';
    return made;
}

enum ti_status tic_request_url(const struct tic_request *request, char **url,
                               struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    if (!url) return tic_missing(error, "url");
    char *made = tic_request_url_at(request, 0);
    if (!made) return tic_out_of_memory(error);
    *url = made;
    return TI_OK;
}

/* Unreserved characters, and slashes between segments. */
static bool is_path(const char *path) {
    for (const char *at = path; *at; at++) {
        if (*at != '/' && (!is_plain(*at) || strchr(",:", *at))) return false;
    }
    return path[0] == '/';
}

enum ti_status tic_request_path(struct tic_request *request, const char *path,
                                struct ti_error *error) {
    char *copy = NULL;
    if (!request) return tic_missing(error, "request");
    if (path && !is_path(path)) {
        return tic_fail(error, TI_EVALUE, "",
                        "'%.200s' is not a path of letters, digits and /-._~", path);
    }
    if (path && !(copy = strdup(path))) return tic_out_of_memory(error);
    free(request->path);
    request->path = copy;
    return TI_OK;
}

enum ti_status tic_request_post(struct tic_request *request, const char *json,
                                size_t bytes, struct ti_error *error) {
    char *copy = NULL;
    if (!request) return tic_missing(error, "request");
    if (json && !(copy = malloc(bytes + 1))) return tic_out_of_memory(error);
    if (json) memcpy(copy, json, bytes);
    free(request->post);
    request->post = copy;
    request->post_bytes = json ? bytes : 0;
    return TI_OK;
}

/* Parts and settings ----------------------------------------------------------------- */

static enum ti_status set_part(struct tic_request *request, enum tic_unit unit,
                               uint64_t first, uint64_t count, struct ti_error *error) {
    if (!request) return tic_missing(error, "request");
    if (first > TIC_MAX_BYTES || (count != TIC_TO_END && count > TIC_MAX_BYTES - first)) {
        return tic_fail(error, TI_ERANGE, "", "the part ends beyond 2^63-1");
    }
    request->unit = first == 0 && count == TIC_TO_END ? TIC_UNIT_ALL : unit;
    request->first = first;
    request->count = count;
    return TI_OK;
}

enum ti_status tic_request_elems(struct tic_request *request, uint64_t first_elem,
                                 uint64_t count_elems, struct ti_error *error) {
    return set_part(request, TIC_UNIT_ELEMS, first_elem, count_elems, error);
}

enum ti_status tic_request_bytes(struct tic_request *request, uint64_t first_byte,
                                 uint64_t count_bytes, struct ti_error *error) {
    return set_part(request, TIC_UNIT_BYTES, first_byte, count_bytes, error);
}

void tic_request_number(struct tic_request *request, enum tic_number which,
                        uint64_t value) {
    if (!request || (unsigned)which >= TIC_NUMBER_COUNT) return;
    if (which != TIC_SKIP_BYTES && value > INT32_MAX) value = INT32_MAX;
    if (which == TIC_JOBS && value > TIC_JOBS_MAX) value = TIC_JOBS_MAX;
    request->numbers[which] = value;
}

enum ti_status tic_request_text(struct tic_request *request, enum tic_text which,
                                const char *value, struct ti_error *error) {
    char *copy = NULL;
    if (!request) return tic_missing(error, "request");
    if ((unsigned)which >= TIC_TEXT_COUNT) {
        return tic_fail(error, TI_EPARAM, "", "unknown setting");
    }
    if (value && which == TIC_TOKEN) {
        enum ti_status status = tic_request_check_token(request, value, error);
        if (status != TI_OK) return status;
    }
    if (value && !(copy = strdup(value))) return tic_out_of_memory(error);
    free(request->texts[which]);
    request->texts[which] = copy;
    return TI_OK;
}

bool tic_dtype_named(const char *name, enum ti_dtype *dtype) {
    for (int i = 0; i < TI_DTYPE_COUNT; i++) {
        if (strcmp(ti_dtype_name((enum ti_dtype)i), name) != 0) continue;
        *dtype = (enum ti_dtype)i;
        return true;
    }
    return false;
}

bool tic_request_format(const struct tic_request *request, enum ti_format *format) {
    const char *name = tic_request_get(request, "format");
    if (request->path) return false;
    if (!name) name = ti_format_name(TI_FORMAT_RAW);
    for (int i = 0; i < TI_FORMAT_COUNT; i++) {
        if (strcmp(ti_format_name((enum ti_format)i), name) != 0) continue;
        *format = (enum ti_format)i;
        return true;
    }
    return false;
}

/* A path has none of what a tensor has, and only a path takes a POST. */
static enum ti_status check_path(const struct tic_request *request,
                                 struct ti_error *error) {
    const bool has_tensor = request->param_count > 0 || request->unit == TIC_UNIT_ELEMS ||
                            request->texts[TIC_EXPECT_SPEC] ||
                            request->texts[TIC_EXPECT_DTYPE] ||
                            request->texts[TIC_EXPECT_SHAPE];
    if (request->path && has_tensor) {
        return tic_fail(error, TI_EINAPPLICABLE, "",
                        "a request with a path is not about a tensor: it has no "
                        "parameters, elements, spec, dtype and shape");
    }
    if (request->post && (!request->path || request->unit != TIC_UNIT_ALL)) {
        return tic_fail(error, TI_EINAPPLICABLE, "",
                        "POST is for a request with a path, and for all of its response");
    }
    return TI_OK;
}

enum ti_status tic_request_part(const struct tic_request *request, uint64_t *first_byte,
                                uint64_t *count_bytes, struct ti_error *error) {
    uint64_t bytes = 1;
    const enum ti_status status = check_path(request, error);
    if (status != TI_OK) return status;
    if (request->unit == TIC_UNIT_ELEMS) {
        const char *name = tic_request_get(request, "dtype");
        enum ti_dtype dtype = TI_DTYPE_F32;
        enum ti_format format;
        if (!tic_request_format(request, &format) || format != TI_FORMAT_RAW) {
            return tic_fail(
                error, TI_EINAPPLICABLE, "format",
                "a range of elements needs format=raw; with format=%s request "
                "bytes",
                tic_request_get(request, "format"));
        }
        if (name && !tic_dtype_named(name, &dtype)) {
            return tic_fail(error, TI_EVALUE, "dtype",
                            "the size of '%s' is not known here; request bytes", name);
        }
        bytes = ti_dtype_bytes(dtype);
    }
    uint64_t end = request->first + (request->count != TIC_TO_END ? request->count : 0);
    if (end > TIC_MAX_BYTES / bytes) {
        return tic_fail(error, TI_ERANGE, "", "the part ends beyond 2^63-1 bytes");
    }
    *first_byte = request->first * bytes;
    *count_bytes = request->count == TIC_TO_END ? TIC_TO_END : request->count * bytes;
    return TI_OK;
}
