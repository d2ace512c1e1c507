/* SPDX-License-Identifier: MIT */
/*
 * libtensorinit-client: fetches tensors from a tensorinitd and checks the responses.
 *
 *     struct tic_request *request;
 *     static float weights[512 * 784];
 *     if (tic_request_make("http://127.0.0.1:8080", &request, &error) == TI_OK &&
 *         tic_request_set(request, "shape", "512,784", &error) == TI_OK &&
 *         tic_request_set(request, "name", "fc1.weight", &error) == TI_OK &&
 *         tic_fetch_memory(request, weights, sizeof weights, NULL, &error) == TI_OK) ...
 *     tic_request_free(request);
 *
 * Parameters are passed to the server as text, and the server validates them, so a
 * request may name a scheme that is newer than this library. Every response is checked
 * against the request before its first byte is delivered: see tic_fetch().
 *
 * The library has no side effects: it does not read .netrc, cookies or configuration
 * files, nor proxy variables unless TIC_PROXY_VARIABLES allows it; it follows no redirect unless TIC_REDIRECTS allows it; it speaks
 * only http and https; it requests no compression; it starts no process and installs no
 * signal handler. With https, a write to a closed connection may raise SIGPIPE, which
 * programs should ignore.
 *
 * Threads: use a request in one thread at a time; different requests are independent.
 *
 * Errors: see status.h. NULL where an object or a text is needed is TI_EVALUE. If the
 * server refuses a request, 'text' is the detail of its problem document and 'field' the
 * parameter that it names; the code is the one that the core has for that fault
 * (TI_EVALUE, TI_EMISSING, ...), or TI_ESERVER if there is none. Texts never show the
 * user name and password of a URL, the token or the value of a field.
 */
#ifndef TENSORINIT_CLIENT_H
#define TENSORINIT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tensorinit/spec.h>
#include <tensorinit/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What libtensorinit-client exports. */
#define TIC_API TI_API

/* As a count: up to the end. */
#define TIC_TO_END UINT64_MAX
/* As a size: not known yet. */
#define TIC_UNKNOWN UINT64_MAX

/* A request for one tensor; opaque. May be fetched many times and changed in between. */
struct tic_request;

/*
 * Makes a request without parameters. Sends nothing.
 *
 *   server_url  "http://host:port", "http://[::1]:port", "https://host" or, behind a
 *               proxy, with a path in front of /v1 ("https://host/tensors"); no query and
 *               no fragment. Or a unix socket: "unix:/run/tensorinit.sock", or
 *               "http+unix://%2Frun%2Ftensorinit.sock", which may have such a path
 *
 * Returns TI_OK and a request in '*request', to be freed with tic_request_free();
 * TI_EVALUE with the field "server" if the URL is not accepted; TI_ENOMEM. On failure
 * '*request' is untouched. Freeing NULL does nothing.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_make(const char *server_url,
                                                    struct tic_request **request,
                                                    struct ti_error *error);
TIC_API void tic_request_free(struct tic_request *request);

/*
 * Adds another server of the same tensors, at most TIC_SERVERS_MAX in all. A fetch starts
 * with the first one and changes to another when one fails, also in the middle of a body:
 * a server whose entity tag or other fields differ is never used to continue it. With
 * several, one that has not begun to respond 5 s after the request has failed, and has twice
 * as long the next time; but not if TIC_RETRY_FOR_MS leaves less than 60 s for that.
 *
 * Returns as tic_request_make(), and TI_ETOOLARGE if there are too many.
 */
#define TIC_SERVERS_MAX 64
TIC_API TI_MUST_USE enum ti_status tic_request_add_server(struct tic_request *request,
                                                          const char *server_url,
                                                          struct ti_error *error);

/*
 * Sets one parameter of the tensor, or removes it if 'value' is NULL.
 *
 *   param  its name ("shape", "scheme", "name", ...), not ""
 *   value  its text, without percent-encoding: the library encodes it. Spellings of
 *          docs/SPELLINGS.md are sent in their plain form. "auto" in shard ("0:auto") is
 *          replaced as by tic_shard_resolve()
 *
 * Returns TI_OK; TI_EDUPLICATE if the parameter is already set; TI_EPARAM for an empty
 * name; TI_ENOMEM. On failure the request is unchanged.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_set(struct tic_request *request,
                                                   const char *param, const char *value,
                                                   struct ti_error *error);

/*
 * The part of this process, for the parameter shard: writes 'value' with
 * "axis:INDEX/COUNT" in place of "axis:auto" to '*resolved', to be freed with free(), or
 * NULL if it has no auto. Only then reads the environment, and no other variables than
 * RANK and WORLD_SIZE (torchrun), OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE (Open
 * MPI), SLURM_PROCID and SLURM_NTASKS (srun), PMI_RANK and PMI_SIZE (MPICH, Intel MPI).
 *
 * Returns TI_OK; TI_EVALUE, with the names of the variables, if none is set, or if those
 * that are set are not complete, not numbers, a rank that is not below its size, or
 * differ; TI_EVALUE for several autos; TI_ENOMEM. On failure '*resolved' is untouched.
 */
TIC_API TI_MUST_USE enum ti_status tic_shard_resolve(const char *value, char **resolved,
                                                     struct ti_error *error);

/*
 * Sets all parameters of a URL's query component ("shape=2,3&name=fc1.weight"). Decodes
 * percent-encoding and '+' for a space. Every pair needs a '='. A list may be given item
 * by item (shape=2&shape=3); spellings as above.
 *
 * Returns the same codes as tic_request_set(), and TI_EVALUE for invalid percent-encoding
 * or an encoded NUL. On failure any parameters of the query may have been set.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_set_query(struct tic_request *request,
                                                         const char *query,
                                                         struct ti_error *error);

/*
 * Requests another resource of the servers instead of a tensor: a document, or a file of a
 * model. NULL: the tensor again.
 *
 *   path  what follows the server's URL, "/v1/models/gpt2/seed-42/model.safetensors": of
 *         letters, digits and "/-._~"
 *
 * Such a request has no parameters: a fetch fails with TI_EINAPPLICABLE if some are set, or a
 * part in elements, or a text that a tensor must have. It checks length, TIC_EXPECT_ETAG and
 * Content-Range, and what struct tic_info says of tensors is "" and 0.
 *
 * Returns TI_OK; TI_EVALUE for a path with other characters; TI_ENOMEM. On failure the request
 * is unchanged.
 */
TIC_API TI_MUST_USE enum ti_status
tic_request_path(struct tic_request *request, const char *path, struct ti_error *error);

/*
 * Sends a JSON document with POST, instead of GET; NULL: GET again. Only for a request with a
 * path; it is sent again after a temporary failure, as GET is, so it must be one that may be:
 * a manifest for "/v1/models", whose response has the path of the model in its field Location.
 *
 *   json  'bytes' long; copied
 *
 * Returns TI_OK or TI_ENOMEM. On failure the request is unchanged.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_post(struct tic_request *request,
                                                    const char *json, size_t bytes,
                                                    struct ti_error *error);

/*
 * Requests a part of the body instead of all of it; the last call counts. A count may be
 * TIC_TO_END. A count of 0 checks that the tensor is available and delivers nothing.
 *
 * Elements are those of a raw body: with another format a fetch fails with
 * TI_EINAPPLICABLE, with a dtype that this library does not know with TI_EVALUE. The
 * dtype is the parameter's, or f32 if it is not set.
 *
 * Bytes are those of the body in its format, including its header.
 *
 * Returns TI_OK, or TI_ERANGE if first + count is beyond 2^63-1 (the request is
 * unchanged). Whether the part lies inside the tensor is checked by the fetch: TI_ERANGE.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_elems(struct tic_request *request,
                                                     uint64_t first_elem,
                                                     uint64_t count_elems,
                                                     struct ti_error *error);
TIC_API TI_MUST_USE enum ti_status tic_request_bytes(struct tic_request *request,
                                                     uint64_t first_byte,
                                                     uint64_t count_bytes,
                                                     struct ti_error *error);

#define TIC_JOBS_MAX 64

/* Limits, with their defaults. */
enum tic_number {
    /* 10,000: for name lookup, connection and TLS together; 0 for no limit. */
    TIC_CONNECT_TIMEOUT_MS,
    /* 60: longest time below STALL_BYTES_PER_S, including the wait for the first byte; 0
     * for no limit. */
    TIC_STALL_TIMEOUT_S,
    /* 1 */
    TIC_STALL_BYTES_PER_S,
    /* 300,000: how long a fetch is tried again after temporary failures, since the first
     * of them; 0 for no retry. 1 MiB that comes, by whatever connection, ends such a
     * series. */
    TIC_RETRY_FOR_MS,
    /* 30,000: longest pause before a retry, unless the server requests a longer one
     * (Retry-After). The pauses are random, up to a limit that doubles from 250 ms. */
    TIC_RETRY_WAIT_MS,
    /* 0: time for the fetch, with all its retries; 0 for no limit. Checked about once a
     * second. */
    TIC_TIMEOUT_MS,
    /* 64 MiB: how much of a body may be read and discarded if the server sends the full
     * body instead of the requested part. */
    TIC_SKIP_BYTES,
    /* 0: number of redirects to follow; never from https to http. Another scheme, host or
     * port gets neither the token nor the fields of tic_request_header(). */
    TIC_REDIRECTS,
    /* 0: number of connections at a time that fetch ranges of one body, up to
     * TIC_JOBS_MAX; see tic_fetch(). 1 for no other connection; 0 for 4, but if the only
     * server is on this machine at most half as many as it has processors: the server
     * needs the others. */
    TIC_JOBS,
    /* 0: 1 takes the proxy from http_proxy, https_proxy, all_proxy and no_proxy, as curl
     * does, if TIC_PROXY is unset. */
    TIC_PROXY_VARIABLES,
    TIC_NUMBER_COUNT
};

/* Sets a limit. Values above 2^31-1 are reduced to that, except for SKIP_BYTES. */
TIC_API void tic_request_number(struct tic_request *request, enum tic_number which,
                                uint64_t value);

/* Settings that are texts. All are unset by default. */
enum tic_text {
    /* Tensor-Spec that the response must have ("1-draft.2"): pins the bits. */
    TIC_EXPECT_SPEC,
    /* Tensor-Dtype that it must have, if the parameter dtype is not set. */
    TIC_EXPECT_DTYPE,
    /* Tensor-Shape that it must have ("512,784" or "scalar"): the shape of the body, that
     * is after slice, shard and permute. */
    TIC_EXPECT_SHAPE,
    /* ETag that it must have, with its quotes: that of an earlier fetch that this one
     * continues. */
    TIC_EXPECT_ETAG,
    /* URL of a proxy. If unset, the connection is direct, unless TIC_PROXY_VARIABLES is
     * set. A unix socket has no proxy. */
    TIC_PROXY,
    /* PEM file of the certificates to trust instead of the system's. */
    TIC_CA_FILE,
    /* Instead of "libtensorinit-client/VERSION". */
    TIC_USER_AGENT,
    /* Sent to each server as "Authorization: Bearer TOKEN" (RFC 6750). */
    TIC_TOKEN,
    TIC_TEXT_COUNT
};

/*
 * Sets a text to a copy of 'value', or unsets it if 'value' is NULL.
 *
 * Returns TI_OK; TI_EPARAM for a setting that does not exist; TI_EVALUE for a token that
 * is not one, TI_EINAPPLICABLE if the field Authorization is set; TI_ENOMEM. On failure
 * the setting is unchanged.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_text(struct tic_request *request,
                                                    enum tic_text which,
                                                    const char *value,
                                                    struct ti_error *error);

#define TIC_HEADERS_MAX 64

/*
 * Adds a field to the header of each request, or removes it if 'value' is NULL.
 *
 *   name   "X-Request-Id"; not one that the library sets itself, such as Range
 *   value  may be "" and contains no control character
 *
 * Returns TI_OK; TI_EDUPLICATE if it is already set; TI_EVALUE for a name or value that
 * is not valid; TI_EINAPPLICABLE for a field that cannot be set, and for Authorization
 * beside TIC_TOKEN; TI_ETOOLARGE beyond TIC_HEADERS_MAX; TI_ENOMEM. The field of the
 * error is "header". On failure the request is unchanged.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_header(struct tic_request *request,
                                                      const char *name, const char *value,
                                                      struct ti_error *error);

/*
 * The URL that a fetch would request from the first server, in '*url', to be freed with
 * free(); that of a unix socket begins with http://localhost. Returns TI_OK or TI_ENOMEM
 * ('*url' untouched).
 */
TIC_API TI_MUST_USE enum ti_status tic_request_url(const struct tic_request *request,
                                                   char **url, struct ti_error *error);

#define TIC_INFO_TEXT_BYTES 128

/*
 * Describes a response, from its checked header.
 *
 * The caller sets struct_bytes before passing a struct to be filled:
 *
 *     struct tic_info info = {.struct_bytes = sizeof info};
 *
 * Only that many bytes are written, so a program that was compiled with an older
 * version of this header keeps working; members that the library does not know are
 * untouched.
 */
struct tic_info {
    size_t struct_bytes; /* must be set to sizeof the struct */
    /* Tensor-Spec; "" only with a path */
    char spec[TIC_INFO_TEXT_BYTES];
    /* Tensor-Dtype ("bf16"); "" only with a path */
    char dtype[TIC_INFO_TEXT_BYTES];
    /* With its quotes; "" if the response has none */
    char etag[TIC_INFO_TEXT_BYTES];
    /* Content-Type without its parameters; "" if the response has none */
    char media_type[TIC_INFO_TEXT_BYTES];
    /* Bytes of an element, 0 if this library does not know the dtype */
    size_t dtype_bytes;
    /* Tensor-Shape: 'rank' dims of the body; 'elems' is their product */
    uint64_t shape[TI_MAX_RANK];
    uint64_t elems;
    /* Length of the full body; TIC_UNKNOWN if it is known only at its end (JSON) */
    uint64_t total_bytes;
    /* Where the delivered part starts in the body */
    uint64_t first_byte;
    /* Length of that part. During a fetch TIC_UNKNOWN if it is known only at the end;
     * after a success always the number of bytes delivered, or that would be delivered
     * (tic_head()) */
    uint64_t count_bytes;
    unsigned rank;
    /* HTTP exchanges so far, without redirects: 1 if there was no failure */
    unsigned tries;
};

/*
 * Receives the bytes. The functions are called by the threads that fetch; each gets
 * 'state' and may be NULL. If one returns false, the fetch ends with TI_ECANCELLED.
 */
struct tic_sink {
    size_t struct_bytes; /* must be set to sizeof the struct */
    /* Once, after the header has been checked and before the first byte, even if no byte
     * follows. 'info' is complete, with its own struct_bytes. */
    bool (*begin)(void *state, const struct tic_info *info);
    /* The next bytes, in order, at least 1; each byte once, even after a retry. 'data' is
     * valid only during the call. If NULL, the bytes are discarded. */
    bool (*write)(void *state, const void *data, size_t bytes);
    /* One to five times a second, also while no data arrives and before a retry. */
    bool (*idle)(void *state);
    void *state;
    /* After a failure, before the fetch is tried again in 'pause_ms': 'failure' says why.
     * Borrowed, during the call. */
    bool (*retry)(void *state, const struct ti_error *failure, uint64_t pause_ms);
    /* Instead of write(): bytes that belong at 'offset' of the body, in any order, each
     * byte once. Called by several threads at the same time if the body is fetched in
     * ranges; the other functions are called by one thread at a time. */
    bool (*write_at)(void *state, uint64_t offset, const void *data, size_t bytes);
};

/*
 * Fetches the tensor into a sink.
 *
 *   info   may be NULL; filled on TI_OK and untouched otherwise
 *
 * Before a byte is delivered, the response's header is checked against the request: spec,
 * dtype and shape against the TIC_EXPECT_ texts and against the parameters spec, dtype,
 * shape and format; the length against shape and dtype (raw: equal; other binary formats:
 * not less); Content-Range against the requested part. The number of bytes is checked as
 * they arrive.
 *
 * With a path there is no tensor to check: see tic_request_path().
 *
 * After a temporary failure the fetch is tried again, for TIC_RETRY_FOR_MS: no connection,
 * a broken one, a stall, or status 408, 429, 500, 502, 503 or 504. It continues where it
 * stopped, with Range and If-Range, if the new response has the same spec, dtype, shape,
 * length and ETag. If the server sends the full body instead, the bytes before that
 * position are discarded, up to TIC_SKIP_BYTES. A server with another failure, or that
 * offers another body, is not used again by this fetch, which fails when none is left.
 *
 * If the sink has write_at(), a body of 16 MiB or more with a strong ETag is fetched by
 * TIC_JOBS connections, spread over the servers, where these send ranges. A server that
 * fails is left for as long as its pause lasts, while the others are used.
 *
 * Returns TI_OK: the sink got every byte of the part, and no other. On failure it may
 * have got some of them: from the start of the part, or any by write_at(). TI_ENETWORK:
 * no connection, or it broke too often; TI_ESERVER: refused with an HTTP status;
 * TI_EMISMATCH: the response is not the requested tensor, or no tensor; TI_ERANGE: the
 * part lies outside the tensor; TI_ECANCELLED: by the sink; TI_EVALUE: a struct_bytes is
 * not set; TI_ENOMEM; and codes of the core, from the server.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch(struct tic_request *request,
                                             const struct tic_sink *sink,
                                             struct tic_info *info,
                                             struct ti_error *error);

/*
 * Fetches into the caller's 'data', which must have exactly the right size: a response of
 * another or of unknown length is TI_EMISMATCH, before 'data' is written.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_memory(struct tic_request *request,
                                                    void *data, size_t bytes,
                                                    struct tic_info *info,
                                                    struct ti_error *error);

/*
 * Fetches into new memory, aligned as by malloc(), to be freed with free(). Its length
 * is info->count_bytes; a NUL follows, so that JSON is a string. TI_ENOMEM if the
 * tensor is too large for memory, before any byte is read. On failure '*data' is
 * untouched.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_new(struct tic_request *request, void **data,
                                                 struct tic_info *info,
                                                 struct ti_error *error);

/*
 * Fetches into a blocking descriptor that is open for writing: a file at its current
 * offset, a pipe, a socket. Does not close it. Returns the same codes as tic_fetch(), and
 * TI_EIO if a write fails; bytes that were written before a failure stay written.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_fd(struct tic_request *request, int fd,
                                                struct tic_info *info,
                                                struct ti_error *error);

/*
 * Ends the fetch that runs in another thread, or else the next one, with TI_ECANCELLED,
 * within about a second. May be called by any thread, and by a handler of signals.
 */
TIC_API void tic_request_cancel(struct tic_request *request);

/* Does what tic_fetch() does, with HEAD: the same checks, and no body. */
TIC_API TI_MUST_USE enum ti_status
tic_head(struct tic_request *request, struct tic_info *info, struct ti_error *error);

/*
 * A field of the last response's header ("Tensor-Std", "Tensor-Fan-In",
 * "Content-Disposition"), also after a failure; the first one if there are several,
 * NULL if there is none. Borrowed, until the request is fetched again or freed.
 */
TIC_API const char *tic_response_field(const struct tic_request *request,
                                       const char *name);

/* The same for field 'index', from 0, of those with that name ("Tensor-Warning"). */
TIC_API const char *tic_response_field_at(const struct tic_request *request,
                                          const char *name, size_t index);

/*
 * The URL of the server that the last fetch used last. Borrowed, until the request is
 * freed.
 */
TIC_API const char *tic_response_server(const struct tic_request *request);

#ifdef __cplusplus
}
#endif

#endif
