/* SPDX-License-Identifier: MIT */
#ifndef TENSORINIT_VERSION_H
#define TENSORINIT_VERSION_H

/* Version of the software. The bits are versioned separately: TI_SPEC_NAME. */
#define TI_VERSION_STRING "0.1.0"

/*
 * The version of docs/SPEC.md, the definition of the bits, that this library computes.
 * Until release 1.0 it is a numbered draft: a change to any byte of any tensor raises the
 * number.
 */
#define TI_SPEC_NAME "1-draft.2"

#endif
