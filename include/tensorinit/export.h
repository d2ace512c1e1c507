/* SPDX-License-Identifier: MIT */
#ifndef TENSORINIT_EXPORT_H
#define TENSORINIT_EXPORT_H

/* What the shared library exports; everything else is built with hidden visibility. */
#if defined(__GNUC__) || defined(__clang__)
#define TI_API __attribute__((visibility("default")))
#define TI_MUST_USE __attribute__((warn_unused_result))
#else
#define TI_API
#define TI_MUST_USE
#endif

#endif
