/* SPDX-License-Identifier: MIT */
/* zmij (https://github.com/vitaut/zmij), from its source, for tests/bench/decimal.c. */
#include <zmij-c.h>

size_t peer_f64(double value, char *out);
size_t peer_f32(float value, char *out);

size_t peer_f64(double value, char *out) {
    return (size_t)(zmij_write_double(out, zmij_double_buffer_size, value) - out);
}

size_t peer_f32(float value, char *out) {
    return (size_t)(zmij_write_float(out, zmij_double_buffer_size, value) - out);
}
