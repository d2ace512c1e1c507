/* SPDX-License-Identifier: MIT */
/*
 * The log of the daemon: one line per message, on standard error. Once started, a thread
 * of its own writes the lines, so that a reader that does not read, such as a stopped
 * pager or a blocked container runtime, blocks no other thread: lines for which the queue
 * has no space are dropped, and counted. log_line.h says what a line looks like.
 */
#ifndef TID_LOG_H
#define TID_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/log_line.h"

/* Logs a message, if its level is one that is logged. Long messages are cut. */
void tid_log(enum tid_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void tid_log_list(enum tid_log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/*
 * For a message with values: the caller adds them between these two, to its own 'line'.
 * It looks first whether the level is logged.
 */
bool tid_log_has(enum tid_log_level level);
void tid_log_begin(struct tid_log_line *line, enum tid_log_level level,
                   const char *message);
void tid_log_end(struct tid_log_line *line);

/*
 * How lines are written from now on, and the last level that is logged; before that,
 * plain and up to info. Any thread may call it.
 */
void tid_log_use(enum tid_log_format format, enum tid_log_level level);

/*
 * Starts the thread; until then, and if this fails, the callers write themselves. Returns
 * 0 or an error number.
 */
int tid_log_start(void);

/* Ends the thread when all lines are written; after half a second at most, whatever is left. */
void tid_log_stop(void);

/* Lines that have been dropped. */
uint64_t tid_log_dropped(void);

#endif
