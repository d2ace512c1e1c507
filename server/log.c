/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "server/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/work/clock.h"

#define LINE_BYTES 8192
#define QUEUE_BYTES ((size_t)1 << 18)
#define STOP_MS 500

/* Lines that wait, one after another: byte 'first + i' is at its remainder by the size. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* lines, or the end */
    pthread_cond_t ended; /* the thread has ended; on the monotonic clock */
    bool started, stopping, is_ended;
    uint64_t dropped, reported; /* lines */
    size_t first, used;
    char bytes[QUEUE_BYTES];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void write_all(const char *text, size_t bytes) {
    while (bytes > 0) {
        const ssize_t written = write(STDERR_FILENO, text, bytes);
        if (written < 0 && errno == EINTR) continue;
        /* A failure cannot be reported anywhere. */
        if (written <= 0) return;
        text += written;
        bytes -= (size_t)written;
    }
}

/* Appends a line, or counts it as dropped. With the lock. */
static void enqueue(const char *line, size_t bytes) {
    if (bytes > QUEUE_BYTES - queue.used) {
        queue.dropped++;
        return;
    }
    const size_t at = (queue.first + queue.used) % QUEUE_BYTES;
    const size_t until_end = QUEUE_BYTES - at;
    const size_t head = bytes < until_end ? bytes : until_end;
    memcpy(queue.bytes + at, line, head);
    memcpy(queue.bytes, line + head, bytes - head);
    queue.used += bytes;
    pthread_cond_signal(&queue.wake);
}

/* Moves whole lines from the queue to 'out', which has space for one. With the lock. */
static size_t dequeue(char *out, size_t capacity) {
    size_t bytes = queue.used < capacity ? queue.used : capacity;
    const size_t until_end = QUEUE_BYTES - queue.first;
    const size_t head = bytes < until_end ? bytes : until_end;
    memcpy(out, queue.bytes + queue.first, head);
    memcpy(out + head, queue.bytes, bytes - head);
    while (bytes > 0 && out[bytes - 1] != '\n') bytes--;
    queue.first = (queue.first + bytes) % QUEUE_BYTES;
    queue.used -= bytes;
    return bytes;
}

/* A line about lines that were dropped since the last one; 0 bytes if none was. */
static size_t dropped_line(char *out, size_t capacity) {
    const uint64_t more = queue.dropped - queue.reported;
    queue.reported = queue.dropped;
    if (more == 0) return 0;
    return (size_t)snprintf(out, capacity,
                            "tensorinitd: %llu lines of the log were dropped: they were "
                            "not read in time\n",
                            (unsigned long long)more);
}

static void *writer_run(void *unused) {
    static char out[LINE_BYTES];
    (void)unused;
    pthread_mutex_lock(&queue.lock);
    for (;;) {
        size_t bytes = dequeue(out, sizeof out);
        if (bytes == 0) bytes = dropped_line(out, sizeof out);
        if (bytes > 0) {
            pthread_mutex_unlock(&queue.lock);
            write_all(out, bytes);
            pthread_mutex_lock(&queue.lock);
        } else if (queue.stopping) {
            break;
        } else {
            pthread_cond_wait(&queue.wake, &queue.lock);
        }
    }
    queue.is_ended = true;
    pthread_cond_signal(&queue.ended);
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

int tid_log_start(void) {
    pthread_t thread;
    tid_clock_cond_init(&queue.ended);
    const int error = pthread_create(&thread, NULL, writer_run, NULL);
    if (error != 0) return error;
    /* If its last write() never returns, nothing must wait for it. */
    pthread_detach(thread);
    pthread_mutex_lock(&queue.lock);
    queue.started = true;
    pthread_mutex_unlock(&queue.lock);
    return 0;
}

void tid_log_stop(void) {
    pthread_mutex_lock(&queue.lock);
    queue.stopping = true;
    pthread_cond_signal(&queue.wake);
    while (queue.started && !queue.is_ended &&
           tid_clock_wait(&queue.ended, &queue.lock, STOP_MS) == 0) {
    }
    /* Else the thread is still in its write(): tid_log() must not follow it there. */
    if (queue.is_ended) queue.started = false;
    pthread_mutex_unlock(&queue.lock);
}

uint64_t tid_log_dropped(void) {
    pthread_mutex_lock(&queue.lock);
    const uint64_t dropped = queue.dropped;
    pthread_mutex_unlock(&queue.lock);
    return dropped;
}

/* Writes the printable form of 'text'; returns its length. */
static size_t escape(const char *text, char *out, size_t capacity) {
    size_t used = 0;
    for (; *text != '\0' && used + 4 < capacity; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c < 0x7f && c != '\\')
            out[used++] = *text;
        else
            used += (size_t)snprintf(out + used, capacity - used, "\\x%02x", c);
    }
    return used;
}

void tid_log(const char *format, ...) {
    static const char prefix[] = "tensorinitd: ";
    char text[LINE_BYTES / 2], line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    size_t bytes = sizeof prefix - 1;
    memcpy(line, prefix, bytes);
    bytes += escape(text, line + bytes, sizeof line - bytes - 1);
    line[bytes++] = '\n';

    pthread_mutex_lock(&queue.lock);
    const bool started = queue.started;
    if (started) enqueue(line, bytes);
    pthread_mutex_unlock(&queue.lock);
    if (!started) write_all(line, bytes);
}
