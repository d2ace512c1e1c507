/* SPDX-License-Identifier: MIT */
/*
 * A line of the log: time, level, message and named values, as logfmt, as a JSON object,
 * or plain. Whatever the values are, a line is one line of printable ASCII, so that no
 * request can forge another one or send commands to a terminal. Called by log.c; tests
 * call it without a log.
 */
#ifndef TID_LOG_LINE_H
#define TID_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* TID_LOG_LEVEL(enumerator, name), the gravest first, as the words of --log-level. */
#define TID_LOG_LEVELS(TID_LOG_LEVEL)                                                    \
    TID_LOG_LEVEL(ERROR, "error")                                                        \
    TID_LOG_LEVEL(WARNING, "warning")                                                    \
    TID_LOG_LEVEL(INFO, "info")                                                          \
    TID_LOG_LEVEL(DEBUG, "debug")

enum tid_log_level {
#define TID_LOG_LEVEL(id, name) TID_LOG_##id,
    TID_LOG_LEVELS(TID_LOG_LEVEL)
#undef TID_LOG_LEVEL
};

/* The first two as the words of --log-format. */
enum tid_log_format {
    TID_LOG_LOGFMT,
    TID_LOG_JSON,
    TID_LOG_PLAIN, /* "tensorinitd: message", for a person at a terminal */
};

#define TID_LOG_LINE_BYTES 8192
/* Of a value as it is written; a longer one ends with "...". */
#define TID_LOG_VALUE_BYTES 4096

struct tid_log_line {
    enum tid_log_format format;
    size_t bytes;
    char text[TID_LOG_LINE_BYTES];
};

/* Begins a line; 'now' is of CLOCK_REALTIME. */
void tid_log_line_begin(struct tid_log_line *line, enum tid_log_format format,
                        enum tid_log_level level, struct timespec now,
                        const char *message);

/*
 * Add a named value; a name is letters and '_'. What does not fit into the line is left
 * out.
 *
 * In logfmt a byte of a text that is not printable ASCII, and a backslash, is \xHH; a
 * value that needs quotes has them, and then each backslash twice, as its readers expect.
 * In JSON, control characters and what is not ASCII are \uHHHH; bytes that are not UTF-8
 * are U+FFFD.
 */
void tid_log_line_text(struct tid_log_line *line, const char *name, const char *value,
                       size_t value_bytes);
void tid_log_line_string(struct tid_log_line *line, const char *name, const char *value);
void tid_log_line_number(struct tid_log_line *line, const char *name, uint64_t value);

/* Nanoseconds as milliseconds with three decimals. */
void tid_log_line_ms(struct tid_log_line *line, const char *name, int64_t ns);

/* Ends the line with a line feed. */
void tid_log_line_end(struct tid_log_line *line);

#endif
