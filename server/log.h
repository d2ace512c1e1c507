/* SPDX-License-Identifier: MIT */
/*
 * What the daemon has to say: one line a message, on standard error.
 */
#ifndef TID_LOG_H
#define TID_LOG_H

/*
 * Writes "tensorinitd: " and the message as one line, in one write(), so that lines of
 * several threads do not mix. Longer ones are cut; control characters become '?'.
 */
void tid_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
