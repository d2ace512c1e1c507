/* SPDX-License-Identifier: MIT */
/*
 * What get saves beside FILE.part: a line of JSON in FILE.part.json. It is overwritten in
 * place by a single write, which a signal does not divide; after a crash of the machine
 * what it says is recomputed in full (see 'same_boot').
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cli/cli.h"

/* An identifier of the running boot; "" where the system has none. */
static void read_boot(char *out, size_t bytes) {
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    out[0] = '\0';
    if (!file) return;
    if (!fgets(out, (int)bytes, file)) out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

int cli_part_make(struct cli_part_state *state, const char *query, const char *etag,
                  const char *spec, uint64_t total_bytes) {
    cli_part_clear(state);
    state->query = strdup(query);
    state->etag = strdup(etag);
    state->spec = strdup(spec);
    state->total_bytes = total_bytes;
    return state->query && state->etag && state->spec ? 0 : cli_fail_memory();
}

void cli_part_clear(struct cli_part_state *state) {
    free(state->query);
    free(state->etag);
    free(state->spec);
    free(state->done);
    memset(state, 0, sizeof *state);
}

uint64_t cli_part_done(const struct cli_part_state *state) {
    uint64_t sum = 0;
    for (size_t i = 0; i < state->done_count; i++) {
        sum += state->done[i].end - state->done[i].first;
    }
    return sum;
}

/* Ranges that touch become one. */
int cli_part_add(struct cli_part_state *state, uint64_t first, uint64_t end) {
    size_t at = 0, after;
    while (at < state->done_count && state->done[at].end < first) at++;
    for (after = at; after < state->done_count && state->done[after].first <= end;
         after++) {
        if (state->done[after].first < first) first = state->done[after].first;
        if (state->done[after].end > end) end = state->done[after].end;
    }
    if (after == at && state->done_count == state->done_capacity) {
        const size_t capacity = state->done_capacity * 2 + 8;
        struct cli_range *done = realloc(state->done, capacity * sizeof *done);
        if (!done) return cli_fail_memory();
        state->done = done;
        state->done_capacity = capacity;
    }
    if (after != at + 1) {
        memmove(&state->done[at + 1], &state->done[after],
                (state->done_count - after) * sizeof *state->done);
        state->done_count = state->done_count - (after - at) + 1;
    }
    state->done[at] = (struct cli_range){first, end};
    return 0;
}

/* The state as a line; NULL if memory runs out. */
static char *write_json(const struct cli_part_state *state) {
    char boot[64];
    json_t *done = json_array();
    read_boot(boot, sizeof boot);
    for (size_t i = 0; i < state->done_count; i++) {
        json_array_append_new(done, json_pack("[II]", (json_int_t)state->done[i].first,
                                              (json_int_t)state->done[i].end));
    }
    json_t *document = json_pack(
        "{ss ss ss sI ss so}", "query", state->query, "etag", state->etag, "spec",
        state->spec, "bytes", (json_int_t)state->total_bytes, "boot", boot, "done", done);
    char *text = json_dumps(document, JSON_COMPACT);
    json_decref(document);
    return text;
}

int cli_part_save(struct cli_part_state *state, const char *path) {
    char *text = write_json(state);
    const size_t used = text ? strlen(text) : 0;
    /* Blanks overwrite what is left of a longer line. */
    const size_t bytes = used + 1 > state->saved_bytes ? used + 1 : state->saved_bytes;
    char *padded = text ? malloc(bytes) : NULL;
    int code = 0;
    if (!padded) {
        free(text);
        return cli_fail_memory();
    }
    memset(padded, ' ', bytes);
    memcpy(padded, text, used);
    padded[bytes - 1] = '\n';
    const int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 || pwrite(fd, padded, bytes, 0) != (ssize_t)bytes) {
        code = cli_fail_io(path, "cannot write");
    }
    if (fd >= 0) close(fd);
    state->saved_bytes = bytes;
    free(padded);
    free(text);
    return code;
}

/* Takes the members over; false if one is missing or contradicts the others. */
static bool read_json(struct cli_part_state *state, json_t *document) {
    const char *query, *etag, *spec, *boot;
    json_int_t total_bytes;
    json_t *done, *range;
    char now[64];
    size_t i;
    if (json_unpack(document, "{ss ss ss sI ss so}", "query", &query, "etag", &etag,
                    "spec", &spec, "bytes", &total_bytes, "boot", &boot, "done",
                    &done) != 0 ||
        total_bytes < 0 ||
        cli_part_make(state, query, etag, spec, (uint64_t)total_bytes) != 0) {
        return false;
    }
    read_boot(now, sizeof now);
    state->same_boot = *now && strcmp(now, boot) == 0;
    json_array_foreach(done, i, range) {
        json_int_t first, end;
        if (json_unpack(range, "[II!]", &first, &end) != 0 || first < 0 || end <= first ||
            end > total_bytes ||
            cli_part_add(state, (uint64_t)first, (uint64_t)end) != 0) {
            return false;
        }
    }
    return true;
}

int cli_part_load(struct cli_part_state *state, const char *path) {
    json_error_t where;
    struct stat file;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    const bool valid = document && read_json(state, document) && stat(path, &file) == 0;
    json_decref(document);
    if (valid) {
        /* cli_part_save() has to overwrite all of it. */
        state->saved_bytes = (size_t)file.st_size;
        return 0;
    }
    fprintf(stderr,
            "tensorinit: %s is not the state of a transfer: remove it, or get the tensor "
            "without --continue\n",
            path);
    return CLI_EIO;
}
