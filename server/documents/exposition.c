/* SPDX-License-Identifier: MIT */
/* See exposition.h. */
#include "server/documents/exposition.h"

#include <inttypes.h>

void tid_exposition_head(struct tid_buffer *buffer, const char *name, const char *type,
                         const char *help) {
    tid_buffer_printf(buffer, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void tid_exposition_label(struct tid_buffer *buffer, const char *value) {
    tid_buffer_printf(buffer, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            tid_buffer_printf(buffer, "\\n");
        else
            tid_buffer_printf(buffer, *value == '"' || *value == '\\' ? "\\%c" : "%c",
                              *value);
    }
    tid_buffer_printf(buffer, "\"");
}

void tid_exposition_ns(struct tid_buffer *buffer, uint64_t ns) {
    tid_buffer_printf(buffer, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000,
                      ns % 1000000000);
}

void tid_exposition_single(struct tid_buffer *buffer, const char *name, const char *type,
                           const char *help, enum tid_metric_unit unit, int64_t value) {
    if (value < 0) return;
    tid_exposition_head(buffer, name, type, help);
    if (unit == TID_METRIC_MS)
        tid_buffer_printf(buffer, "%s %" PRId64 ".%03" PRId64 "\n", name, value / 1000,
                          value % 1000);
    else
        tid_buffer_printf(buffer, "%s %" PRId64 "\n", name, value);
}
