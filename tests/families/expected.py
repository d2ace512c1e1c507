# SPDX-License-Identifier: MIT
"""
Distributions as the sources of models name them, in numpy: their moments, and whether values
have them. The functions with lower-case names are the vocabulary of recipes.tsv.
"""
from math import erf, exp, inf, log, pi, sqrt

import numpy as np

# 5 standard errors; but 0.4 % of the standard deviation for any number of values.
ERRORS = 5
STD_TOLERANCE = 0.004
# A bound may occur, rounded to bf16.
BOUND = 2**-9
CHUNK = 1 << 20


class Expected:
    """Mean, standard deviation and bounds. Plans have the first two only if 'planned'; zero_row
    is 0 and does not count."""

    def __init__(self, mean, std, low=-inf, high=inf, zero_row=None, planned=True):
        self.mean, self.std, self.low, self.high = mean, std, low, high
        self.zero_row, self.planned = zero_row, planned

    def plan_differs(self, mean, std):
        """What a plan's numbers have wrong, or None."""
        if not self.planned:
            return None if mean is None and std is None else "a mean or a std in the plan"
        for word, number, wanted in (("mean", mean, self.mean), ("std", std, self.std)):
            if abs(number - wanted) > 1e-6 * self.std:
                return f"{word} is {number} in the plan, not {wanted}"
        return None

    def values_differ(self, values):
        """What the values, an array of f32, have wrong, or None."""
        count = values.size
        if self.zero_row is not None:
            if values[self.zero_row].any():
                return f"row {self.zero_row} is not 0"
            count -= values[self.zero_row].size
        mean, std = moments(values.reshape(-1), count)
        if abs(mean - self.mean) > ERRORS * self.std / sqrt(count):
            return f"mean is {mean}, not {self.mean}"
        if abs(std - self.std) > max(STD_TOLERANCE, ERRORS / sqrt(2 * count)) * self.std:
            return f"std is {std}, not {self.std}"
        low, high = self.low - BOUND * abs(self.low), self.high + BOUND * abs(self.high)
        if values.min() < low or values.max() > high:
            return f"values from {values.min()} to {values.max()}"
        return None


class Constant(Expected):
    def __init__(self, value):
        super().__init__(value, 0)

    def plan_differs(self, mean, std):
        same = np.float32(mean) == np.float32(self.mean) and std == 0
        return None if same else f"{mean} in the plan, not {self.mean}"

    def values_differ(self, values):
        return None if (values == np.float32(self.mean)).all() else f"not {self.mean} everywhere"


class Sinusoids(Expected):
    """Whisper's sinusoids(): sines, then cosines, of position * 10000^(-i / (channels / 2 - 1))."""

    def __init__(self):
        super().__init__(0, 0, planned=False)

    def values_differ(self, values):
        positions, channels = values.shape
        steps = np.exp(-log(10000) / (channels // 2 - 1) * np.arange(channels // 2))
        angles = np.outer(np.arange(positions), steps)
        difference = np.abs(np.hstack((np.sin(angles), np.cos(angles))) - values).max()
        return None if difference < 1e-7 else f"{difference} from the sines and cosines"


def moments(values, count):
    """Mean and standard deviation, as if the values were 'count'."""
    total = squares = 0.0
    for start in range(0, values.size, CHUNK):
        chunk = values[start:start + CHUNK]
        total += float(chunk.sum())
        squares += float(np.dot(chunk, chunk))
    mean = total / count
    return mean, sqrt(max(0.0, squares / count - mean * mean))


def constant(value):
    return Constant(value)


def sinusoids():
    return Sinusoids()


def normal(std, zero_row=None):
    return Expected(0, std, zero_row=zero_row)


def cut_normal(std, cut):
    """Cut at +-cut * std, which makes it narrower."""
    density, mass = exp(-cut * cut / 2) / sqrt(2 * pi), erf(cut / sqrt(2))
    return Expected(0, std * sqrt(1 - 2 * cut * density / mass), -cut * std, cut * std)


def uniform(bound):
    return Expected(0, bound / sqrt(3), -bound, bound)


def function_of_uniform(function):
    """A growing function of a uniform number in [0, 1): by the midpoint rule."""
    values = function((np.arange(1 << 16) + 0.5) / (1 << 16))
    return Expected(values.mean(), values.std(), function(0), function(1), planned=False)


def log_of_uniform(low, high):
    return function_of_uniform(lambda u: np.log(low + u * (high - low)))


def dt_bias(low, high):
    """The inverse of softplus of what is log-uniform; the floor is below it."""
    def inverse(u):
        step = np.exp(log(low) + u * (log(high) - log(low)))
        return step + np.log(-np.expm1(-step))
    return function_of_uniform(inverse)
