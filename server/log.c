/* SPDX-License-Identifier: MIT */
/* See log.h. */
#include "server/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/work/clock.h"
#include "server/work/thread.h"

#define QUEUE_BYTES ((size_t)1 << 18)
#define STOP_MS 500
/*
 * After a write, lines gather for so long, or until the queue is half full: a thread that
 * wakes for each line costs as much as a small request.
 */
#define GATHER_MS 10
#define GATHER_BYTES (QUEUE_BYTES / 2)

/* Of one write(): a pipe holds as much, and new lines get the space of what is written. */
#define WRITE_BYTES ((size_t)1 << 16)

/* Lines that wait, one after another: byte 'first + i' is at its remainder by the size. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* 'wake_bytes' of lines, or the end */
    pthread_cond_t ended; /* the thread has ended */
    size_t wake_bytes;
    bool started, stopping, is_ended;
    uint64_t dropped, reported; /* lines */
    size_t first, used;
    char bytes[QUEUE_BYTES];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Returns how much it wrote: less than all if it failed, which cannot be reported anywhere. */
static size_t write_all(const char *text, size_t bytes) {
    size_t done = 0;
    while (done < bytes) {
        const ssize_t written = write(STDERR_FILENO, text + done, bytes - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) {
            /* Someone else has made it non-blocking. */
            poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, -1);
            continue;
        }
        if (written <= 0) break;
        done += (size_t)written;
    }
    return done;
}

/* Counts the lines of a text that could not be written; it is no use to report that. */
static void count_unwritten(const char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] != '\n') continue;
        queue.dropped++;
        queue.reported++;
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
    if (queue.used >= queue.wake_bytes) pthread_cond_signal(&queue.wake);
}

/* How lines are written, and the last level that is. */
static atomic_int used_format = TID_LOG_PLAIN, used_level = TID_LOG_INFO;

void tid_log_begin(struct tid_log_line *line, enum tid_log_level level,
                   const char *message) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    tid_log_line_begin(
        line,
        (enum tid_log_format)atomic_load_explicit(&used_format, memory_order_relaxed),
        level, now, message);
}

/* A line about lines that were dropped since the last one; 0 bytes if none was. */
static size_t dropped_line(struct tid_log_line *line) {
    const uint64_t more = queue.dropped - queue.reported;
    char message[128];
    queue.reported = queue.dropped;
    if (more == 0) return 0;
    snprintf(message, sizeof message,
             "%llu lines of the log were dropped: they were not read in time",
             (unsigned long long)more);
    tid_log_begin(line, TID_LOG_WARNING, message);
    tid_log_line_number(line, "dropped", more);
    tid_log_line_end(line);
    return line->bytes;
}

/* Writes without the lock, which the caller has, and counts the lines that fail. */
static void write_unlocked(const char *text, size_t bytes) {
    pthread_mutex_unlock(&queue.lock);
    const size_t done = write_all(text, bytes);
    pthread_mutex_lock(&queue.lock);
    count_unwritten(text + done, bytes - done);
}

/*
 * Writes the lines that wait; false if there are none. Those that are added meanwhile gather
 * for the next time. With the lock.
 */
static bool write_queue(void) {
    const bool has_lines = queue.used > 0;
    size_t bytes;
    for (size_t left = queue.used; left > 0; left -= bytes) {
        /* Nothing else moves 'first', and what waits stays as it is. */
        const size_t until_end = QUEUE_BYTES - queue.first;
        bytes = left < until_end ? left : until_end;
        if (bytes > WRITE_BYTES) bytes = WRITE_BYTES;
        write_unlocked(queue.bytes + queue.first, bytes);
        queue.first = (queue.first + bytes) % QUEUE_BYTES;
        queue.used -= bytes;
    }
    return has_lines;
}

/* Waits until there are lines to write, or the end. With the lock. */
static void wait_for_lines(bool gather) {
    queue.wake_bytes = GATHER_BYTES;
    while (gather && !queue.stopping && queue.used < GATHER_BYTES &&
           tid_clock_wait(&queue.wake, &queue.lock, GATHER_MS) == 0) {
    }
    queue.wake_bytes = 1;
    while (!queue.stopping && queue.used == 0)
        pthread_cond_wait(&queue.wake, &queue.lock);
}

static void *writer_run(void *unused) {
    static struct tid_log_line line;
    (void)unused;
    pthread_mutex_lock(&queue.lock);
    bool wrote = false;
    do {
        wait_for_lines(wrote);
        wrote = write_queue();
        /* Only now: it must not come between the two pieces of another line. */
        const size_t bytes = dropped_line(&line);
        if (bytes > 0) write_unlocked(line.text, bytes);
    } while (!queue.stopping || queue.used > 0);
    queue.is_ended = true;
    pthread_cond_signal(&queue.ended);
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

int tid_log_start(void) {
    pthread_t thread;
    tid_clock_cond_init(&queue.wake);
    tid_clock_cond_init(&queue.ended);
    queue.stopping = false;
    queue.is_ended = false;
    const int error = tid_thread_create(&thread, writer_run, NULL);
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
    if (queue.started) pthread_cond_signal(&queue.wake);
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

void tid_log_use(enum tid_log_format format, enum tid_log_level level) {
    atomic_store_explicit(&used_format, (int)format, memory_order_relaxed);
    atomic_store_explicit(&used_level, (int)level, memory_order_relaxed);
}

bool tid_log_has(enum tid_log_level level) {
    return (int)level <= atomic_load_explicit(&used_level, memory_order_relaxed);
}

void tid_log_end(struct tid_log_line *line) {
    tid_log_line_end(line);
    pthread_mutex_lock(&queue.lock);
    const bool started = queue.started;
    if (started) enqueue(line->text, line->bytes);
    pthread_mutex_unlock(&queue.lock);
    if (!started) write_all(line->text, line->bytes);
}

void tid_log_list(enum tid_log_level level, const char *format, va_list arguments) {
    char message[TID_LOG_VALUE_BYTES];
    struct tid_log_line line;
    if (!tid_log_has(level)) return;
    const int length = vsnprintf(message, sizeof message, format, arguments);
    if (length < 0) return;
    /* The texts of libraries end with a line feed. */
    if (length > 0 && (size_t)length < sizeof message && message[length - 1] == '\n')
        message[length - 1] = '\0';
    tid_log_begin(&line, level, message);
    tid_log_end(&line);
}

void tid_log(enum tid_log_level level, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    tid_log_list(level, format, arguments);
    va_end(arguments);
}
