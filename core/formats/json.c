/* SPDX-License-Identifier: MIT */
#include "core/formats/formats.h"
enum ti_status ti_format_json_next(const struct ti_plan *plan, struct ti_body_cursor *cursor,
                                   size_t room_bytes, char *out, size_t *written,
                                   void *workspace) { (void)plan;(void)cursor;(void)room_bytes;(void)out;(void)workspace; *written=0; return TI_OK; }
