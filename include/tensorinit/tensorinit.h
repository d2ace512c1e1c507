/* SPDX-License-Identifier: MIT */
/*
 * libtensorinit: initialized neural-network tensors as a pure function of seed, name,
 * shape, scheme and dtype. This header includes all of the library; client.h belongs to
 * libtensorinit-client.
 *
 * Threads: functions may be called from any thread; several threads may use the same
 * object only where its header says so. No function does I/O, logs, or ends the process.
 *
 * Pointers: values are checked, pointers are not. NULL for an object, a text or a result is
 * undefined behaviour, unless the function says what it means; a text of 0 bytes may be NULL.
 * (libtensorinit-client checks: see client.h.)
 */
#ifndef TENSORINIT_TENSORINIT_H
#define TENSORINIT_TENSORINIT_H

#include <tensorinit/body.h>
#include <tensorinit/dtype.h>
#include <tensorinit/factor.h>
#include <tensorinit/manifest.h>
#include <tensorinit/model.h>
#include <tensorinit/number.h>
#include <tensorinit/plan.h>
#include <tensorinit/propagation.h>
#include <tensorinit/schemes.h>
#include <tensorinit/spec.h>
#include <tensorinit/spellings.h>
#include <tensorinit/stats.h>
#include <tensorinit/status.h>
#include <tensorinit/version.h>
#include <tensorinit/warnings.h>

#endif
