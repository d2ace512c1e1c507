/* SPDX-License-Identifier: MIT */
/* 'stream NAME' writes the words of a stream (support/streams.h) to standard output, for
   dieharder, until the reader closes the pipe. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "support/streams.h"

#define QUADS 16384

int main(int argc, char **argv) {
    static uint32_t words[4 * QUADS];
    const struct stream *stream = streams;
    while (stream->name && (argc != 2 || strcmp(stream->name, argv[1]) != 0)) stream++;
    if (!stream->name) {
        fputs("usage: stream NAME\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* the reader ends when it has enough */
    for (uint64_t first = 0;; first += QUADS) {
        stream->words(first, QUADS, words);
        if (fwrite(words, 4, 4 * QUADS, stdout) != 4 * QUADS) return 0;
    }
}
