/* SPDX-License-Identifier: MIT */
#ifndef TENSORINIT_VERSION_H
#define TENSORINIT_VERSION_H

/* Version of the software. The bits have a version of their own: TI_SPEC_NAME. */
#define TI_VERSION_STRING "0.1.0"

/*
 * The bit contract that this library computes, as docs/SPEC.md defines it. Until release
 * 1.0 it is a numbered draft: whoever changes a byte of any tensor raises the number.
 */
#define TI_SPEC_NAME "1-draft.2"

#endif
