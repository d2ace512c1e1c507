/* SPDX-License-Identifier: MIT */
/*
 * libtensorinit-client: tensors from a tensorinitd, checked as they come.
 *
 *     struct tic_request *request;
 *     static float weights[512 * 784];
 *     if (tic_request_make("http://127.0.0.1:8080", &request, &error) == TI_OK &&
 *         tic_request_set(request, "shape", "512,784", &error) == TI_OK &&
 *         tic_request_set(request, "name", "fc1.weight", &error) == TI_OK &&
 *         tic_fetch_memory(request, weights, sizeof weights, NULL, &error) == TI_OK) ...
 *     tic_request_free(request);
 *
 * The parameters are the server's, as text, and the server judges them: a scheme that is
 * newer than this library can be asked for. What comes is held against what was asked for
 * before the first byte is handed on: see tic_fetch().
 *
 * What this library does not do behind your back: it reads no proxy variables, .netrc,
 * cookies or configuration; follows no redirect unless TIC_REDIRECTS says so; speaks http
 * and https only; asks for no compression; starts no process and installs no signal
 * handler. Over https a write to a closed connection may raise SIGPIPE, which a program
 * does well to ignore.
 *
 * Threads: a request belongs to one thread at a time; different requests are independent.
 *
 * Errors: as status.h says. A server that refuses is quoted: 'text' is the detail of its
 * problem document, 'field' the parameter that it names, and the code is the one that the
 * core gives for the same fault (TI_EVALUE, TI_EMISSING, ...), else TI_ESERVER.
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

/* As a count: up to the end. As a size that is told: not known beforehand. */
#define TIC_TO_END UINT64_MAX
#define TIC_UNKNOWN UINT64_MAX

/* One tensor to ask for; opaque. It may be fetched many times and changed in between. */
struct tic_request;

/*
 * Makes a request without parameters. Nothing is sent yet.
 *
 *   server_url  "http://host:port", "https://host" or, behind a proxy, with a path in
 *               front of /v1 ("https://host/tensors"); without query and fragment
 *
 * Returns TI_OK and a request in '*request', which the caller ends with
 * tic_request_free(); TI_EVALUE with the field "server" if the URL won't do; TI_ENOMEM.
 * On failure '*request' is untouched. Freeing NULL does nothing.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_make(const char *server_url,
                                                    struct tic_request **request,
                                                    struct ti_error *error);
TIC_API void tic_request_free(struct tic_request *request);

/*
 * Gives one parameter of the tensor, or with 'value' NULL takes it away again.
 *
 *   param  its name ("shape", "scheme", "name", ...), not ""
 *   value  its text, unencoded; percent-encoding is this library's business
 *
 * Returns TI_OK; TI_EDUPLICATE if the parameter was given before; TI_EPARAM for an empty
 * name; TI_ENOMEM. On failure the request is as it was.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_set(struct tic_request *request,
                                                   const char *param, const char *value,
                                                   struct ti_error *error);

/*
 * Gives all parameters of a URL's query component ("shape=2,3&name=fc1.weight"), percent-
 * encoding and '+' for a space resolved. Every pair needs a '='.
 *
 * Returns as tic_request_set(), TI_EVALUE for a broken percent-encoding or an encoded NUL
 * as well. On failure the parameters before the one at fault have been set.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_set_query(struct tic_request *request,
                                                         const char *query,
                                                         struct ti_error *error);

/*
 * Asks for a part of the body instead of all of it; the last call counts. A count may be
 * TIC_TO_END; a count of 0 asks whether the tensor is to be had, and delivers nothing.
 *
 * Elements are those of a raw body: with another format a fetch fails with
 * TI_EINAPPLICABLE, with a dtype that this library does not know with TI_EVALUE. Without
 * the parameter dtype f32 is meant.
 *
 * Bytes are those of the body in its format, header and trailer included.
 *
 * Returns TI_OK, or TI_ERANGE if first + count is beyond 2^63-1 (the request is as it
 * was). A part that leaves the tensor is seen when it is fetched: TI_ERANGE.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_elems(struct tic_request *request,
                                                     uint64_t first_elem,
                                                     uint64_t count_elems,
                                                     struct ti_error *error);
TIC_API TI_MUST_USE enum ti_status tic_request_bytes(struct tic_request *request,
                                                     uint64_t first_byte,
                                                     uint64_t count_bytes,
                                                     struct ti_error *error);

/*
 * Limits that are numbers, with what holds when they aren't set.
 *
 *   CONNECT_TIMEOUT_MS  10,000: for name, connection and TLS together; 0 for no limit
 *   STALL_TIMEOUT_S     60: longest time below STALL_BYTES_PER_S, which includes the wait
 *                       for the first byte; 0 for no limit
 *   STALL_BYTES_PER_S   1
 *   RETRIES             3: further tries after a failure that may pass. The count starts
 *                       anew whenever a try has delivered 1 MiB; 0 for none
 *   RETRY_WAIT_MS       30,000: longest wait before a try. A server that wants more
 *                       patience (Retry-After) is an error at once
 *   SKIP_BYTES          64 MiB: how much of a body may be read and dropped if the server
 *                       answers a request for a part with the whole
 *   REDIRECTS           0: how many redirects are followed; never from https to http
 */
enum tic_number {
    TIC_CONNECT_TIMEOUT_MS,
    TIC_STALL_TIMEOUT_S,
    TIC_STALL_BYTES_PER_S,
    TIC_RETRIES,
    TIC_RETRY_WAIT_MS,
    TIC_SKIP_BYTES,
    TIC_REDIRECTS,
    TIC_NUMBER_COUNT
};

/* Sets a limit. Above 2^31-1 it counts as that, but for SKIP_BYTES. */
TIC_API void tic_request_number(struct tic_request *request, enum tic_number which,
                                uint64_t value);

/*
 * Settings that are texts; none is set at first, and NULL unsets one.
 *
 *   EXPECT_SPEC   the Tensor-Spec that the answer must have ("1-draft.2"): pins the bits
 *   EXPECT_DTYPE  its Tensor-Dtype, where the parameter dtype doesn't say it
 *   EXPECT_SHAPE  its Tensor-Shape ("512,784" or "scalar"): of the body, that is after
 *                 slice, shard or permute
 *   PROXY         URL of a proxy; without it the connection is direct whatever the
 *                 environment says
 *   CA_FILE       PEM file of the certificates to trust instead of the system's
 *   USER_AGENT    instead of "libtensorinit-client/VERSION"
 */
enum tic_text {
    TIC_EXPECT_SPEC,
    TIC_EXPECT_DTYPE,
    TIC_EXPECT_SHAPE,
    TIC_PROXY,
    TIC_CA_FILE,
    TIC_USER_AGENT,
    TIC_TEXT_COUNT
};

/*
 * Copies 'value'. Returns TI_OK; TI_EPARAM for a setting that does not exist; TI_ENOMEM.
 * On failure the setting is as it was.
 */
TIC_API TI_MUST_USE enum ti_status tic_request_text(struct tic_request *request,
                                                    enum tic_text which,
                                                    const char *value,
                                                    struct ti_error *error);

/*
 * The URL that a fetch would ask for, in '*url', which the caller ends with free().
 * Returns TI_OK or TI_ENOMEM ('*url' untouched).
 */
TIC_API TI_MUST_USE enum ti_status tic_request_url(const struct tic_request *request,
                                                   char **url, struct ti_error *error);

#define TIC_INFO_TEXT_BYTES 128

/*
 * What came, or is about to, as the answer's header says and as it was checked.
 *
 *   spec         Tensor-Spec, never ""
 *   dtype        Tensor-Dtype as text ("bf16"), never ""; it may be one that this library
 *                does not know: then dtype_bytes is 0
 *   etag         with its quotes; "" if the answer has none
 *   media_type   Content-Type without its parameters; "" if the answer has none
 *   shape        Tensor-Shape: 'rank' dims of the body; 'elems' is their product
 *   total_bytes  of the whole body, TIC_UNKNOWN if only its end will tell (JSON)
 *   first_byte   of the part that is delivered, counted from the body's begin
 *   count_bytes  of that part. While it comes, TIC_UNKNOWN if only its end will tell;
 *                after a success always what was delivered, or by tic_head() would be
 *   tries        HTTP exchanges so far, 1 if all went well; redirects don't count
 */
struct tic_info {
    char spec[TIC_INFO_TEXT_BYTES];
    char dtype[TIC_INFO_TEXT_BYTES];
    char etag[TIC_INFO_TEXT_BYTES];
    char media_type[TIC_INFO_TEXT_BYTES];
    size_t dtype_bytes;
    unsigned rank;
    uint64_t shape[TI_MAX_RANK];
    uint64_t elems;
    uint64_t total_bytes;
    uint64_t first_byte;
    uint64_t count_bytes;
    unsigned tries;
};

/*
 * Where the bytes go. Functions are called by the thread that fetches; 'state' is theirs.
 *
 *   begin  once, when the answer's header has been checked and before the first byte;
 *          also if no byte will follow. May be NULL
 *   write  the next bytes, in order, each byte once whatever had to be resumed; never 0
 *          of them. 'data' is valid during the call only. NULL drops all bytes
 *   idle   one to five times a second, also while nothing comes or a retry is waited for.
 *          May be NULL
 *
 * A function that returns false ends the fetch with TI_ECANCELLED.
 */
struct tic_sink {
    bool (*begin)(void *state, const struct tic_info *info);
    bool (*write)(void *state, const void *data, size_t bytes);
    bool (*idle)(void *state);
    void *state;
};

/*
 * Fetches what the request asks for into a sink.
 *
 *   info   may be NULL; filled on TI_OK and untouched otherwise
 *
 * Before a byte is delivered the answer's header is held against the request: spec, dtype
 * and shape against what was expected and against the parameters spec, dtype, shape and
 * format; the length against shape and dtype (raw: equal; other binary formats: not
 * less); Content-Range against the part asked for. The number of bytes is checked as they
 * come.
 *
 * A connection that breaks is taken up again where it broke, by Range and If-Range,
 * provided that the new answer is of the same spec, dtype, shape, length and ETag. A
 * server that answers with the whole body is read from the start, without the bytes that
 * are not wanted, within TIC_SKIP_BYTES. Answers 502, 503 and 504 and answers 429 with
 * Retry-After are tried again; other errors and a server that cannot be reached at first
 * are not.
 *
 * Returns TI_OK: the sink has had every byte of the part, and no other. On failure it may
 * have had some of them, the first ones. TI_ENETWORK: no connection, or it kept breaking;
 * TI_ESERVER: refused with an HTTP status; TI_EMISMATCH: the answer is not what was asked
 * for, or no tensor; TI_ERANGE: the part leaves the tensor; TI_ECANCELLED: by the sink;
 * TI_ENOMEM; and the codes of the core, from the server.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch(struct tic_request *request,
                                             const struct tic_sink *sink,
                                             struct tic_info *info,
                                             struct ti_error *error);

/*
 * Fetches into the caller's 'data', which must be of exactly the right size: an answer of
 * another or of unknown length is TI_EMISMATCH, before 'data' is touched.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_memory(struct tic_request *request,
                                                    void *data, size_t bytes,
                                                    struct tic_info *info,
                                                    struct ti_error *error);

/*
 * Fetches into new memory, aligned as malloc() does; info->count_bytes says how many
 * bytes. A NUL follows them, so that JSON is a string. A dims product too large for
 * memory is TI_ENOMEM, before any byte. The caller ends '*data' with free(); on failure
 * it is untouched.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_new(struct tic_request *request, void **data,
                                                 struct tic_info *info,
                                                 struct ti_error *error);

/*
 * Fetches into a descriptor that is open for writing: a file at its present offset, a
 * pipe, a socket; one that blocks. It stays open. Returns as tic_fetch(), and TI_EIO if
 * writing fails; what was written before a failure stays written.
 */
TIC_API TI_MUST_USE enum ti_status tic_fetch_fd(struct tic_request *request, int fd,
                                                struct tic_info *info,
                                                struct ti_error *error);

/* Asks by HEAD what tic_fetch() would bring, with the same checks, and brings nothing. */
TIC_API TI_MUST_USE enum ti_status
tic_head(struct tic_request *request, struct tic_info *info, struct ti_error *error);

/*
 * A field of the header of the last answer that came ("Tensor-Std", "Tensor-Fan-In",
 * "Content-Disposition"), also after a failure; NULL if it had none such. The first one
 * if there are several. Borrowed, until the request is fetched again or freed.
 */
TIC_API const char *tic_answer_field(const struct tic_request *request, const char *name);

#ifdef __cplusplus
}
#endif

#endif
