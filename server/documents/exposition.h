/* SPDX-License-Identifier: MIT */
/*
 * Writes families of metrics in Prometheus' text format 0.0.4. Called by metrics_text.c.
 */
#ifndef TID_EXPOSITION_H
#define TID_EXPOSITION_H

#include <stdint.h>

#include "server/documents/buffer.h"

/* What a value is in; each is written in base units. */
enum tid_metric_unit {
    TID_METRIC_ONE,
    TID_METRIC_MS, /* written in seconds */
};

/* The HELP and the TYPE of a family; its samples follow. */
void tid_exposition_head(struct tid_buffer *buffer, const char *name, const char *type,
                         const char *help);

/* The value of a label, with its quotes and escapes. */
void tid_exposition_label(struct tid_buffer *buffer, const char *value);

/* A number of nanoseconds in seconds, and the end of the line. */
void tid_exposition_ns(struct tid_buffer *buffer, uint64_t ns);

/* A family of one sample without labels; nothing if the value is negative: unknown. */
void tid_exposition_single(struct tid_buffer *buffer, const char *name, const char *type,
                           const char *help, enum tid_metric_unit unit, int64_t value);

#endif
