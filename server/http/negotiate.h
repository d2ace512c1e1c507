/* SPDX-License-Identifier: MIT */
/*
 * Proactive negotiation (RFC 9110 section 12): chooses the format for a request that has
 * no format= by its Accept field. Called by the endpoint of tensors.
 */
#ifndef TID_NEGOTIATE_H
#define TID_NEGOTIATE_H

#include <stdbool.h>

#include <tensorinit/body.h>

/*
 * Chooses the format whose media type has the largest weight in 'accept', the value of
 * the field; of several, the first of TI_FORMATS. NULL, no Accept field, accepts
 * everything. False if no format is acceptable ('*format' is then untouched).
 */
bool tid_negotiate(const char *accept, enum ti_format *format);

#endif
