/* SPDX-License-Identifier: MIT */
/*
 * HTTP by libcurl; no other file includes its header. What libcurl would read from its
 * environment (proxies, .netrc, cookies) is off, and so are redirects, unless the request
 * allows them. They are followed here and not by libcurl, which would send all fields to
 * another host, and connect to the same unix socket.
 */
#include "client/transport.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <tensorinit/version.h>

#include "client/client_error.h"

/* Size of libcurl's receive buffer. Loopback: 64 KiB are as fast as read() alone, 512 KiB take
   a sixth longer, since they leave the processor's cache before they are copied. */
#define RECEIVE_BYTES (64L << 10)

struct tic_transport {
    CURL *curl;
    /* The current one. */
    const struct tic_exchange *exchange;
    /* A function of the exchange returned false. */
    bool stopped;
    /* The header is not complete yet, or another one has begun. */
    bool in_header;
};

/*
 * libcurl must be initialized once in a process. It is never cleaned up, because other
 * parts of the program may use it.
 */
static pthread_once_t started = PTHREAD_ONCE_INIT;
static bool start_failed;

static void start(void) { start_failed = curl_global_init(CURL_GLOBAL_DEFAULT) != 0; }

struct tic_transport *tic_transport_make(void) {
    struct tic_transport *transport;
    if (pthread_once(&started, start) != 0 || start_failed) return NULL;
    transport = calloc(1, sizeof *transport);
    if (transport && !(transport->curl = curl_easy_init())) {
        free(transport);
        transport = NULL;
    }
    return transport;
}

void tic_transport_free(struct tic_transport *transport) {
    if (!transport) return;
    curl_easy_cleanup(transport->curl);
    free(transport);
}

static bool has_part(CURLU *url, CURLUPart which) {
    char *text = NULL;
    bool has = curl_url_get(url, which, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

static bool same_part(CURLU *a, CURLU *b, CURLUPart which) {
    char *of_a = NULL, *of_b = NULL;
    const bool same = curl_url_get(a, which, &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                      curl_url_get(b, which, &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                      strcasecmp(of_a, of_b) == 0;
    curl_free(of_a);
    curl_free(of_b);
    return same;
}

/* Whether the scheme, host and port of both URLs are the same. */
static bool same_origin(const char *a, const char *b) {
    CURLU *parsed_a = curl_url(), *parsed_b = curl_url();
    const bool same = parsed_a && parsed_b &&
                      curl_url_set(parsed_a, CURLUPART_URL, a, 0) == CURLUE_OK &&
                      curl_url_set(parsed_b, CURLUPART_URL, b, 0) == CURLUE_OK &&
                      same_part(parsed_a, parsed_b, CURLUPART_SCHEME) &&
                      same_part(parsed_a, parsed_b, CURLUPART_HOST) &&
                      same_part(parsed_a, parsed_b, CURLUPART_PORT);
    curl_url_cleanup(parsed_a);
    curl_url_cleanup(parsed_b);
    return same;
}

static bool is_https(const char *url) { return strncasecmp(url, "https:", 6) == 0; }

static bool is_http(CURLU *url) {
    char *scheme = NULL;
    bool is = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    return is;
}

enum ti_status tic_transport_check_url(const char *url, struct ti_error *error) {
    enum ti_status status = TI_OK;
    CURLU *parsed = curl_url();
    if (!parsed) return tic_out_of_memory(error);
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, 0);
    if (code == CURLUE_OUT_OF_MEMORY) {
        status = tic_out_of_memory(error);
    } else if (code != CURLUE_OK || !is_http(parsed)) {
        /* Not quoted: a malformed URL may contain a password anywhere. */
        status = tic_fail(error, TI_EVALUE, "server",
                          "not the URL of a server; expected one like "
                          "http://127.0.0.1:8080");
    } else if (has_part(parsed, CURLUPART_QUERY) ||
               has_part(parsed, CURLUPART_FRAGMENT) || strpbrk(url, "?#")) {
        status = tic_fail(error, TI_EVALUE, "server",
                          "the URL of a server must not contain '?' or '#'; parameters "
                          "are set separately");
    }
    curl_url_cleanup(parsed);
    return status;
}

static size_t on_line(char *line, size_t size, size_t bytes, void *state) {
    struct tic_transport *transport = state;
    (void)size;
    transport->in_header = bytes > 2;
    if (transport->exchange->line(transport->exchange->state, line, bytes)) return bytes;
    transport->stopped = true;
    return 0;
}

static size_t on_body(char *data, size_t size, size_t bytes, void *state) {
    struct tic_transport *transport = state;
    (void)size;
    if (bytes == 0) return 0;
    if (transport->exchange->body(transport->exchange->state, data, bytes)) return bytes;
    transport->stopped = true;
    return 0;
}

static int on_progress(void *state, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now) {
    struct tic_transport *transport = state;
    (void)total, (void)now, (void)up_total, (void)up_now;
    if (transport->exchange->idle(transport->exchange->state)) return 0;
    transport->stopped = true;
    return 1;
}

/* Sets an option unless an earlier one failed. */
#define SET(option, value)                                                               \
    (code = code == CURLE_OK ? curl_easy_setopt(curl, CURLOPT_##option, value) : code)

static CURLcode set_protocols(CURL *curl) {
    CURLcode code = CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(PROTOCOLS_STR, "http,https");
#else
    SET(PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
    SET(FOLLOWLOCATION, 0L);
    return code;
}

/* A unix socket has no proxy. */
static CURLcode set_route(CURL *curl, const struct tic_exchange *exchange,
                          const char *socket) {
    CURLcode code = CURLE_OK;
    const char *proxy = exchange->texts[TIC_PROXY];
    if (socket) {
        SET(UNIX_SOCKET_PATH, socket);
        SET(PROXY, "");
    } else if (proxy) {
        SET(PROXY, proxy);
    } else if (exchange->numbers[TIC_PROXY_VARIABLES] == 0) {
        /* Keeps libcurl from reading http_proxy and similar variables. */
        SET(PROXY, "");
    }
    return code;
}

static CURLcode set_settings(CURL *curl, const struct tic_exchange *exchange) {
    CURLcode code = CURLE_OK;
    const uint64_t *numbers = exchange->numbers;
    char *const *texts = exchange->texts;
    /* For libcurl, 0 is its default of 300 s; its maximum is 24 days. */
    long connect_ms = (long)numbers[TIC_CONNECT_TIMEOUT_MS];
    SET(CONNECTTIMEOUT_MS, connect_ms > 0 ? connect_ms : (long)INT32_MAX);
    SET(LOW_SPEED_TIME, (long)numbers[TIC_STALL_TIMEOUT_S]);
    SET(LOW_SPEED_LIMIT, (long)numbers[TIC_STALL_BYTES_PER_S]);
    SET(USERAGENT, texts[TIC_USER_AGENT] ? texts[TIC_USER_AGENT]
                                         : "libtensorinit-client/" TI_VERSION_STRING);
    if (texts[TIC_CA_FILE]) SET(CAINFO, texts[TIC_CA_FILE]);
    return code;
}

static CURLcode set_all(struct tic_transport *transport, const char *url,
                        struct curl_slist *fields, char *reason) {
    CURL *curl = transport->curl;
    const struct tic_exchange *exchange = transport->exchange;
    CURLcode code = set_protocols(curl);
    SET(URL, url);
    SET(HTTPHEADER, fields);
    SET(RANGE, exchange->range);
    if (exchange->head) SET(NOBODY, 1L);
    if (exchange->post) {
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)exchange->post_bytes);
        SET(POSTFIELDS, exchange->post);
    }
    SET(ERRORBUFFER, reason);
    /* May fail if the handle still has a buffer, after some failures: harmless. */
    (void)curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    SET(NOSIGNAL, 1L);
    SET(SUPPRESS_CONNECT_HEADERS, 1L);
    SET(HEADERFUNCTION, on_line);
    SET(HEADERDATA, transport);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, transport);
    SET(NOPROGRESS, 0L);
    SET(XFERINFOFUNCTION, on_progress);
    SET(XFERINFODATA, transport);
    return code == CURLE_OK ? set_settings(curl, exchange) : code;
}

bool tic_transport_is_local(const struct tic_transport *transport) {
    char *address = NULL;
    if (!transport->exchange) return false;
    if (transport->exchange->socket) return true;
    curl_easy_getinfo(transport->curl, CURLINFO_PRIMARY_IP, &address);
    return address && (strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0);
}

bool tic_transport_has_sent(const struct tic_transport *transport) {
    long sent_bytes = 0;
    if (!transport->exchange) return false;
    curl_easy_getinfo(transport->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
    return sent_bytes > 0;
}

/* Classifies a code of libcurl: whether a retry makes sense. */
static enum tic_outcome outcome_of(const struct tic_transport *transport, CURLcode code) {
    long sent_bytes = 0;
    if (transport->stopped) return TIC_OUTCOME_STOPPED;
    curl_easy_getinfo(transport->curl, CURLINFO_REQUEST_SIZE, &sent_bytes);
    switch (code) {
    case CURLE_OK:
        return TIC_OUTCOME_DONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return TIC_OUTCOME_UNREACHED;
    case CURLE_OPERATION_TIMEDOUT:
        return sent_bytes > 0 ? TIC_OUTCOME_BROKEN : TIC_OUTCOME_UNREACHED;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return TIC_OUTCOME_BROKEN;
    /* libcurl takes a response without a status line for HTTP/0.9, which is disabled. */
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return TIC_OUTCOME_GARBAGE;
    /* Also libcurl's code for a header line of 100 KiB, which is the likelier cause. */
    case CURLE_OUT_OF_MEMORY:
        return sent_bytes > 0 && transport->in_header ? TIC_OUTCOME_GARBAGE
                                                      : TIC_OUTCOME_MEMORY;
    default:
        return TIC_OUTCOME_REFUSED;
    }
}

static bool add_line(struct curl_slist **fields, const char *line) {
    struct curl_slist *longer = curl_slist_append(*fields, line);
    if (longer) *fields = longer;
    return longer != NULL;
}

static bool add_field(struct curl_slist **fields, const char *name, const char *value) {
    if (!value) return true;
    char *line = malloc(strlen(name) + strlen(value) + 3);
    if (line) stpcpy(stpcpy(stpcpy(line, name), ": "), value);
    const bool added = line && add_line(fields, line);
    free(line);
    return added;
}

/* What only the servers of the request may see. */
static bool add_credentials(struct curl_slist **fields,
                            const struct tic_exchange *exchange) {
    const char *token = exchange->texts[TIC_TOKEN];
    char *value = token ? malloc(strlen(token) + sizeof "Bearer ") : NULL;
    if (token && !value) return false;
    if (value) stpcpy(stpcpy(value, "Bearer "), token);
    const bool added = add_field(fields, "Authorization", value);
    free(value);
    if (!added) return false;
    for (size_t i = 0; i < exchange->header_count; i++) {
        if (!add_line(fields, exchange->headers[i])) return false;
    }
    return true;
}

/* The state of an exchange with its redirects. */
struct hop {
    /* NULL for the URL of the exchange. */
    char *url;
    /* No redirect has led to another origin. */
    bool trusted;
    char reason[CURL_ERROR_SIZE];
};

static CURLcode run_hop(struct tic_transport *transport, struct hop *hop) {
    const struct tic_exchange *exchange = transport->exchange;
    struct curl_slist *fields = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    transport->in_header = true;
    /* Resets the last exchange's settings and keeps its connection. */
    curl_easy_reset(transport->curl);
    if (add_field(&fields, "Accept", exchange->accept) &&
        add_field(&fields, "If-Range", exchange->if_range) &&
        add_field(&fields, "Content-Type", exchange->post ? "application/json" : NULL) &&
        (!hop->trusted || add_credentials(&fields, exchange))) {
        code =
            set_all(transport, hop->url ? hop->url : exchange->url, fields, hop->reason);
        if (code == CURLE_OK) {
            code = set_route(transport->curl, exchange,
                             hop->trusted ? exchange->socket : NULL);
        }
        if (code == CURLE_OK) code = curl_easy_perform(transport->curl);
    }
    curl_easy_setopt(transport->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(transport->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(fields);
    return code;
}

/* Prepares the next hop if the response is a redirect; false if it is not. */
static bool redirects(struct tic_transport *transport, struct hop *hop, CURLcode *code) {
    const char *from = hop->url ? hop->url : transport->exchange->url;
    char *to = NULL;
    curl_easy_getinfo(transport->curl, CURLINFO_REDIRECT_URL, &to);
    if (!to) return false;
    if (strncasecmp(to, "http:", 5) != 0 && !is_https(to)) {
        snprintf(hop->reason, sizeof hop->reason,
                 "it redirects to a URL that is neither http nor https");
        *code = CURLE_TOO_MANY_REDIRECTS;
    } else if (is_https(from) && !is_https(to)) {
        snprintf(hop->reason, sizeof hop->reason, "it redirects from https to http");
        *code = CURLE_TOO_MANY_REDIRECTS;
    } else if (!(to = strdup(to))) {
        *code = CURLE_OUT_OF_MEMORY;
    } else {
        hop->trusted = hop->trusted && same_origin(from, to);
        free(hop->url);
        hop->url = to;
    }
    return *code == CURLE_OK;
}

static CURLcode run_hops(struct tic_transport *transport, struct hop *hop) {
    const uint64_t max = transport->exchange->numbers[TIC_REDIRECTS];
    CURLcode code;
    for (uint64_t count = 0;; count++) {
        code = run_hop(transport, hop);
        if (code != CURLE_OK || max == 0 || !redirects(transport, hop, &code)) break;
        if (count == max) {
            snprintf(hop->reason, sizeof hop->reason, "more than %d redirects", (int)max);
            return CURLE_TOO_MANY_REDIRECTS;
        }
    }
    return code;
}

void tic_transport_run(struct tic_transport *transport,
                       const struct tic_exchange *exchange, struct tic_result *result) {
    struct hop hop = {.trusted = true};
    curl_off_t retry_after_s = 0;
    memset(result, 0, sizeof *result);
    transport->exchange = exchange;
    transport->stopped = false;
    const CURLcode code = run_hops(transport, &hop);
    result->outcome = outcome_of(transport, code);
    if (result->outcome == TIC_OUTCOME_DONE) {
        curl_easy_getinfo(transport->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
        if (retry_after_s > 0) result->retry_after_s = (uint64_t)retry_after_s;
    } else {
        /* libcurl may quote a proxy's URL with its user and password. */
        const bool has_detail = *hop.reason && !strchr(hop.reason, '@');
        const char *text = has_detail ? hop.reason : curl_easy_strerror(code);
        if (code == CURLE_OUT_OF_MEMORY && result->outcome == TIC_OUTCOME_GARBAGE) {
            text = "a line of its header is too long, or memory is short";
        }
        snprintf(result->reason, sizeof result->reason, "%s", text);
    }
    free(hop.url);
    transport->exchange = NULL;
}
