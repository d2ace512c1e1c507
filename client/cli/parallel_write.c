/* SPDX-License-Identifier: MIT */
/*
 * Writes what is computed to a part file: see parallel_write.h. Each thread computes a block and
 * writes it where it belongs, in no order: a block is not passed to another processor. The
 * kernel lets one thread write to a file at a time, while the others compute.
 */
#include "client/cli/parallel_write.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* A block ends at a multiple of this in the file: it is in an L2 cache when it is copied to the
   file, and has some rows of a matrix, which orthogonal ones compute together. */
#define BLOCK_BYTES ((uint64_t)1 << 20)

struct writing {
    const struct cli_source *source;
    const struct cli_output *output;
    uint64_t first, end; /* in the file */
    struct cli_progress *progress;
    /* of the next block that a thread takes */
    atomic_uint_fast64_t next;
    atomic_uint_fast64_t written_bytes;
    atomic_bool stopped;
    pthread_mutex_t lock;
    int write_errno; /* why a write has failed, with the lock */
};

/* What a thread has for itself. */
struct writer {
    struct writing *writing;
    void *thread; /* of the source */
    unsigned char *buffer;
};

static bool compute(const struct writer *writer, uint64_t first, size_t bytes,
                    unsigned char *out) {
    const struct writing *writing = writer->writing;
    const struct cli_source *source = writing->source;
    return source->read(source->state, writer->thread, first - writing->first, bytes,
                        out) == TI_OK;
}

static bool put(const struct writer *writer, uint64_t first, size_t bytes) {
    struct writing *writing = writer->writing;
    if (cli_output_put_at(writing->output, first, writer->buffer, bytes)) return true;
    const int reason = errno;
    pthread_mutex_lock(&writing->lock);
    if (writing->write_errno == 0) writing->write_errno = reason;
    pthread_mutex_unlock(&writing->lock);
    return false;
}

static bool write_block(const struct writer *writer, uint64_t first, size_t bytes) {
    return compute(writer, first, bytes, writer->buffer) && put(writer, first, bytes);
}

/* Progress belongs to one thread at a time. */
static void show(struct writing *writing) {
    if (pthread_mutex_trylock(&writing->lock) != 0) return;
    cli_progress_show(writing->progress);
    pthread_mutex_unlock(&writing->lock);
}

/* Takes the next block; false if there is none. */
static bool take(struct writing *writing, uint64_t *first, size_t *bytes) {
    const uint64_t block = atomic_fetch_add(&writing->next, 1);
    const uint64_t begin = (writing->first / BLOCK_BYTES + block) * BLOCK_BYTES;
    const uint64_t end =
        begin + BLOCK_BYTES < writing->end ? begin + BLOCK_BYTES : writing->end;
    if (begin >= writing->end || atomic_load(&writing->stopped)) return false;
    *first = begin > writing->first ? begin : writing->first;
    *bytes = (size_t)(end - *first);
    return true;
}

static void write_blocks(const struct writer *writer) {
    struct writing *writing = writer->writing;
    uint64_t first;
    size_t bytes;
    while (take(writing, &first, &bytes)) {
        if (!write_block(writer, first, bytes)) {
            atomic_store(&writing->stopped, true);
            return;
        }
        atomic_fetch_add(&writing->written_bytes, bytes);
        atomic_fetch_add(&writing->progress->bytes, bytes);
        show(writing);
    }
}

/* Without memory for a thread the others do the work. */
static void *run(void *argument) {
    struct writing *writing = argument;
    const struct cli_source *source = writing->source;
    struct writer writer = {.writing = writing, .buffer = malloc(BLOCK_BYTES)};
    if (writer.buffer && source->open(source->state, &writer.thread)) {
        write_blocks(&writer);
        source->close(writer.thread);
    }
    free(writer.buffer);
    return NULL;
}

int cli_parallel_write(const struct cli_source *source, const struct cli_output *output,
                       uint64_t offset, struct cli_progress *progress) {
    const uint64_t end = offset + source->bytes;
    struct writing writing = {.source = source,
                              .output = output,
                              .first = offset,
                              .end = end,
                              .progress = progress};
    const uint64_t blocks = source->bytes / BLOCK_BYTES + 1;
    pthread_mutex_init(&writing.lock, NULL);
    cli_threads_run(source->threads < blocks ? source->threads : (unsigned)blocks, run,
                    &writing);
    pthread_mutex_destroy(&writing.lock);
    if (writing.write_errno != 0) {
        errno = writing.write_errno;
        return cli_fail_io(output->path, "cannot write");
    }
    return writing.written_bytes == source->bytes ? 0 : cli_fail_memory();
}
