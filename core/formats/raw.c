/* SPDX-License-Identifier: MIT */
/* raw: the elements and nothing else. */
#include "core/formats/formats.h"

size_t ti_format_raw_header(const struct ti_plan *plan,
                            unsigned char out[TI_HEADER_BYTES_MAX]) {
    (void)plan, (void)out;
    return 0;
}
