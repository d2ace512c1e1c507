# SPDX-License-Identifier: MIT
"""Every scheme that draws, shapes of rank 1 to 5, f32 and f64, a million values each: range,
mean and standard deviation, and by Kolmogorov and Smirnov's test the distribution, with numbers
worked out here from the shape. Narrower types are the f32 tensor, rounded. All seeds are fixed.

tests/long/http_statistics/run calls this with the port of a daemon.
"""
import json
import math
import pathlib
import sys
from math import inf, sqrt

import numpy
from scipy import special, stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402
import dtypes  # noqa: E402
from dtypes import DTYPES  # noqa: E402

STD_TOLERANCE = 0.004
SIGMAS = 4.5  # of the standard error of a mean
P_MIN = 1e-4

# A million elements each: the shape, and both fans, [out, in, *kernel]. One dim has none.
SHAPES = [((1000000,), 300, 500), ((800, 1250), 1250, 800), ((100, 400, 25), 10000, 2500),
          ((64, 125, 5, 25), 15625, 8000), ((20, 50, 10, 10, 10), 50000, 20000)]


class Dist:
    """mean + sigma * (standard normal or uniform cut at low and high sigmas)."""

    def __init__(self, sigma, low=-inf, high=inf, mean=0, flat=False):
        self.sigma, self.low, self.high, self.mean_, self.flat = sigma, low, high, mean, flat
        standard = stats.uniform(low, high - low) if flat else (
            stats.truncnorm(low, high) if math.isfinite(high - low) else stats.norm())
        self.mean = mean + sigma * standard.mean()
        self.std = sigma * standard.std()

    def cdf(self, x):
        z = (x - self.mean_) / self.sigma
        if self.flat:
            return (z - self.low) / (self.high - self.low)
        below = special.ndtr(self.low)
        return (special.ndtr(z) - below) / (special.ndtr(self.high) - below)

    def bounds(self):
        return self.mean_ + self.sigma * self.low, self.mean_ + self.sigma * self.high


def bell(std, mean=0):
    return Dist(std, mean=mean)


def cut(std, c=2):
    """'std' is meant after the cut."""
    return Dist(std / stats.truncnorm(-c, c).std(), -c, c)


def within(bound):
    return Dist(1, -bound, bound, flat=True)


def glorot(i, o):
    return sqrt(2 / (i + o))


# Query, and the distribution from fan_in and fan_out.
FANS = [
    ("he_normal", lambda i, o: cut(sqrt(2 / i))),
    ("he_uniform", lambda i, o: within(sqrt(6 / i))),
    ("glorot_normal", lambda i, o: cut(glorot(i, o))),
    ("glorot_uniform", lambda i, o: within(sqrt(3) * glorot(i, o))),
    ("lecun_normal", lambda i, o: cut(sqrt(1 / i))),
    ("lecun_uniform", lambda i, o: within(sqrt(3 / i))),
    ("kaiming_normal", lambda i, o: bell(sqrt(2 / i))),
    ("kaiming_uniform", lambda i, o: within(sqrt(6 / i))),
    ("xavier_normal", lambda i, o: bell(glorot(i, o))),
    ("xavier_uniform", lambda i, o: within(sqrt(3) * glorot(i, o))),
    ("torch_default", lambda i, o: within(sqrt(1 / i))),
    ("variance_scaling&scale=3&mode=fan_out", lambda i, o: cut(sqrt(3 / o))),
    ("variance_scaling&distribution=untruncated_normal&mode=fan_geo_avg",
     lambda i, o: bell((i * o) ** -0.25)),
    ("variance_scaling&distribution=uniform", lambda i, o: within(sqrt(3 / i))),
    ("he_normal&truncation=0.7&mode=fan_avg", lambda i, o: cut(sqrt(4 / (i + o)), 0.7)),
    ("kaiming_normal&nonlinearity=tanh", lambda i, o: bell(5 / 3 / sqrt(i))),
    ("siren", lambda i, o: within(sqrt(6 / i) / 30)),
    ("siren&first=true", lambda i, o: within(1 / i)),
    ("small_init", lambda i, o: bell(sqrt(2 / (5 * i)))),
    ("wang_init&layers=12", lambda i, o: bell(2 / (12 * sqrt(i)))),
    ("mitchell&layer=3", lambda i, o: Dist(1 / sqrt(8 * i), -3, 3)),
    ("t5&role=k", lambda i, o: bell(sqrt(1 / i))),
    ("t5&role=q&d_kv=16", lambda i, o: bell(sqrt(1 / (16 * i)))),
    ("deepnorm&layers=2", lambda i, o: bell(0.5 * glorot(i, o))),
    ("spectral", lambda i, o: bell(sqrt(1 / i) * min(1, sqrt(o / i)))),
    ("he_normal&gain=0.5", lambda i, o: cut(0.5 * sqrt(2 / i))),
    ("lora_a", lambda i, o: within(sqrt(1 / i))),
]
PLAIN = [
    ("gpt2_residual&layers=24", bell(0.02 / sqrt(48))),
    ("megatron_scaled&layers=24&std=0.006&multiplier=3", bell(0.006 / sqrt(72))),
    ("depth_scaled&layer=7", bell(0.02 / 4)),
    ("mup&width_multiplier=4&layers=2", bell(0.02 / 4)),
    ("normal", bell(1)),
    ("normal&mean=3&std=0.5", bell(0.5, 3)),
    ("truncated_normal", Dist(1, -2, 2)),
    ("truncated_normal&mean=1&std=2&low=-1&high=4", Dist(2, -1, 1.5, mean=1)),
    ("truncated_normal&truncation=-1,inf&std=0.1", Dist(0.1, -1, 20)),
    ("truncated_normal&truncation=0.01", Dist(1, -0.01, 0.01)),
    ("uniform", Dist(1, 0, 1, flat=True)),
    ("uniform&low=-3&high=-1", Dist(1, -3, -1, flat=True)),
]
NARROW = [query for query, _ in FANS[:4] + PLAIN] + ["sparse&sparsity=0.4&std=1"]

failures, checks = [], 0


def check(condition, *what):
    global checks
    checks += 1
    if not condition:
        failures.append(" ".join(map(str, what)))


def fetch(server, query, shape, dtype):
    dims = ",".join(map(str, shape))
    body, headers = server.get(f"/v1/tensor?shape={dims}&scheme={query}&dtype={dtype}")
    return numpy.frombuffer(body, DTYPES[dtype].numpy), headers


def check_moments(query, x, dist, promised):
    n = x.size
    mean = x.mean(dtype=numpy.float64)
    std = x.std(dtype=numpy.float64)
    low, high = dist.bounds()
    slack = 1e-6 * max(dist.std, abs(dist.mean))  # f32 rounds the bounds
    check(abs(promised / dist.std - 1) < 1e-6, query, "Tensor-Std", promised, "not", dist.std)
    check(abs(std / dist.std - 1) < STD_TOLERANCE, query, "std", std, "not", dist.std)
    check(abs(mean - dist.mean) < SIGMAS * dist.std / sqrt(n), query, "mean", mean, dist.mean)
    check(x.min() >= low - slack and x.max() <= high + slack, query, x.min(), x.max())


def check_dist(query, x, dist):
    p = stats.kstest(x.astype(numpy.float64), dist.cdf, mode="asymp").pvalue
    check(p > P_MIN, query, f"p {p:.2g}")


def check_scheme(server, number, query, dist_of, has_fans):
    """All shapes and both types; the test of the distribution on one shape of each type."""
    for rank, (shape, fan_in, fan_out) in enumerate(SHAPES, 1):
        dist = dist_of(fan_in, fan_out)
        outright = f"&fan_in={fan_in}&fan_out={fan_out}" if has_fans and rank == 1 else ""
        for is_f64, dtype in enumerate(("f32", "f64")):
            seed = 1000 * number + 10 * rank + is_f64
            full = f"{query}{outright}&seed={seed}&name=w{rank}"
            x, headers = fetch(server, full, shape, dtype)
            what = f"{full} {shape} {dtype}"
            check(x.size == 1000000, what, x.size)
            if has_fans:
                fans = int(headers["Tensor-Fan-In"]), int(headers["Tensor-Fan-Out"])
                check(fans == (fan_in, fan_out), what, fans)
            check_moments(what, x, dist, float(headers["Tensor-Std"]))
            if (number + 2 * is_f64) % 5 + 1 == rank:
                check_dist(what, x, dist)


def check_sparse(server):
    for number, (shape, sparsity, std) in enumerate([
            ((1000, 1000), 0.3, 1), ((50000, 20), 0.9, 0.01), ((13, 76923), 0.5, 2)]):
        zeros = math.ceil(sparsity * shape[0])
        for is_f64, dtype in enumerate(("f32", "f64")):
            query = f"sparse&sparsity={sparsity}&std={std}&seed={2 * number + is_f64}&name=s"
            x, headers = fetch(server, query, shape, dtype)
            what = f"{query} {shape} {dtype}"
            check(((x.reshape(shape) == 0).sum(0) == zeros).all(), what, "zeros")
            nonzero_share = 1 - zeros / shape[0]
            check(abs(float(headers["Tensor-Std"]) / (std * sqrt(nonzero_share)) - 1) < 1e-6, what)
            tolerance = max(STD_TOLERANCE, 4.5 / sqrt(2 * x.size * nonzero_share))
            spread = x.std(dtype=float) / (std * sqrt(nonzero_share))
            check(abs(spread - 1) < tolerance, what, "std")
            drawn = x[x != 0]
            error = std / sqrt(drawn.size)
            check(abs(drawn.mean(dtype=float)) < SIGMAS * error, what, "mean")
            check_dist(what, drawn, bell(std))


# Functions of a uniform number: the query, the distribution function, and both bounds.
MAPPED = [
    ("log_uniform&low=0.001&high=0.1",
     lambda x: numpy.log(x / 0.001) / math.log(100), 0.001, 0.1),
    ("log_of_uniform&low=1&high=16", lambda x: (numpy.exp(x) - 1) / 15, 0, math.log(16)),
    ("mamba_dt_bias&low=0.001&high=0.1",
     lambda x: numpy.log(numpy.logaddexp(0, x) / 0.001) / math.log(100),
     math.log(math.expm1(0.001)), math.log(math.expm1(0.1))),
]


def check_mapped(server):
    for number, (query, cdf, low, high) in enumerate(MAPPED):
        for is_f64, dtype in enumerate(("f32", "f64")):
            full = f"{query}&seed={2 * number + is_f64}&name=m"
            x, _ = fetch(server, full, (1000, 1000), dtype)
            x = x.astype(numpy.float64)
            slack = 1e-6 * abs(high - low)
            check(x.min() >= low - slack and x.max() <= high + slack, full, x.min(), x.max())
            p = stats.kstest(x, cdf, mode="asymp").pvalue
            check(p > P_MIN, full, dtype, f"p {p:.2g}")
    # Half of them, log10 of 0.001 to 0.01, are below the floor.
    x, _ = fetch(server, "mamba_dt_bias&low=0.001&high=0.1&floor=0.01", (1000, 1000), "f64")
    share = (x == x.min()).mean()
    check(abs(share - 0.5) < SIGMAS * 0.5 / 1000, "floor", share)
    check(abs(x.min() - math.log(math.expm1(0.01))) < 1e-12, "floor", x.min())


class Sphere:
    """An element of a random unit vector of n dims: its square is Beta(1/2, (n - 1)/2)."""

    def __init__(self, n):
        self.n = n

    def cdf(self, x):
        return 0.5 + numpy.sign(x) * special.betainc(0.5, (self.n - 1) / 2, x * x) / 2


def check_matrix(what, matrix, dtype):
    """Rows or columns are orthogonal, all elements together have the length that they must."""
    rows, cols = matrix.shape
    matrix = matrix.astype(numpy.float64)
    gram = matrix @ matrix.T if rows <= cols else matrix.T @ matrix
    error = abs(gram - numpy.eye(len(gram))).max()
    check(error < (1e-6 if dtype == "f32" else 1e-13), what, "gram", error)
    check_dist(what, matrix.ravel(), Sphere(max(rows, cols)))


def check_orthogonal(server):
    for number, (shape, _, _) in enumerate(SHAPES[1:]):
        for layout, dtype in (("oi", "f32"), ("io", "f64"), ("oi", "f64")):
            if layout == "io" and len(shape) > 2:  # the matrix is the rest by the last
                shape = shape[2:] + shape[1::-1]
            query = f"orthogonal&seed={number}&name={dtype}&layout={layout}"
            x, headers = fetch(server, query, shape, dtype)
            matrix = x.reshape(-1, shape[-1]) if layout == "io" else x.reshape(shape[0], -1)
            what = f"{query} {shape} {dtype}"
            check_matrix(what, matrix, dtype)
            promised = 1 / sqrt(max(matrix.shape))
            check(abs(float(headers["Tensor-Std"]) / promised - 1) < 1e-6, what, "Tensor-Std")
            error = promised / sqrt(x.size)
            check(abs(x.mean(dtype=float)) < SIGMAS * error, what, "mean")
    query = "orthogonal&seed=9&name=s&batch_axis=1"
    stack, _ = fetch(server, query, (300, 4, 200), "f32")
    stack = stack.reshape(300, 4, 200)
    for place in range(4):
        check_matrix(query, stack[:, place], "f32")
        check(place == 0 or abs(numpy.corrcoef(stack[:, place].ravel(), stack[:, 0].ravel())[0, 1])
              < SIGMAS / sqrt(60000), query, "correlated")
    for shape, centre in (((300, 200, 3), (1,)), ((200, 150, 3, 5), (1, 2)),
                          ((120, 100, 2, 3, 4), (0, 1, 1))):
        query = f"delta_orthogonal&seed={len(shape)}&name=d"
        x, _ = fetch(server, query, shape, "f32")
        x = x.reshape(shape)
        tap = x[(slice(None), slice(None), *centre)]
        check((x != 0).sum() == (tap != 0).sum() > 0, query, shape, "zeros")
        check_matrix(f"{query} {shape}", tap, "f32")


def rounded(x, dtype):
    """The bits of binary64 numbers rounded to a narrow type, to nearest even, by the list of
    all magnitudes; the last bit of a magnitude's code is the parity."""
    code = numpy.arange(2 ** (8 * dtype.item_bytes - 1))
    exponent, fraction = code >> dtype.fraction_bits, code & (2**dtype.fraction_bits - 1)
    unit = 2.0 ** (numpy.maximum(exponent, 1) - dtype.bias - dtype.fraction_bits)
    magnitudes = (fraction + (exponent > 0) * 2**dtype.fraction_bits) * unit
    magnitudes = magnitudes[magnitudes <= dtype.largest]
    size = numpy.abs(x)
    above = numpy.clip(numpy.searchsorted(magnitudes, size), 1, magnitudes.size - 1)
    middle = (magnitudes[above] + magnitudes[above - 1]) / 2
    up = (size > middle) | ((size == middle) & (above % 2 == 0))
    sign = numpy.signbit(x) * 2 ** (8 * dtype.item_bytes - 1)
    return (numpy.where(up, above, above - 1) | sign).astype(f"<u{dtype.item_bytes}")


def check_narrow(server):
    narrow = [name for name in dtypes.FLOATS if DTYPES[name].item_bytes < 4]
    for number, query in enumerate(NARROW):
        full = f"{query}&seed={number}&name=narrow"
        x, _ = fetch(server, full, (400, 500), "f32")
        for name in narrow:
            elements, _ = fetch(server, full, (400, 500), name)
            expected = rounded(x.astype(numpy.float64), DTYPES[name])
            check((elements.view(expected.dtype) == expected).all(), full, name)


def check_complete(server):
    """No scheme that draws is left out, and no type."""
    dtypes.of(server)
    tested = {query.partition("&")[0] for query, _ in FANS + PLAIN}
    tested |= {"sparse", "orthogonal", "delta_orthogonal"}
    tested |= {query.partition("&")[0] for query, *_ in MAPPED}
    for scheme in json.loads(server.get("/v1/schemes")[0])["schemes"]:
        plain = {"constant", "zeros", "ones", "identity", "dirac", "zero_hadamard",
                 "lstm_forget_bias", "bilinear", "arange", "linspace", "log_arange",
                 "alibi_slopes", "rope_inv_freq", "sinusoidal", "stft"}
        check(scheme["name"] in tested | plain, scheme["name"], "is not tested")


def main():
    server = daemon.Server(int(sys.argv[1]))
    check_complete(server)
    for number, (query, dist_of) in enumerate(FANS):
        check_scheme(server, number, query, dist_of, True)
    for number, (query, dist) in enumerate(PLAIN, len(FANS)):
        check_scheme(server, number, query, lambda i, o, dist=dist: dist, False)
    check_sparse(server)
    check_mapped(server)
    check_orthogonal(server)
    check_narrow(server)
    for failure in failures[:40]:
        print("FAIL", failure)
    print(f"schemes: {checks} checks, {len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
