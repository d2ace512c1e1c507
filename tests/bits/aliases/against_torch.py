# SPDX-License-Identifier: MIT
"""torch.* against torch.nn.init: what it hands to uniform_ and normal_, what it draws, what it
fills, and what it refuses. Made with PyTorch 1.13; later ones have the same formulas."""
import itertools
import math
import warnings

import numpy
import torch
from scipy import stats
from torch.nn import init

from service import P_MIN, Service, daemon

warnings.simplefilter("ignore")  # of zero-element tensors
torch.set_num_threads(1)

SHAPES = [(7, 5), (1, 1), (300, 2), (4, 3, 5), (6, 1, 9), (8, 4, 3, 3), (5, 1, 7, 2),
          (16, 2, 3, 3), (3, 6, 4, 4), (2, 3, 4, 5, 6), (12, 4, 1, 1, 1), (1, 9, 2, 2, 2)]
NONLINEARITIES = ["linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
                  "conv_transpose2d", "conv_transpose3d", "sigmoid", "tanh", "relu",
                  "leaky_relu", "selu"]


def recorded(function, shape, **arguments):
    """The distribution, and the two numbers with which the initializer asks for it."""
    seen = []
    originals = torch.Tensor.uniform_, torch.Tensor.normal_
    torch.Tensor.uniform_ = lambda tensor, a=0, b=1: seen.append(("uniform", a, b)) or tensor
    torch.Tensor.normal_ = lambda tensor, mean=0, std=1: (
        seen.append(("normal", mean, std)) or tensor)
    try:
        getattr(init, function)(torch.empty(shape), **arguments)
    finally:
        torch.Tensor.uniform_, torch.Tensor.normal_ = originals
    return seen[-1]


def close(x, y):
    return x == y or abs(x - y) <= 1e-15 * abs(y)


def check_numbers(service, function, shape, **arguments):
    kind, first, second = recorded(function, shape, **arguments)
    plan = service.plan("torch." + function, shape, **arguments)
    what = function, shape, arguments, plan["query"]
    service.check(plan["distribution"] == kind, *what, kind)
    if kind == "uniform":
        # The plan's bounds are those of the dtype, here f32.
        low, high = float(numpy.float32(first)), float(numpy.float32(second))
        service.check(plan["low"] == low and plan["high"] == high, *what,
                      plan["low"], plan["high"], "not", low, high)
    else:
        service.check(plan["mean"] == first and close(plan["std"], second), *what,
                      plan["std"], "not", second)


def check_all_numbers(service):
    for shape in SHAPES:
        for function, gain in itertools.product(
                ("xavier_uniform_", "xavier_normal_"), (None, 0.2, 1, 5 / 3, 3)):
            check_numbers(service, function, shape, **({"gain": gain} if gain else {}))
        for function, mode in itertools.product(
                ("kaiming_uniform_", "kaiming_normal_"), ("fan_in", "fan_out")):
            for a in (0, 0.26565, 1, math.sqrt(5), -0.5, 10):
                check_numbers(service, function, shape, a=a, mode=mode)
        for nonlinearity in NONLINEARITIES:
            if nonlinearity != "leaky_relu":
                check_numbers(service, "kaiming_normal_", shape, nonlinearity=nonlinearity)
    for nonlinearity in NONLINEARITIES:
        plan = service.plan("torch.kaiming_normal_", (9, 4), nonlinearity=nonlinearity)
        wanted = init.calculate_gain(nonlinearity, 0)  # kaiming's own a is 0
        service.check(plan["gain"] == wanted, nonlinearity, plan["gain"], wanted)
    for slope in (0, 0.01, 0.2, 1, 10, -3):
        plan = service.plan("torch.kaiming_uniform_", (9, 4), a=slope)
        wanted = init.calculate_gain("leaky_relu", slope)
        service.check(plan["gain"] == wanted, "leaky_relu", slope, plan["gain"], wanted)
        if slope == 0.01:  # the default outside of kaiming
            service.check(wanted == init.calculate_gain("leaky_relu"), "slope 0.01")
    check_numbers(service, "uniform_", (3, 4), a=-1.393937, b=2.681889)
    check_numbers(service, "uniform_", (3, 4))
    check_numbers(service, "normal_", (3, 4), mean=-0.955211, std=1.207607)
    check_numbers(service, "normal_", (3, 4))


SAMPLES = [
    ("uniform_", (40, 33, 100), {}),
    ("uniform_", (200000,), {"a": -1.393937, "b": 2.681889}),
    ("normal_", (300, 700), {}),
    ("normal_", (200000,), {"mean": -0.955211, "std": 1.207607}),
    ("trunc_normal_", (300, 700), {}),
    ("trunc_normal_", (300, 700), {"std": 0.02}),
    ("trunc_normal_", (300, 700), {"mean": 1, "std": 2, "a": -0.5, "b": 1.5}),
    ("trunc_normal_", (300, 700), {"a": 2, "b": 3}),
    ("trunc_normal_", (300, 700), {"mean": -3, "a": -0.5, "b": 0.5}),
    ("xavier_uniform_", (300, 700), {}),
    ("xavier_uniform_", (70, 40, 9, 9), {"gain": 0.26565}),
    ("xavier_normal_", (300, 700), {"gain": 5 / 3}),
    ("xavier_normal_", (23, 22, 20, 20), {"gain": 0.82034}),
    ("kaiming_uniform_", (300, 700), {"a": math.sqrt(5)}),
    ("kaiming_uniform_", (64, 64, 7, 7), {"nonlinearity": "relu", "mode": "fan_out"}),
    ("kaiming_uniform_", (40, 20, 6, 6, 6), {"a": 0.26565}),
    ("kaiming_normal_", (300, 700), {}),
    ("kaiming_normal_", (20, 23, 24, 24), {"a": 0.30463, "mode": "fan_out"}),
    ("kaiming_normal_", (300, 700), {"nonlinearity": "selu"}),
]


def check_alike(service, mine, reference, *what):
    """Two samples of one distribution: range, mean, std, and the two-sample test."""
    mine, reference = mine.astype(float).ravel(), reference.astype(float).ravel()
    n, std = mine.size, reference.std()
    error = std * math.sqrt(2 / n)  # of the difference of two means
    service.check(abs(mine.mean() - reference.mean()) < 4.5 * error, *what, "mean")
    service.check(abs(mine.std() / std - 1) < 4.5 / math.sqrt(n), *what, "std")
    p = stats.ks_2samp(mine, reference, mode="asymp").pvalue
    service.check(p > P_MIN, *what, f"p {p:.2g}")


def check_samples(service):
    for number, (function, shape, arguments) in enumerate(SAMPLES):
        torch.manual_seed(number)
        reference = getattr(init, function)(torch.empty(shape), **arguments).numpy()
        scheme = "torch." + function
        mine = service.tensor(scheme, shape, seed=number, name=scheme, **arguments)
        what = function, shape, arguments
        check_alike(service, mine, reference, *what)
        plan = service.plan(scheme, shape, **arguments)
        if "low" in plan and plan["low"] is not None:
            for x in (mine, reference):
                service.check(x.min() >= numpy.float32(plan["low"]) and
                              x.max() <= numpy.float32(plan["high"]), *what, "bounds")


def check_sparse(service):
    for number, (rows, cols, sparsity, std) in enumerate([
            (30, 32, 0.108719, 0.087376), (30, 30, 0.137912, 0.01), (500, 400, 0.1, 0.01),
            (1000, 200, 0.7, 1), (7, 9, 0.999, 1), (7, 9, 0, 1), (7, 9, 1, 1), (1, 5, 0.1, 1)]):
        torch.manual_seed(number)
        reference = init.sparse_(torch.empty(rows, cols), sparsity, std).numpy()
        mine = service.tensor("torch.sparse_", (rows, cols), seed=number, sparsity=sparsity,
                              std=std)
        what = "sparse_", rows, cols, sparsity
        service.check(((mine == 0).sum(0) == (reference == 0).sum(0)).all(), *what, "zeros")
        service.check(((mine == 0).sum(0) == math.ceil(sparsity * rows)).all(), *what)
        nonzero = mine[mine != 0]
        if nonzero.size > 50:
            p = stats.kstest(nonzero, stats.norm(0, std).cdf).pvalue
            service.check(p > P_MIN, *what, f"p {p:.2g}")
        if nonzero.size > 10000:
            check_alike(service, nonzero, reference[reference != 0], *what)


def check_fills(service):
    for shape in itertools.product(range(6), range(6)):
        reference = init.eye_(torch.empty(shape)).numpy()
        service.check((service.tensor("torch.eye_", shape) == reference).all(), "eye_", shape)
    kernels = [(1,), (2,), (3,), (4,), (1, 1), (2, 3), (3, 2), (5, 4), (1, 2, 3), (4, 4, 4)]
    for kernel, groups, each, inputs in itertools.product(
            kernels, (1, 2, 3), (0, 1, 2, 4), (0, 1, 3, 4)):
        shape = (groups * each, inputs, *kernel)
        reference = init.dirac_(torch.empty(shape), groups).numpy()
        mine = service.tensor("torch.dirac_", shape, groups=groups)
        service.check((mine == reference).all(), "dirac_", shape, groups)
    types = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16,
             "i8": torch.int8, "i64": torch.int64}
    for shape, (name, dtype) in itertools.product(
            [(), (1,), (4, 3), (1, 4, 5, 5), (0, 3)], types.items()):
        for function in ("ones_", "zeros_"):
            reference = getattr(init, function)(torch.empty(shape, dtype=dtype)).numpy()
            mine = service.tensor("torch." + function, shape, dtype=name)
            service.check((mine == reference).all(), function, shape, name)
        for value in (3,) if name[0] == "i" else (3.4090945, -1e-3, 0):
            reference = init.constant_(torch.empty(shape, dtype=dtype), value).numpy()
            mine = service.tensor("torch.constant_", shape, dtype=name, val=value)
            service.check((mine == reference).all(), "constant_", shape, name, value)


def check_orthogonal(service):
    """Semi-orthogonal as PyTorch's, and as far as numbers are, of one distribution."""
    for number, (shape, gain) in enumerate([
            ((3, 4), 0.19949), ((4, 3), 0.26566), ((20, 2, 3, 4), 0.87376),
            ((2, 3, 4, 5), 1), ((300, 300), 1), ((400, 20, 5, 5), -2), ((1, 9), 1)]):
        what = "orthogonal_", shape, gain
        x = service.tensor("torch.orthogonal_", shape, seed=number, name="o", gain=gain)
        torch.manual_seed(number)
        reference = init.orthogonal_(torch.empty(shape), gain).numpy()
        for mine, limit in ((x, 1e-6), (reference, 1e-4)):
            rows = mine.reshape(shape[0], -1).astype(float)
            gram = rows @ rows.T if rows.shape[0] <= rows.shape[1] else rows.T @ rows
            error = abs(gram - gain ** 2 * numpy.eye(len(gram))).max()
            service.check(error < limit * gain ** 2, *what, "gram", error)
        if x.size > 10000:
            check_alike(service, x, reference, *what)


FAN_PHRASE = "fewer than 2 dimensions"
TWO_DIMS = "Only tensors with 2 dimensions are supported"
DIRAC_DIMS = "Only tensors with 3, 4, or 5 dimensions are supported"
MORE_DIMS = "Only tensors with 2 or more dimensions are supported"
REFUSALS = [  # function, shapes, arguments, the phrase that both say, our field
    ("xavier_uniform_", [(), (1,), (5,)], {}, FAN_PHRASE, "shape"),
    ("xavier_normal_", [(), (1,), (5,)], {}, FAN_PHRASE, "shape"),
    ("kaiming_uniform_", [(), (1,), (5,)], {}, FAN_PHRASE, "shape"),
    ("kaiming_normal_", [(), (1,), (5,)], {"mode": "fan_out"}, FAN_PHRASE, "shape"),
    ("kaiming_uniform_", [(3, 4)], {"nonlinearity": "gelu"}, "Unsupported nonlinearity",
     "nonlinearity"),
    ("kaiming_normal_", [(3, 4)], {"nonlinearity": "relu6"}, "Unsupported nonlinearity",
     "nonlinearity"),
    ("kaiming_normal_", [(3, 4)], {"nonlinearity": "bi"}, "Unsupported nonlinearity",
     "nonlinearity"),
    ("kaiming_normal_", [(3, 4)], {"mode": "fan_avg"}, "not supported", "mode"),
    ("kaiming_normal_", [(3, 4)], {"a": "x"}, "", "a"),
    ("orthogonal_", [(), (1,), (0,)], {}, MORE_DIMS, "shape"),
    ("eye_", [(), (1,), (2, 1, 2)], {}, TWO_DIMS, "shape"),
    ("sparse_", [(), (1,), (2, 1, 1)], {"sparsity": 0.1}, TWO_DIMS, "shape"),
    ("sparse_", [(3, 4)], {}, "sparsity", "sparsity"),
    ("dirac_", [(), (1,), (2, 1), (2, 2, 1, 1, 2, 3)], {}, DIRAC_DIMS, "shape"),
    ("dirac_", [(3, 2, 3), (5, 1, 1, 1)], {"groups": 2}, "dim 0 must be divisible by groups",
     "groups"),
    ("dirac_", [(3, 2, 3)], {"groups": 0}, "", "groups"),
    ("uniform_", [(3,)], {"a": 2, "b": 1}, "", "b"),
    ("normal_", [(3,)], {"std": -1}, "", "std"),
    ("constant_", [(3,)], {}, "val", "val"),
    ("xavier_uniform_", [(3, 4)], {"gain": -1}, "", "gain"),
    ("xavier_normal_", [(3, 4)], {"gain": -1}, "", "gain"),
    ("trunc_normal_", [(3,)], {"std": 0}, "", "std"),
    ("trunc_normal_", [(3,)], {"a": 2, "b": 1}, "", "b"),
]
TAKEN = [  # both take these, most of them without elements
    ("uniform_", (0, 5), {}), ("normal_", (0, 5), {}), ("trunc_normal_", (0, 5), {}),
    ("constant_", (0, 5), {"val": 0.3}), ("ones_", (0, 5), {}), ("zeros_", (0, 5), {}),
    ("eye_", (0, 5), {}), ("orthogonal_", (0, 5), {}),
    ("orthogonal_", (3, 5), {"gain": 0}), ("dirac_", (0, 16, 5), {}), ("kaiming_uniform_", (0, 5), {}),
    ("xavier_uniform_", (0, 5), {}), ("xavier_normal_", (0, 5), {}),
    ("kaiming_normal_", (0, 5), {}), ("kaiming_normal_", (0, 1), {}),
    ("sparse_", (0, 5), {"sparsity": 0.1}), ("dirac_", (3, 16, 5), {}),
    ("normal_", (3,), {"std": 0}), ("xavier_uniform_", (3, 4), {"gain": 0.5}),
    ("kaiming_normal_", (3, 4), {"a": -1}), ("uniform_", (), {}),
    ("uniform_", (3,), {"a": 1, "b": 1}),
]
# PyTorch takes these, and we do not, on purpose: docs/FRAMEWORKS.md.
STRICTER = [
    ("kaiming_normal_", (3, 4), {"a": 1, "nonlinearity": "relu"}, "a"),
    ("sparse_", (4, 3), {"sparsity": -0.5}, "sparsity"),
    ("sparse_", (4, 3), {"sparsity": 1.5}, "sparsity"),
]


def raised(function, shape, arguments):
    try:
        getattr(init, function)(torch.empty(shape), **arguments)
    except Exception as error:  # of many classes
        return str(error) or type(error).__name__
    return None


def check_refusals(service):
    for function, shapes, arguments, phrase, field in REFUSALS:
        for shape in shapes:
            what = function, shape, arguments
            reference = raised(function, shape, arguments)
            mine = service.problem("torch." + function, shape, **arguments)
            service.check(reference is not None and phrase in reference, *what, "PyTorch:",
                          reference)
            service.check(mine is not None and phrase in mine["detail"] and
                          mine["field"] == field, *what, "we:", mine)
    for function, shape, arguments in TAKEN:
        reference = raised(function, shape, arguments)
        mine = service.problem("torch." + function, shape, **arguments)
        service.check(reference is None and mine is None, function, shape, arguments,
                      reference, mine)
    for function, shape, arguments, field in STRICTER:
        reference = raised(function, shape, arguments)
        mine = service.problem("torch." + function, shape, **arguments)
        service.check(reference is None, function, shape, arguments, reference)
        service.check(mine is not None and mine["field"] == field, function, arguments, mine)


def check_spellings(service):
    """Without the underscore where PyTorch has that, too, and only there."""
    for name in sorted(vars(init)):
        if not name.endswith("_") or name.startswith("_"):
            continue
        old = name[:-1] in vars(init) and callable(getattr(init, name[:-1]))
        arguments = {"constant_": {"val": 1}, "sparse_": {"sparsity": 0.1}}.get(name, {})
        shape = (4, 3, 3) if name == "dirac_" else (4, 3)
        for spelling, there in ((name, True), (name[:-1], old)):
            problem = service.problem("torch." + spelling, shape, **arguments)
            service.check((problem is None) == there, spelling, problem)


with daemon.running() as server, server.connect() as client:
    service = Service(client)
    check_all_numbers(service)
    check_samples(service)
    check_sparse(service)
    check_orthogonal(service)
    check_fills(service)
    check_refusals(service)
    check_spellings(service)
service.end("torch")
