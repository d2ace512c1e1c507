/* SPDX-License-Identifier: MIT */
/* The log of the daemon: one line per message, on standard error. */
#ifndef TID_LOG_H
#define TID_LOG_H

/*
 * Writes "tensorinitd: " and the message as one line, in one write(), so that lines of
 * different threads do not mix. Long lines are cut; control characters become '?'.
 */
void tid_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
