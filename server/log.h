/* SPDX-License-Identifier: MIT */
/*
 * The log of the daemon: one line per message, on standard error. Once started, a thread
 * of its own writes the lines, so that a reader that does not read, such as a stopped
 * pager or a blocked container runtime, blocks no other thread: lines for which the queue
 * has no space are dropped, and counted.
 */
#ifndef TID_LOG_H
#define TID_LOG_H

#include <stdint.h>

/*
 * Logs "tensorinitd: " and the message as one line. Long lines are cut. Bytes that are
 * not printable ASCII, and backslashes, are written as \xHH, so that no request can forge
 * a line or send commands to a terminal.
 */
void tid_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Starts the thread; until then, and if this fails, tid_log() writes itself. Returns 0 or
 * an error number.
 */
int tid_log_start(void);

/* Ends the thread when all lines are written; after half a second at most, whatever is left. */
void tid_log_stop(void);

/* Lines that have been dropped. */
uint64_t tid_log_dropped(void);

#endif
