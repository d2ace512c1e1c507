/* SPDX-License-Identifier: MIT */
/* Hexadecimal digits. */
#ifndef TI_HEX_H
#define TI_HEX_H

/* The digit of the low four bits. */
static inline char ti_hex_lower(unsigned value) { return "0123456789abcdef"[value & 15]; }
static inline char ti_hex_upper(unsigned value) { return "0123456789ABCDEF"[value & 15]; }

#endif
