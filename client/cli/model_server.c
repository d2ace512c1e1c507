/* SPDX-License-Identifier: MIT */
/* Manifests from and to a daemon: see model_server.h. */
#include "client/cli/model_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/get_request.h"

#define MODELS "/v1/models"

/* What a server may send: the largest manifest that it may have. */
#define DOCUMENT_BYTES_MAX ((size_t)256 << 20)

/* A response in memory. */
struct document {
    const struct cli_model_server *server;
    char *text;
    size_t used_bytes, capacity_bytes;
    int code; /* its message has been printed */
    char last_failure[TI_ERROR_TEXT_BYTES];
};

/* Makes space for 'bytes' more and a NUL. */
static int grow(struct document *document, size_t bytes) {
    if (bytes > DOCUMENT_BYTES_MAX - document->used_bytes) {
        fputs("tensorinit: the server's response is too large for a manifest\n", stderr);
        return CLI_EMISMATCH;
    }
    if (document->used_bytes + bytes < document->capacity_bytes) return 0;
    const size_t capacity = 2 * (document->used_bytes + bytes) + 4096;
    char *text = realloc(document->text, capacity);
    if (!text) return cli_fail_memory();
    document->text = text;
    document->capacity_bytes = capacity;
    return 0;
}

static bool write_text(void *state, const void *data, size_t bytes) {
    struct document *document = state;
    document->code = grow(document, bytes);
    if (document->code != 0) return false;
    memcpy(document->text + document->used_bytes, data, bytes);
    document->used_bytes += bytes;
    return true;
}

static bool on_retry(void *state, const struct ti_error *failure, uint64_t pause_ms) {
    struct document *document = state;
    const struct cli_model_server *server = document->server;
    (void)pause_ms;
    cli_get_print_retry(server->options, server->request, failure,
                        document->last_failure);
    return true;
}

/* Fetches all of a response to '*text', NUL-terminated, to be freed. */
static int fetch(struct cli_model_server *server, char **text, size_t *bytes) {
    struct document document = {.server = server};
    struct ti_error error;
    const struct tic_sink sink = {.struct_bytes = sizeof sink,
                                  .write = write_text,
                                  .state = &document,
                                  .retry = on_retry};
    const enum ti_status status = tic_fetch(server->request, &sink, NULL, &error);
    int code = document.code;
    if (status != TI_OK && code == 0) {
        cli_get_print_error(server->options, server->request, &error);
        code = ti_status_exit_code(error.code);
    }
    if (code == 0) code = grow(&document, 0);
    if (code != 0) {
        free(document.text);
        return code;
    }
    document.text[document.used_bytes] = '\0';
    *text = document.text;
    *bytes = document.used_bytes;
    return 0;
}

int cli_model_server_open(struct cli_model_server *server,
                          const struct cli_options *options) {
    *server = (struct cli_model_server){.options = options};
    cli_output_handle_sigpipe();
    return cli_get_make_request(options, NULL, &server->request);
}

void cli_model_server_close(struct cli_model_server *server) {
    tic_request_free(server->request);
    free(server->path);
}

/* A text of three, to be freed; NULL if memory runs out. */
static char *join(const char *a, const char *b, const char *c) {
    char *text = malloc(strlen(a) + strlen(b) + strlen(c) + 1);
    if (text) stpcpy(stpcpy(stpcpy(text, a), b), c);
    return text;
}

int cli_model_server_manifest(struct cli_model_server *server, const char *name,
                              char **json, size_t *bytes) {
    struct ti_error error;
    server->path = join(MODELS "/", name, "");
    /* It is the same for each seed. */
    char *path = server->path ? join(server->path, "/seed-0/manifest.json", "") : NULL;
    int code = path ? 0 : cli_fail_memory();
    if (code == 0 && tic_request_path(server->request, path, &error) != TI_OK) {
        fprintf(
            stderr,
            "tensorinit: '%s' is neither a manifest here nor the name of a model that "
            "a server may have\n",
            name);
        code = CLI_USAGE;
    }
    free(path);
    return code == 0 ? fetch(server, json, bytes) : code;
}

/* The path below the server's URL: a proxy's prefix, which is in that URL, stands before. */
static int read_location(struct cli_model_server *server) {
    const char *location = tic_response_field(server->request, "Location");
    const char *path = location ? strstr(location, MODELS "/") : NULL;
    if (!path || tic_request_path(server->request, path, NULL) != TI_OK) {
        fputs("tensorinit: the server does not say where the model is\n", stderr);
        return CLI_EMISMATCH;
    }
    server->path = strdup(path);
    return server->path ? 0 : cli_fail_memory();
}

int cli_model_server_send(struct cli_model_server *server, const char *json,
                          size_t bytes) {
    struct ti_error error;
    char *created = NULL;
    size_t created_bytes;
    enum ti_status status = tic_request_path(server->request, MODELS, &error);
    if (status == TI_OK) status = tic_request_post(server->request, json, bytes, &error);
    if (status != TI_OK) return cli_fail(&error);
    int code = fetch(server, &created, &created_bytes);
    free(created);
    if (code == 0) code = read_location(server);
    /* Removing it cannot fail. */
    status = tic_request_post(server->request, NULL, 0, NULL);
    return code == 0 && status != TI_OK ? cli_fail_memory() : code;
}
