/* SPDX-License-Identifier: MIT */
/* Which format a request without format= gets, by its Accept field (RFC 9110 section 12.5.1). */
#ifndef TID_NEGOTIATE_H
#define TID_NEGOTIATE_H

#include <stdbool.h>

#include <tensorinit/body.h>

/*
 * The format whose media type 'accept' likes best; of equals, the first of TI_FORMATS. A NULL
 * 'accept' likes all. False if it accepts none of them ('*format' untouched).
 */
bool tid_negotiate(const char *accept, enum ti_format *format);

#endif
