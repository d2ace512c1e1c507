/* SPDX-License-Identifier: MIT */
/*
 * How get gets to its servers: certificates, token, fields of the header, proxy. No message
 * quotes a token or the value of a field.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/get_request.h"

/* Longest token that is read. */
#define TOKEN_BYTES 8192

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The variables in the order in which curl reads them. */
static int set_ca_file(const struct cli_options *options, struct tic_request *request) {
    struct ti_error error;
    const char *path = options->ca_file;
    if (path && access(path, R_OK) != 0) {
        fprintf(stderr, "tensorinit: --ca-file: cannot read %s: %s\n", path,
                strerror(errno));
        return CLI_EIO;
    }
    if (!path) path = variable("CURL_CA_BUNDLE");
    if (!path) path = variable("SSL_CERT_FILE");
    if (!path || tic_request_text(request, TIC_CA_FILE, path, &error) == TI_OK) return 0;
    return cli_fail(&error);
}

/* Reads the first line of the file, without the blanks around it. */
static int read_token(const char *path, char token[TOKEN_BYTES]) {
    FILE *file = fopen(path, "re");
    const size_t bytes = file ? fread(token, 1, TOKEN_BYTES - 1, file) : 0;
    const int code = !file || ferror(file) ? cli_fail_io(path, "cannot read") : 0;
    if (file) fclose(file);
    token[bytes] = '\0';
    memmove(token, token + strspn(token, " \t\r\n"),
            strlen(token + strspn(token, " \t\r\n")) + 1);
    token[strcspn(token, " \t\r\n")] = '\0';
    return code;
}

static int set_token(const struct cli_options *options, struct tic_request *request) {
    char from_file[TOKEN_BYTES];
    struct ti_error error;
    const char *token = variable("TENSORINIT_TOKEN");
    if (options->token_file) {
        const int code = read_token(options->token_file, from_file);
        if (code != 0) return code;
        token = from_file;
    }
    if (!token || tic_request_text(request, TIC_TOKEN, token, &error) == TI_OK) return 0;
    return cli_fail_in(options->token_file ? options->token_file : "TENSORINIT_TOKEN",
                       &error);
}

/* "Name: value" */
static int add_header(struct tic_request *request, const char *text) {
    struct ti_error error;
    const char *colon = strchr(text, ':');
    if (!colon) {
        fputs("tensorinit: --header: expected 'Name: value'\n", stderr);
        return CLI_USAGE;
    }
    char *name = strndup(text, (size_t)(colon - text));
    if (!name) return cli_fail_memory();
    const enum ti_status status = tic_request_header(request, name, colon + 1, &error);
    free(name);
    return status == TI_OK ? 0 : cli_fail(&error);
}

int cli_get_set_access(const struct cli_options *options, struct tic_request *request) {
    int code = set_ca_file(options, request);
    tic_request_number(request, TIC_PROXY_VARIABLES, 1);
    for (size_t i = 0; i < options->header.count && code == 0; i++) {
        code = add_header(request, options->header.items[i]);
    }
    return code != 0 ? code : set_token(options, request);
}
