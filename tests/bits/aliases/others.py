# SPDX-License-Identifier: MIT
"""What the names of Keras, JAX, Flax, Haiku and TensorFlow.js generate, against scipy's
distributions with the numbers of the frameworks' documentation."""
from math import sqrt

import numpy
from scipy import stats

from service import P_MIN, Service, daemon

TAU = stats.truncnorm(-2, 2).std()
SHAPE = (200, 250)
IN, OUT, AVG = 200, 250, 225


def bell(std, mean=0):
    return stats.norm(mean, std)


def flat(low, high):
    return stats.uniform(low, high - low)


def within(bound):
    return flat(-bound, bound)


def parent(sigma, mean=0):
    """Cut at two of the parent's sigmas."""
    return stats.truncnorm(-2, 2, mean, sigma)


def corrected(std):
    return parent(std / TAU)


GEO = {"mode": "fan_geo_avg"}
ROWS = [  # frameworks, name, parameters, distribution
    ("keras", "RandomNormal", {}, bell(0.05)),
    ("keras", "random_normal", {"mean": 1, "stddev": 3}, bell(3, 1)),
    ("keras", "RandomUniform", {}, within(0.05)),
    ("keras", "TruncatedNormal", {}, parent(0.05)),
    ("keras", "VarianceScaling", {}, corrected(sqrt(1 / IN))),
    ("keras", "VarianceScaling", {"distribution": "normal", "mode": "fan_avg"},
     corrected(sqrt(1 / AVG))),
    ("keras", "VarianceScaling", {"distribution": "untruncated_normal", "scale": 2},
     bell(sqrt(2 / IN))),
    ("keras", "VarianceScaling", {"distribution": "uniform", "mode": "fan_out"},
     within(sqrt(3 / OUT))),
    ("keras", "VarianceScaling", {"input_axes": "1", "output_axes": "0"},
     corrected(sqrt(1 / OUT))),
    ("keras", "GlorotUniform", {}, within(sqrt(3 / AVG))),
    ("keras", "glorot_normal", {}, corrected(sqrt(1 / AVG))),
    ("keras", "lecun_uniform", {}, within(sqrt(3 / IN))),
    ("keras", "LecunNormal", {}, corrected(sqrt(1 / IN))),
    ("keras", "HeUniform", {}, within(sqrt(6 / IN))),
    ("keras", "HeNormal", {}, corrected(sqrt(2 / IN))),
    ("jax flax", "uniform", {}, flat(0, 0.01)),
    ("jax", "uniform", {"scale": 3}, flat(0, 3)),
    ("jax flax", "normal", {}, bell(0.01)),
    ("jax flax", "truncated_normal", {}, parent(0.01)),
    ("jax", "truncated_normal", {"stddev": 2, "lower": -1, "upper": 0.5},
     stats.truncnorm(-1, 0.5, 0, 2)),
    ("jax", "variance_scaling", {"distribution": "normal", "scale": 2, "mode": "fan_in"},
     bell(sqrt(2 / IN))),
    ("flax", "variance_scaling", {"distribution": "uniform", "scale": 1, **GEO},
     within(sqrt(3 / sqrt(IN * OUT)))),
    ("jax", "variance_scaling", {"in_axis": "-1", "out_axis": "0"}, corrected(sqrt(1 / OUT))),
    ("jax flax", "glorot_uniform", {}, within(sqrt(3 / AVG))),
    ("jax", "xavier_normal", {}, corrected(sqrt(1 / AVG))),
    ("jax", "lecun_uniform", {}, within(sqrt(3 / IN))),
    ("jax flax", "lecun_normal", {}, corrected(sqrt(1 / IN))),
    ("jax", "kaiming_uniform", {}, within(sqrt(6 / IN))),
    ("jax flax", "he_normal", {}, corrected(sqrt(2 / IN))),
    ("haiku", "RandomNormal", {}, bell(1)),
    ("haiku", "RandomUniform", {}, flat(0, 1)),
    ("haiku", "TruncatedNormal", {"stddev": 0.5, "mean": 2}, parent(0.5, 2)),
    ("haiku", "VarianceScaling", {"distribution": "normal"}, bell(sqrt(1 / IN))),
    ("haiku", "VarianceScaling", {}, corrected(sqrt(1 / IN))),
    ("haiku", "UniformScaling", {"scale": 2}, within(2 * sqrt(3 / IN))),
    ("tfjs", "randomUniform", {}, within(0.05)),
    ("tfjs", "randomNormal", {}, bell(0.05)),
    ("tfjs", "truncatedNormal", {}, parent(0.05)),
    ("tfjs", "varianceScaling", {}, parent(sqrt(1 / IN))),
    ("tfjs", "varianceScaling", {"mode": "fanAvg", "distribution": "uniform"},
     within(sqrt(3 / AVG))),
    ("tfjs", "glorotNormal", {}, parent(sqrt(1 / AVG))),
    ("tfjs", "heNormal", {}, parent(sqrt(2 / IN))),
    ("tfjs", "leCunUniform", {}, within(sqrt(3 / IN))),
]


def check_samples(service):
    for number, (frameworks, name, parameters, dist) in enumerate(ROWS):
        for framework in frameworks.split():
            scheme = f"{framework}.{name}"
            x = service.tensor(scheme, SHAPE, seed=number, name=scheme, **parameters).ravel()
            what = scheme, parameters
            low, high = dist.support()
            slack = 1e-6 * dist.std()
            service.check(x.min() >= low - slack and x.max() <= high + slack, *what, "bounds")
            error = dist.std() / sqrt(2 * x.size)
            service.check(abs(x.std(dtype=float) - dist.std()) < 4.5 * error, *what, "std")
            error = dist.std() / sqrt(x.size)
            service.check(abs(x.mean(dtype=float) - dist.mean()) < 4.5 * error, *what, "mean")
            p = stats.kstest(x, dist.cdf).pvalue
            service.check(p > P_MIN, *what, f"p {p:.2g}")
            plan = service.plan(scheme, SHAPE, **parameters)
            service.check(abs(plan["std"] / dist.std() - 1) < 1e-9, *what, plan["std"])


def check_patterns(service):
    for rows, cols in [(1, 1), (3, 3), (2, 5), (5, 2), (40, 41)]:
        for scheme in ("keras.Identity", "haiku.Identity", "identity"):
            x = service.tensor(scheme, (rows, cols), gain=2.5)
            service.check((x == 2.5 * numpy.eye(rows, cols)).all(), scheme, rows, cols)
    for scheme in ("keras.zeros", "jax.zeros", "flax.zeros_init", "tfjs.zeros"):
        service.check(not service.tensor(scheme, (3, 4)).any(), scheme)
    for scheme in ("keras.ones", "jax.ones", "flax.ones_init", "tfjs.Ones"):
        service.check((service.tensor(scheme, (3, 4)) == 1).all(), scheme)


with daemon.running() as server, server.connect() as client:
    service = Service(client)
    check_samples(service)
    check_patterns(service)
service.end("others")
