/* SPDX-License-Identifier: MIT */
/*
 * Kernels of a short-time Fourier transform as keras.initializers.STFT has them, and the windows
 * of scipy.signal.windows: docs/SPEC.md, "stft". Angles are fractions of a turn until the last
 * step, so that sines and cosines of quarters are exact.
 */
#include "core/values/stft.h"

#include "core/kernels/elementary.h"

/* sin(2 pi m / n + quarter pi / 2), m < n. */
static double wave(uint64_t m, uint64_t n, uint64_t quarter) {
    const uint64_t j = 4 * m / n;
    const double x = (double)(4 * m - j * n) * 0x1.921fb54442d18p+0 / (double)n;
    return ti_sin_shifted(x, (int64_t)(j + quarter));
}

/* Windows that are sums of cosines. */
static double cosines(const double *a, unsigned count, uint64_t t, uint64_t n) {
    double w = a[0];
    for (unsigned k = 1; k < count; k++) {
        const double term = a[k] * wave(k * t % n, n, 1);
        w = k % 2 ? w - term : w + term;
    }
    return w;
}

double ti_stft_window(const struct ti_pattern *pattern, uint64_t t) {
    static const double hann[] = {0.5, 0.5}, hamming[] = {0.54, 0.46};
    static const double blackman[] = {0.42, 0.5, 0.08};
    static const double nuttall[] = {0.3635819, 0.4891775, 0.1365995, 0.0106411};
    static const double blackmanharris[] = {0.35875, 0.48829, 0.14128, 0.01168};
    static const double flattop[] = {0.21557895, 0.41663158, 0.277263158, 0.083578947,
                                     0.006947368};
    const uint64_t n = pattern->period;
    if (pattern->rows < 2) return 1;
    switch ((enum ti_window)pattern->offset) {
    case TI_WINDOW_NONE:
    case TI_WINDOW_BOXCAR:
        break;
    case TI_WINDOW_BARTLETT:
        return 2 * (double)(2 * t <= n ? t : n - t) / (double)n;
    case TI_WINDOW_COSINE:
        return wave(2 * t + 1, 4 * (n + 1), 0);
    case TI_WINDOW_HANN:
        return cosines(hann, 2, t, n);
    case TI_WINDOW_HAMMING:
        return cosines(hamming, 2, t, n);
    case TI_WINDOW_BLACKMAN:
        return cosines(blackman, 3, t, n);
    case TI_WINDOW_NUTTALL:
        return cosines(nuttall, 4, t, n);
    case TI_WINDOW_BLACKMANHARRIS:
        return cosines(blackmanharris, 4, t, n);
    case TI_WINDOW_FLATTOP:
        return cosines(flattop, 5, t, n);
    case TI_WINDOW_TUKEY:
        return t <= n / 4 || t >= n - n / 4 ? cosines(hann, 2, 2 * t, n) : 1;
    }
    return 1;
}

void ti_stft_fill(const struct ti_pattern *pattern, uint64_t first, size_t count,
                  double *out) {
    const uint64_t length = 2 * (pattern->cols - 1);
    uint64_t t = first / pattern->cols, f = first % pattern->cols;
    for (size_t k = 0; k < count; t++, f = 0) {
        const double w = ti_stft_window(pattern, t), scale = pattern->number[0];
        for (; k < count && f < pattern->cols; k++, f++)
            out[k] = 0 + wave(t * f % length, length, pattern->step) * w / scale;
    }
}
