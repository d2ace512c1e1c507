/* SPDX-License-Identifier: MIT */
/*
 * One tensor in C: its bytes go to standard output.
 *
 *     cc fetch.c $(pkg-config --cflags --libs tensorinit-client) -o fetch
 *     ./fetch [SERVER]
 */
#include <stdio.h>

#include <tensorinit/client.h>

int main(int argc, char **argv) {
    static float weights[512 * 784];
    const char *server = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
    const char *query = "shape=512,784&scheme=he_normal&seed=42&name=fc1.weight";
    struct tic_request *request = NULL;
    struct ti_error error;
    int status = 1;
    if (tic_request_make(server, &request, &error) == TI_OK &&
        tic_request_set_query(request, query, &error) == TI_OK &&
        tic_fetch_memory(request, weights, sizeof weights, NULL, &error) == TI_OK) {
        fprintf(stderr, "%.9g %.9g %.9g\n", weights[0], weights[1], weights[2]);
        status = fwrite(weights, 1, sizeof weights, stdout) != sizeof weights;
    } else {
        fprintf(stderr, "%s\n", error.text);
    }
    tic_request_free(request);
    return status;
}
