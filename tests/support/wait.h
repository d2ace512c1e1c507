/* SPDX-License-Identifier: MIT */
/* Waiting for other threads in tests. */
#ifndef TEST_WAIT_H
#define TEST_WAIT_H

#include <time.h>

#include "support/test.h"

static inline void pause_ms(long ms) {
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* Waits until another thread makes the condition true; the test fails after some 20 seconds. */
#define assert_soon(condition)                                                           \
    do {                                                                                 \
        for (int tries = 0; !(condition); tries++) {                                     \
            if (tries > 20000) fail_msg("never: %s", #condition);                        \
            pause_ms(1);                                                                 \
        }                                                                                \
    } while (0)

#endif
