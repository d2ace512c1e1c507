// SPDX-License-Identifier: MIT
// Google's double-conversion (Debian: libdouble-conversion-dev) for tests/bench/decimal.c.
#include <cstddef>

#include <double-conversion/double-conversion.h>

using double_conversion::DoubleToStringConverter;
using double_conversion::StringBuilder;

extern "C" size_t peer_f64(double value, char *out) {
    StringBuilder text(out, 32);
    DoubleToStringConverter::EcmaScriptConverter().ToShortest(value, &text);
    return static_cast<size_t>(text.position());
}

extern "C" size_t peer_f32(float value, char *out) {
    StringBuilder text(out, 32);
    DoubleToStringConverter::EcmaScriptConverter().ToShortestSingle(value, &text);
    return static_cast<size_t>(text.position());
}
