/* SPDX-License-Identifier: MIT */
/*
 * The input is the head of a request, for the parsers of server/http: framing, target,
 * Range, Accept and conditions. What must hold is from RFC 9110 and RFC 9112; sections
 * without a number of the RFC are of RFC 9110.
 */
#include <strings.h>

#include "fuzz/server/request_head.h"
#include "server/http/conditional.h"
#include "server/http/cors.h"
#include "server/http/forwarded.h"
#include "server/http/multipart.h"
#include "server/http/negotiate.h"
#include "server/http/range.h"
#include "server/http/repr_digest.h"
#include "server/http/request_id.h"

#define ETAG "\"0123456789abcdef0123456789abcdef\""

static bool is_field(const struct fuzz_field *field, const char *name) {
    return field->name_bytes == strlen(name) &&
           strncasecmp(field->name, name, field->name_bytes) == 0;
}

static size_t count_fields(const struct fuzz_head *head, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < head->field_count; i++)
        count += is_field(&head->fields[i], name);
    return count;
}

/* Framing ---------------------------------------------------------------------------- */

static bool is_digits(const char *text, size_t bytes) {
    return bytes > 0 && strspn(text, "0123456789") >= bytes;
}

/* A request that is not rejected: everyone agrees where it ends. */
static void check_accepted(const struct fuzz_head *head, enum tid_method method) {
    const size_t lengths = count_fields(head, "Content-Length");
    const bool has_coding = count_fields(head, "Transfer-Encoding") > 0;
    const bool old = strcmp(head->version, "HTTP/1.0") == 0;
    REQUIRE(old || strcmp(head->version, "HTTP/1.1") == 0);
    /* RFC 9112 sections 3.2 and 6.3. */
    REQUIRE(count_fields(head, "Host") == 1 || (old && count_fields(head, "Host") == 0));
    REQUIRE(lengths + has_coding <= 1);
    for (size_t i = 0; i < head->field_count; i++) {
        const struct fuzz_field *field = &head->fields[i];
        const char *value = field->value;
        /* RFC 9110 sections 5.1 and 5.5. */
        REQUIRE(field->name_bytes > 0);
        for (size_t k = 0; k < field->name_bytes; k++)
            REQUIRE(field->name[k] > ' ' &&
                    !strchr("\"(),/:;<=>?@[\\]{}\x7f", field->name[k]));
        for (size_t k = 0; k < field->value_bytes; k++)
            REQUIRE(value[k] && value[k] != '\r' && value[k] != '\n' && value[k] != 0x7f);
        if (is_field(field, "Content-Length")) {
            REQUIRE(is_digits(value, field->value_bytes));
            REQUIRE(method >= TID_METHOD_POST ||
                    strspn(value, "0") == field->value_bytes);
        }
        if (is_field(field, "Expect")) REQUIRE(strcasecmp(value, "100-continue") == 0);
    }
    REQUIRE(method >= TID_METHOD_POST || !has_coding);
}

static void check_framing(const struct fuzz_head *head, struct tid_request *request) {
    const struct tid_rejection rejection = fuzz_head_check(head, request);
    if (rejection.status == 0) {
        check_accepted(head, request->method);
        return;
    }
    REQUIRE(rejection.status == 400 || rejection.status == 417 ||
            rejection.status == 505);
    REQUIRE(*rejection.title && *rejection.detail);
}

/* Target ----------------------------------------------------------------------------- */

static void check_same_split(const struct tid_request *a, const struct tid_request *b) {
    REQUIRE(a->path_bytes == b->path_bytes && a->query_bytes == b->query_bytes);
    REQUIRE(memcmp(a->path, b->path, a->path_bytes) == 0);
    REQUIRE(memcmp(a->query, b->query, a->query_bytes) == 0);
}

static void check_target(const struct fuzz_head *head, struct tid_request *request) {
    static const char authority[] = "http://[::1]:8080";
    const char *target = head->target, *end = target + head->target_bytes;
    const char *error = tid_target_split(target, head->target_bytes, request);
    if (error) {
        REQUIRE(*error && error[strlen(error) - 1] == '.');
        return;
    }
    for (const char *c = target; c < end; c++)
        REQUIRE((unsigned char)*c > ' ' && *c != 0x7f && *c != '#');
    if (*request->path == '*') {
        REQUIRE(request->method == TID_METHOD_OPTIONS && head->target_bytes == 1);
        REQUIRE(request->path_bytes == 1 && request->query_bytes == 0);
        return;
    }
    REQUIRE(request->path_bytes > 0 && *request->path == '/');
    REQUIRE(!memchr(request->path, '?', request->path_bytes));
    /* The query is all that follows the first '?'. */
    const char *mark = memchr(target, '?', head->target_bytes);
    REQUIRE(request->query_bytes == (mark ? (size_t)(end - mark - 1) : 0));
    REQUIRE(!mark || request->query == mark + 1);
    if (*target != '/') return;
    /* RFC 9112 section 3.2.2: the absolute form means the same. */
    const size_t bytes = sizeof authority - 1 + head->target_bytes;
    char *absolute = malloc(bytes);
    struct tid_request again = {.method = request->method};
    if (!absolute) exit(1);
    memcpy(absolute, authority, sizeof authority - 1);
    memcpy(absolute + sizeof authority - 1, target, head->target_bytes);
    REQUIRE(!tid_target_split(absolute, bytes, &again));
    check_same_split(request, &again);
    free(absolute);
}

/* Range ------------------------------------------------------------------------------ */

/* Digits, at least one; the largest number stands for all that are larger. */
static const char *read_digits(const char *text, uint64_t *value) {
    const size_t digits = strspn(text, "0123456789");
    const size_t zeros = strspn(text, "0");
    char copy[24] = "0";
    if (digits == 0) return NULL;
    *value = UINT64_MAX;
    if (digits - zeros > 19) return text + digits;
    memcpy(copy + 1, text + zeros, digits - zeros);
    *value = strtoull(copy, NULL, 10);
    return text + digits;
}

/* What section 14 says of a range without blanks; false if it says nothing here. */
static bool expected_range(const char *value, uint64_t total, enum tid_range_kind *kind,
                           struct tid_range *range) {
    uint64_t first, last = UINT64_MAX;
    *kind = TID_RANGE_WHOLE;
    *range = (struct tid_range){0, total};
    if (strncmp(value, "bytes=", 6) != 0) return false;
    value += 6;
    if (*value == '-') {
        const char *end = read_digits(value + 1, &last);
        if (!end || *end) return false;
        if (last == 0) *kind = TID_RANGE_UNSATISFIABLE;
        if (last == 0) *range = (struct tid_range){0, 0};
        if (last == 0 || total == 0) return true;
        *kind = TID_RANGE_PART;
        if (last < total) *range = (struct tid_range){total - last, last};
        return true;
    }
    value = read_digits(value, &first);
    if (!value || *value++ != '-') return false;
    if (*value) value = read_digits(value, &last);
    /* Numbers beyond 19 digits are not compared here. */
    if (!value || *value || first == UINT64_MAX) return false;
    if (first > last) return true;
    if (first >= total) {
        *kind = TID_RANGE_UNSATISFIABLE;
        *range = (struct tid_range){0, 0};
        return true;
    }
    const uint64_t end = last < total ? last + 1 : total;
    *kind = TID_RANGE_PART;
    *range = (struct tid_range){first, end - first};
    return true;
}

static bool same_range(struct tid_range a, struct tid_range b) {
    return a.first == b.first && a.count_bytes == b.count_bytes;
}

/* Each lies within the body, and none overlaps or adjoins another (15.3.7.2). */
static void check_parts(const struct tid_ranges *ranges, uint64_t total) {
    for (unsigned i = 0; i < ranges->count; i++) {
        const struct tid_range range = ranges->list[i];
        REQUIRE(range.count_bytes >= 1 && range.count_bytes <= total);
        REQUIRE(range.first <= total - range.count_bytes);
        for (unsigned k = 0; k < i; k++) {
            const struct tid_range other = ranges->list[k];
            REQUIRE(range.first > other.first + other.count_bytes ||
                    other.first > range.first + range.count_bytes);
        }
    }
}

/* As Content-Range gives them, they request the same bytes. */
static void check_again(const struct tid_ranges *ranges, uint64_t total) {
    char text[TID_RANGES_MAX * 48] = "Bytes= \t";
    struct tid_ranges again;
    for (unsigned i = 0; i < ranges->count; i++)
        sprintf(text + strlen(text), "%s%llu-%llu ", i > 0 ? "," : "",
                (unsigned long long)ranges->list[i].first,
                (unsigned long long)(ranges->list[i].first + ranges->list[i].count_bytes -
                                     1));
    tid_ranges_parse(text, total, &again);
    REQUIRE(again.kind == TID_RANGE_PART && again.count == ranges->count);
    for (unsigned i = 0; i < ranges->count; i++)
        REQUIRE(same_range(again.list[i], ranges->list[i]));
}

/* Any two blocks of the body join to it, and it is as long as it said. */
static bool write_position(void *state, uint64_t first, size_t count, void *out) {
    unsigned char *bytes = out;
    (void)state;
    for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)((first + i) % 251);
    return true;
}

static void check_multipart(const struct tid_ranges *ranges, uint64_t total) {
    static unsigned char whole[1 << 16], block[1 << 16];
    struct tid_multipart multipart;
    const uint64_t bytes =
        tid_multipart_init(&multipart, ranges, total, "a/b", "boundary");
    if (bytes == 0 || bytes > sizeof whole) return;
    REQUIRE(tid_multipart_read(&multipart, 0, (size_t)bytes, whole, write_position, 0));
    REQUIRE(!tid_multipart_read(&multipart, bytes, 1, block, write_position, 0));
    for (size_t at = 0, step = 1; at < bytes; at += step, step = step * 2 + 1) {
        if (step > bytes - at) step = (size_t)bytes - at;
        REQUIRE(tid_multipart_read(&multipart, at, step, block, write_position, 0));
        REQUIRE(memcmp(block, whole + at, step) == 0);
    }
}

static void check_range_of(const char *value, uint64_t total) {
    struct tid_ranges ranges;
    struct tid_range expected;
    enum tid_range_kind kind;
    tid_ranges_parse(value, total, &ranges);
    REQUIRE(ranges.count >= 1 && ranges.count <= TID_RANGES_MAX);
    if (ranges.kind == TID_RANGE_PART) {
        check_parts(&ranges, total);
        check_again(&ranges, total);
        if (ranges.count > 1) check_multipart(&ranges, total);
    } else {
        const bool whole = ranges.kind == TID_RANGE_WHOLE;
        REQUIRE(ranges.count == 1);
        REQUIRE(same_range(ranges.list[0], (struct tid_range){0, whole ? total : 0}));
    }
    if (ranges.kind != TID_RANGE_WHOLE) REQUIRE(strncasecmp(value, "bytes=", 6) == 0);
    if (expected_range(value, total, &kind, &expected))
        REQUIRE(ranges.kind == kind && same_range(ranges.list[0], expected));
}

/* Bodies of any size, and those that end beside a number of the field. */
static void check_range(const char *value, uint64_t number) {
    check_range_of(value, 0);
    check_range_of(value, number % 1000);
    check_range_of(value, number >> 1);
    check_range_of(value, INT64_MAX);
    for (const char *at = value; *(at += strcspn(at, "0123456789"));) {
        at = read_digits(at, &number);
        if (number > INT64_MAX) continue;
        check_range_of(value, number);
        check_range_of(value, number + 1);
    }
}

/* Accept ----------------------------------------------------------------------------- */

/* Formats in front of the field, which win as the first of equals (section 12.5.1). */
static enum ti_format negotiate(const char *prefix, const char *accept,
                                bool *acceptable) {
    const size_t bytes = strlen(prefix) + strlen(accept) + 1;
    enum ti_format format = TI_FORMAT_COUNT;
    char *text = malloc(bytes);
    if (!text) exit(1);
    snprintf(text, bytes, "%s%s", prefix, accept);
    *acceptable = tid_negotiate(text, &format);
    REQUIRE(*acceptable == (format < TI_FORMAT_COUNT));
    free(text);
    return format;
}

static void check_accept(const char *accept) {
    bool acceptable, again;
    char prefix[512] = "";
    const enum ti_format format = negotiate("", accept, &acceptable);
    const enum ti_format without = negotiate(", ,\t,", accept, &again);
    REQUIRE(acceptable == again && format == without);
    for (int wanted = 0; wanted < TI_FORMAT_COUNT; wanted++) {
        for (int i = 0, used = 0; i < TI_FORMAT_COUNT; i++) {
            const char *type = ti_format_media_type((enum ti_format)i);
            used += snprintf(prefix + used, sizeof prefix - (size_t)used, "%s;q=%s,",
                             type, i == wanted ? "0.001" : "0");
        }
        REQUIRE(negotiate(prefix, accept, &again) == (enum ti_format)wanted);
        /* Alone with the largest weight it loses to an earlier format only. */
        snprintf(prefix, sizeof prefix, "%s ; Q=1.000,",
                 ti_format_media_type((enum ti_format)wanted));
        REQUIRE((int)negotiate(prefix, accept, &again) <= wanted);
    }
    char *upper = fuzz_text((const uint8_t *)accept, strlen(accept));
    for (char *c = upper; *c; c++) {
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    }
    REQUIRE(negotiate("", upper, &again) == format && again == acceptable);
    free(upper);
}

/* Conditions ------------------------------------------------------------------------- */

/*
 * Whether a list of entity tags (section 8.8.3) has ETAG. '*valid' is false if the list
 * is not well formed.
 */
static bool list_has(const char *list, bool weak, bool *valid) {
    bool found = false;
    *valid = true;
    if (strcmp(list, "*") == 0) return true;
    for (list += strspn(list, " \t"); *list;) {
        const bool is_weak = strncmp(list, "W/", 2) == 0;
        if (is_weak) list += 2;
        const char *end = *list == '"' ? strchr(list + 1, '"') : NULL;
        if (!end) return *valid = false;
        const size_t bytes = (size_t)(end + 1 - list);
        found |= bytes == sizeof ETAG - 1 && memcmp(list, ETAG, bytes) == 0 &&
                 (weak || !is_weak);
        list = end + 1 + strspn(end + 1, " \t");
        if (*list && *list++ != ',') return *valid = false;
        list += strspn(list, " \t");
    }
    return found;
}

/* Sections 13.1.1, 13.1.2 and 13.2.2. */
static void check_conditions(const struct tid_request *request) {
    const char *match = request->fields[TID_FIELD_IF_MATCH];
    const char *none_match = request->fields[TID_FIELD_IF_NONE_MATCH];
    const char *if_range = request->fields[TID_FIELD_IF_RANGE];
    const enum tid_condition condition = tid_condition_evaluate(request, ETAG);
    bool valid;
    if (match) {
        const bool holds = list_has(match, false, &valid);
        if (valid) REQUIRE((condition == TID_CONDITION_FAILED) == !holds);
        if (!strstr(match, ETAG) && strcmp(match, "*") != 0)
            REQUIRE(condition == TID_CONDITION_FAILED);
    }
    if (condition == TID_CONDITION_FAILED) {
        REQUIRE(match);
    } else if (none_match) {
        const bool has = list_has(none_match, true, &valid);
        if (valid) REQUIRE((condition == TID_CONDITION_NOT_MODIFIED) == has);
        if (!strstr(none_match, ETAG) && strcmp(none_match, "*") != 0)
            REQUIRE(condition == TID_CONDITION_NONE);
    } else {
        REQUIRE(condition == TID_CONDITION_NONE);
    }
    REQUIRE(tid_range_applies(request, ETAG) ==
            (request->method == TID_METHOD_GET &&
             (!if_range || strcmp(if_range, ETAG) == 0)));
}

/* What goes into the log, into JSON and into header fields ----------------------------- */

static bool has_only(const char *text, const char *characters) {
    return strspn(text, characters) == strlen(text);
}

static void check_identity(struct tid_request *request) {
    tid_request_identify(request);
    REQUIRE(*request->id && strlen(request->id) < sizeof request->id);
    for (const char *c = request->id; *c; c++)
        REQUIRE(*c > ' ' && *c < 0x7f && *c != '"' && *c != '\\' && *c != '\'');
    /* W3C Trace Context section 3.2. */
    REQUIRE(!*request->trace || (strlen(request->trace) == 55 &&
                                 has_only(request->trace, "0123456789abcdef-")));
}

/* Whatever a proxy says, URLs are well formed, and no others than those of this server. */
static void check_forwarded(const struct tid_request *from) {
    static const char *const base_paths[] = {"", "/a", "/a/b.c"};
    for (size_t i = 0; i < 6; i++) {
        struct tid_request request = *from;
        const char *base_path = base_paths[i / 2];
        const bool trusted = i % 2 == 1;
        request.path = "/a/v1";
        request.path_bytes = 5;
        tid_forwarded_apply(&request, base_path, false, trusted);
        REQUIRE(request.path[0] == '/' && request.path_bytes >= 1);
        REQUIRE(!*request.prefix ||
                (request.prefix[0] == '/' && !strstr(request.prefix, "//") &&
                 request.prefix[strlen(request.prefix) - 1] != '/'));
        REQUIRE(trusted || strcmp(request.prefix, base_path) == 0);
        REQUIRE(!strpbrk(request.prefix, "\"'<>?# %\\\r\n"));
        REQUIRE(!strpbrk(request.origin, "\"'<>?# %\\\r\n;$`"));
        REQUIRE(!*request.origin || strncmp(request.origin, "http", 4) == 0);
        REQUIRE(trusted || strncmp(request.origin, "https", 5) != 0);
    }
}

static void check_cors(const struct tid_request *request) {
    static const char *const origins[] = {"*", "none", "https://a.example,http://b:3000"};
    const char *origin = request->fields[TID_FIELD_ORIGIN];
    for (size_t i = 0; i < 3; i++) {
        struct tid_response response;
        tid_response_init(&response, 200);
        tid_cors_add(origins[i], request, &response);
        const char *allowed =
            tid_response_field(&response, "Access-Control-Allow-Origin");
        if (i == 0) REQUIRE(allowed && strcmp(allowed, "*") == 0);
        if (i == 1) REQUIRE(response.field_count == 0);
        if (i == 2)
            REQUIRE(!allowed || (origin && strcmp(allowed, origin) == 0 &&
                                 (strcmp(origin, "https://a.example") == 0 ||
                                  strcmp(origin, "http://b:3000") == 0)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_head head;
    struct tid_request request;
    fuzz_head_make(&head, data, size);
    check_framing(&head, &request);
    check_target(&head, &request);
    for (size_t i = 0; i < head.field_count; i++) {
        const struct fuzz_field *field = &head.fields[i];
        if (is_field(field, "Range"))
            check_range(field->value, fuzz_hash(FUZZ_HASH_START, data, size));
        if (is_field(field, "Accept")) check_accept(field->value);
    }
    check_conditions(&request);
    check_identity(&request);
    check_forwarded(&request);
    check_cors(&request);
    tid_wants_sha256(request.fields[TID_FIELD_WANT_REPR_DIGEST]);
    free(head.text);
    return 0;
}
