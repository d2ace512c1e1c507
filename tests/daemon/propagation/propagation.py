# SPDX-License-Identifier: MIT
"""
/v1/propagation against numpy, which runs the tensors that the service gives through the same
layers, and against theory: He, "Delving Deep into Rectifiers", 2015; Glorot and Bengio, 2010.
'run' calls it.
"""
import json
import math
import pathlib
import sys
import urllib.error
import urllib.parse

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
import daemon  # noqa: E402

TOLERANCE = 1e-10
# Independent of the service's, to fewer digits than numpy has.
erf = np.vectorize(math.erf, otypes=[float])

failures = []


def expect(holds, text):
    if not holds:
        failures.append(text)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def normal_cdf(z):
    return (1 + erf(z / math.sqrt(2))) / 2


def density(z):
    return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

# name: f and f', with the negative slope of leaky_relu.
ACTIVATIONS = {
    "linear": (lambda z, a: z, lambda z, a: np.ones_like(z)),
    "relu": (lambda z, a: np.maximum(z, 0), lambda z, a: (z > 0) * 1.0),
    "leaky_relu": (lambda z, a: np.where(z > 0, z, a * z), lambda z, a: np.where(z > 0, 1, a)),
    "tanh": (lambda z, a: np.tanh(z), lambda z, a: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z, a: sigmoid(z), lambda z, a: sigmoid(z) * sigmoid(-z)),
    "gelu": (lambda z, a: z * normal_cdf(z), lambda z, a: normal_cdf(z) + z * density(z)),
    "silu": (lambda z, a: z * sigmoid(z),
             lambda z, a: sigmoid(z) + z * sigmoid(z) * sigmoid(-z)),
    "selu": (lambda z, a: SELU[0] * np.where(z > 0, z, SELU[1] * np.expm1(z)),
             lambda z, a: SELU[0] * np.where(z > 0, 1, SELU[1] * np.exp(z))),
    "elu": (lambda z, a: np.where(z > 0, z, np.expm1(z)),
            lambda z, a: np.where(z > 0, 1, np.exp(z))),
}


def tensor(server, **parameters):
    body, headers = server.get(daemon.target("/v1/tensor", parameters))
    dtype = {"f64": "<f8", "f32": "<f4"}[parameters.get("dtype", "f32")]
    shape = [int(n) for n in parameters["shape"].split(",")]
    return np.frombuffer(body, dtype).reshape(shape).astype(float)


def moments(name, values):
    return {f"{name}_mean": values.mean(), f"{name}_std": values.std(),
            f"{name}_second_moment": (values ** 2).mean()}


def normalized(x, norm):
    if not norm:
        return x, 1
    scale = 1 / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
    return (x - x.mean(axis=1, keepdims=True)) * scale, scale


def layers(server, stack, weights):
    """What the service should say of each layer."""
    f, slope_of = ACTIVATIONS[stack["activation"]]
    depth, width, batch = stack["depth"], stack["width"], stack["batch"]
    a = stack.get("negative_slope", 0.01)
    signal = {"scheme": "normal", "dtype": "f64", "shape": f"{batch},{width}",
              "seed": weights.get("seed", 0)}
    x = tensor(server, name="input", **signal)
    saved, told = [], []
    for layer in range(depth):
        w = tensor(server, name=f"layer.{layer}.weight", shape=f"{width},{width}", **weights)
        w = w.T if weights.get("layout") == "io" else w
        u, scale = normalized(x, stack["layer_norm"])
        z = u @ w.T
        y = f(z, a)
        x = x + y if stack["residual"] else y
        saved.append((w, u, scale, slope_of(z, a)))
        told.append({**moments("preactivation", z), **moments("activation", x),
                     "zero_share": (y == 0).mean(),
                     "dead_share": (slope_of(z, a) == 0).all(axis=0).mean()})
    g = tensor(server, name="output_gradient", **signal)
    for layer in reversed(range(depth)):
        w, u, scale, slope = saved[layer]
        d = g * slope
        told[layer].update(moments("weight_gradient", d.T @ u))
        h = d @ w
        if stack["layer_norm"]:
            h = (h - h.mean(axis=1, keepdims=True)
                 - u * (h * u).mean(axis=1, keepdims=True)) * scale
        g = g + h if stack["residual"] else h
        told[layer].update(moments("input_gradient", g))
    return told


def ask(server, **parameters):
    return json.loads(server.get(daemon.target("/v1/propagation", parameters))[0])


def compare(server, stack, **weights):
    query = {name: str(value).lower() for name, value in stack.items()}
    told = ask(server, **query, **weights)["runs"][0]["layers"]
    for layer, (found, expected) in enumerate(zip(told, layers(server, stack, weights))):
        for name, value in expected.items():
            # A mean of numbers around 0, or a std of 0, is as exact as the numbers are.
            about = name.removesuffix("_mean").removesuffix("_std") + "_second_moment"
            unit = math.sqrt(expected[about]) if about in expected else abs(value)
            expect(abs(found[name] - value) <= TOLERANCE * unit,
                   f"{stack} {weights}: layer {layer}: {name} {found[name]}, not {value}")
        expect(0 <= found["saturated_share"] <= 1, f"{stack}: layer {layer}")
    expect(len(told) == stack["depth"], f"{stack}: {len(told)} layers")


def check_numpy(server):
    stack = {"activation": "relu", "depth": 10, "width": 100, "batch": 33,
             "residual": False, "layer_norm": False}
    for name in ACTIVATIONS:
        compare(server, {**stack, "activation": name}, scheme="he_normal", seed=5)
    for residual, norm in ((True, False), (False, True), (True, True)):
        compare(server, {**stack, "residual": residual, "layer_norm": norm},
                scheme="xavier_uniform", dtype="f64")
    compare(server, {**stack, "activation": "leaky_relu", "negative_slope": 0.3},
            scheme="orthogonal", gain="1.3", layout="io")
    # A framework's name may mean layout=io, and then W is the transposed tensor as well.
    for name in ("jax.lecun_normal", "keras.HeNormal", "torch.nn.init.xavier_uniform_"):
        told = ask(server, scheme=name, seed=5, activation="tanh", depth=2, width=70)["runs"][0]
        canonical = dict(urllib.parse.parse_qsl(told["query"]))
        weights = {key: canonical[key] for key in canonical if key not in ("shape", "name")}
        expect(("layout" in weights) == (not name.startswith("torch")), f"{name}: {told}")
        again = ask(server, **weights, activation="tanh", depth=2, width=70)["runs"][0]
        expect(again["layers"] == told["layers"], f"{name} is not {weights}")
        compare(server, {**stack, "activation": "tanh"}, **weights)
    compare(server, {**stack, "width": 64, "batch": 1}, scheme="normal", std="0.01")
    compare(server, {**stack, "width": 1, "batch": 1, "activation": "tanh"}, scheme="ones")
    compare(server, {**stack, "width": 129, "batch": 65}, scheme="sparse", sparsity="0.5")


def mean_over_seeds(told, name, power=1):
    """The mean over the runs, of each layer."""
    runs = told["runs"]
    return [sum(run["layers"][i][name] ** power for run in runs) / len(runs)
            for i in range(told["depth"])]


def slope_of_log2(values):
    """By least squares over the layers."""
    return np.polyfit(range(len(values)), values, 1)[0]


def mean_log2(told, name):
    runs = told["runs"]
    return [sum(math.log2(run["layers"][i][name]) for run in runs) / len(runs)
            for i in range(told["depth"])]


def check_theory(server):
    """Mean over 8 seeds, depth 50, width 512."""
    large = {"depth": 50, "width": 512, "batch": 32, "seed": "1,2,3,4,5,6,7,8"}
    for scheme, mode, expected in (("he_normal", "fan_in", 0), ("xavier_normal", "fan_in", -1)):
        told = ask(server, **large, scheme=scheme, mode=mode, activation="relu")
        for name in ("preactivation_second_moment", "input_gradient_second_moment"):
            values = mean_log2(told, name)
            slope = slope_of_log2(values) * (1 if name.startswith("pre") else -1)
            expect(abs(slope - expected) < 0.05, f"{scheme}, relu, {name}: slope {slope}")
    told = ask(server, **large, scheme="xavier_normal", gain="1.6666666666666667",
               activation="tanh")
    for layer, value in enumerate(mean_over_seeds(told, "activation_second_moment")):
        expect(layer < 10 or abs(value / 0.424 - 1) < 0.05,
               f"tanh, gain 5/3: layer {layer}: second moment {value}")
    grow = 2 ** -slope_of_log2(mean_log2(told, "input_gradient_second_moment")[10:])
    expect(abs(grow - 1.21) < 0.03, f"tanh, gain 5/3: gradients grow by {grow} a layer")


def check_dead(server):
    """With weights that are all negative, relu passes one layer, and then nothing."""
    told = ask(server, scheme="constant", value="-1", depth=3, width=16, batch=8)
    last = told["runs"][0]["layers"][2]
    expect(last["zero_share"] == 1 and last["dead_share"] == 1, f"dead units: {last}")
    expect(last["saturated_share"] == 1, f"saturated: {last}")
    expect(last["input_gradient_std"] == 0, f"no gradient: {last}")
    # An explosion is no invalid JSON: what is not finite is left out.
    told = ask(server, scheme="normal", std="1e200", dtype="f64", depth=3, width=16, batch=8,
               activation="linear")
    expect("activation_std" not in told["runs"][0]["layers"][2], "infinite numbers")


def check_runs(server):
    told = ask(server, scheme="he_normal,torch.nn.init.orthogonal_", seed="3,4", depth=2, width=8)
    found = [(run["scheme"], run["seed"]) for run in told["runs"]]
    expect(len(found) == 4 and [seed for _, seed in found] == ["3", "4"] * 2 and
           found[0][0] == "he_normal", f"runs: {found}")
    for run in told["runs"]:
        alone = ask(server, scheme=run["scheme"], seed=run["seed"], depth=2, width=8)
        expect(alone["runs"][0] == run, f"{run['scheme']} alone is another one")


REFUSED = {
    "depth=0": "depth", "depth=1001": "depth", "width=4097": "width", "batch=1025": "batch",
    "batch=-1": "batch", "activation=reul": "activation", "residual=maybe": "residual",
    "layer_norm=2": "layer_norm", "negative_slope=0.1": "negative_slope",
    "activation=leaky_relu&negative_slope=1e9": "negative_slope", "shape=2,2": "shape",
    "name=x": "name", "slice=0": "slice", "slice[0]=": "slice", "shard=0:0/2": "shard",
    "format=npy": "format",
    "scheme=he_normal,": "scheme", "scheme=nonsense": "scheme", "seed=1,x": "seed",
    "seed=" + ",".join(map(str, range(65))): "seed", "std=1": "std", "depth=1&depth=2": "depth",
    "nonsense=1": "nonsense", "depth=1000&width=4096": "width", "width=8&spec=9": "spec",
    "scheme=dirac": "shape",
}


def check_refused(server):
    for query, field in REFUSED.items():
        try:
            server.get("/v1/propagation?" + query)
            failures.append(f"{query} is taken")
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read())
            expect(error.code == 400 and problem.get("field") == field, f"{query}: {problem}")


def check_memory():
    """What the response says of 64,000 layers counts, 7.7 MB, however small these are."""
    seeds = ",".join(map(str, range(64)))
    small = f"/v1/propagation?depth=1000&width=1&batch=1&seed={seeds}"
    with daemon.running("--memory", "4M") as server:
        try:
            server.get(small)
            failures.append("4 MiB of memory are enough for 64,000 layers")
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read())
            expect(error.code == 400 and "--memory" in problem["detail"] and
                   problem["field"] == "depth", f"not the memory's limit: {problem}")
        server.get("/v1/propagation?depth=1000&width=1&batch=1")
    with daemon.running("--memory", "32M") as server:
        expect(len(json.loads(server.get(small)[0])["runs"]) == 64, "not 64 runs")


def check_isas():
    query = ("/v1/propagation?scheme=he_normal,orthogonal&activation=gelu&depth=5&width=70"
             "&batch=40&layer_norm=true&residual=true")
    bodies = {}
    for isa in daemon.isas():
        with daemon.running(environment={"TENSORINIT_ISA": isa}) as server:
            bodies[isa] = server.get(query)[0].strip()
    expect(len(set(bodies.values())) == 1, f"the bytes differ between {list(bodies)}")


def main():
    with daemon.running() as server:
        check_numpy(server)
        check_theory(server)
        check_dead(server)
        check_runs(server)
        check_refused(server)
    check_memory()
    check_isas()
    print(*failures, sep="\n", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
