# SPDX-License-Identifier: MIT
"""docs/SPEC.md, "Rules": parameters -> a distribution, as a dict of its kind and its numbers."""
import math

import numpy as np

from fans import fans, selected_fan
from orthogonal import delta_orthogonal, orthogonal
from patterns import PATTERNS, of_rank
from refused import Refused
from sequences import SEQUENCES
from special import tau
from tables import PARAMETERS, SCHEMES
from values import is_cut


def divided(a, b):
    """a / b as IEEE 754 has it, overflow included (Python's own raises an exception)."""
    with np.errstate(over="ignore"):
        return float(np.float64(a) / np.float64(b))


def not_negative(p, name):
    if not p[name] >= 0:
        raise Refused(name, "negative")
    return p[name]


def cut(p, mean, std):
    low, high = p["truncation"]
    if math.isinf(low) and math.isinf(high):
        return {"kind": "normal", "mean": mean, "sigma": std}
    if p["corrected"]:
        if low != -high:
            raise Refused("corrected" if "corrected" in p else "truncation",
                          "the cut is not symmetric")
        std = divided(std, tau(high))
    return {"kind": "truncated normal", "mean": mean, "sigma": std,
            "z_low": low, "z_high": high}


def rule_variance(p):
    n, scale, drawn = selected_fan(p), p["scale"], p["distribution"]
    if not scale > 0:
        raise Refused("scale", "not above 0")
    variance = divided(scale, n) if n > 0 else 0.0
    if drawn == "truncated_normal":
        return cut(p, 0.0, math.sqrt(variance))
    for name in ("truncation", "corrected"):
        if name in p:
            raise Refused(name, "not with distribution=" + drawn)
    if drawn == "uniform":
        return {"kind": "symmetric uniform", "bound": math.sqrt(3 * variance)}
    return {"kind": "normal", "mean": 0.0, "sigma": math.sqrt(variance)}


def gain(p):
    if "gain" in p and "nonlinearity" in SCHEMES[p.scheme][3]:
        for name in ("nonlinearity", "slope"):
            if name in p:
                raise Refused(name, "not with gain")
        return not_negative(p, "gain")
    nonlinearity, slope = p.values.get("nonlinearity"), p["slope"]
    if "slope" in p and nonlinearity != "leaky_relu":
        raise Refused("slope", "not with nonlinearity=%s" % nonlinearity)
    if nonlinearity is None:
        return p["gain"]
    return {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4,
            "gelu": 1.5335304411955353, "silu": 1.6765324703310911, "elu": 1.2451983007007066,
            "mish": 1.4868475812732081, "softplus": 1.0418668355353018,
            "leaky_relu": math.sqrt(2 / (1 + slope * slope))}.get(nonlinearity, 1.0)


def rule_gain(p):
    n, factor = selected_fan(p), gain(p)
    std = divided(factor, math.sqrt(n)) if n > 0 else 0.0
    if p["distribution"] == "uniform":
        return {"kind": "symmetric uniform", "bound": math.sqrt(3) * std}
    return {"kind": "normal", "mean": 0.0, "sigma": std}


def scaled(p, distribution):
    """With gain= as a factor, of schemes that have no gain of their own."""
    takes = SCHEMES[p.scheme][3]
    if "gain" not in p or "fans" not in takes or "nonlinearity" in takes:
        return distribution
    if not p["gain"] > 0:
        raise Refused("gain", "not above 0")
    number = "bound" if "bound" in distribution else "sigma"
    return {**distribution, number: p["gain"] * distribution[number]}


def copied(p, distribution):
    """With icnr, the numbers of elements of the small tensor: a function of those of the tensor."""
    if "icnr" not in p or p["icnr"] == 1:
        return distribution
    shape = p["shape"]
    out = 0 if p["layout"] == "oi" else len(shape) - 1
    count = p["icnr"] ** (len(shape) - 2)
    size, unit = shape[out] // count, math.prod(shape[out + 1:])

    def source(numbers):
        before, rest = np.divmod(numbers, shape[out] * unit)
        place, after = np.divmod(rest, unit)
        place = place // count if out == 0 else place % size
        return (before * size + place) * unit + after

    return {**distribution, "source": source}


def padded(p, distribution):
    """With the elements that padding_idx sets to 0, as a range of numbers."""
    if "padding_idx" not in p:
        return distribution
    shape, index = p["shape"], p["padding_idx"]
    if not shape or not -shape[0] <= index < shape[0]:
        raise Refused("padding_idx", "no such place")
    size = math.prod(shape[1:])
    first = index % shape[0] * size
    return {**distribution, "padding": (first, first + size)}


def rule_normal(p):
    return {"kind": "normal", "mean": p["mean"], "sigma": not_negative(p, "std")}


def rule_truncated_normal(p):
    mean, std = p["mean"], not_negative(p, "std")
    if "low" not in p and "high" not in p:
        return cut(p, mean, std)
    if "truncation" in p:
        raise Refused("truncation", "not with low or high")
    if p["corrected"]:
        raise Refused("corrected", "not with low or high")
    if std == 0:
        raise Refused("std", "0 with low or high")
    low = p["low"] if "low" in p else -math.inf
    high = p["high"] if "high" in p else math.inf
    z_low, z_high = divided(low - mean, std), divided(high - mean, std)
    if not is_cut(z_low, z_high):
        raise Refused("high" if "high" in p else "low", "no room between the bounds")
    if math.isinf(z_low) and math.isinf(z_high):
        return {"kind": "normal", "mean": mean, "sigma": std}
    return {"kind": "truncated normal", "mean": mean, "sigma": std,
            "z_low": z_low, "z_high": z_high, "low": low, "high": high}


def rule_uniform(p):
    if p["low"] > p["high"]:
        raise Refused("high" if "high" in p else "low", "high is below low")
    return {"kind": "uniform", "low": p["low"], "high": p["high"]}


def rule_constant(p):
    if "value" not in p.values:
        raise Refused("value", "required")
    if math.isinf(p["value"][0]) and (p["dtype"] == "f8_e4m3" or p["format"] == "json"):
        raise Refused("value", "no infinity there")
    return {"kind": "constant", "value": p["value"][0], "integer": p["value"][1],
            "field": "value"}


def rule_siren(p):
    n, omega = selected_fan(p), p["omega"]
    if p["first"]:
        if "omega" in p:
            raise Refused("omega", "not with first=true")
        bound = 1 / n if n > 0 else 0.0
    else:
        if not omega > 0:
            raise Refused("omega", "not above 0")
        bound = divided(math.sqrt(6 / n), omega) if n > 0 else 0.0
    return {"kind": "symmetric uniform", "bound": bound}


def required(p, name):
    if name not in p:
        raise Refused(name, "required")
    return p[name]


def rule_small(p):
    n = selected_fan(p) or 1.0
    return {"kind": "normal", "mean": 0.0, "sigma": math.sqrt(2 / (5 * n))}


def rule_wang(p):
    n, layers = selected_fan(p) or 1.0, float(required(p, "layers"))
    return {"kind": "normal", "mean": 0.0, "sigma": 2 / (layers * math.sqrt(n))}


def rule_mitchell(p):
    n = selected_fan(p) or 1.0
    std = 1 / math.sqrt(2 * n * (float(p["layer"]) + 1)) if "layer" in p else 1 / math.sqrt(n)
    return {"kind": "truncated normal", "mean": 0.0, "sigma": std, "z_low": -3.0, "z_high": 3.0}


def rule_residual(p):
    std, layers, multiplier = not_negative(p, "std"), required(p, "layers"), p["multiplier"]
    if not multiplier > 0:
        raise Refused("multiplier", "not above 0")
    sigma = divided(std, float(np.sqrt(np.float64(multiplier) * np.float64(layers))))
    return {"kind": "normal", "mean": 0.0, "sigma": sigma}


def rule_depth(p):
    std, layer = not_negative(p, "std"), float(required(p, "layer"))
    return cut(p, 0.0, std / math.sqrt(2 * (layer + 1)))


def rule_mup(p):
    std, width = not_negative(p, "std"), required(p, "width_multiplier")
    if not width > 0:
        raise Refused("width_multiplier", "not above 0")
    sigma = divided(std, math.sqrt(width))
    if "layers" in p:
        sigma = sigma / math.sqrt(2 * float(p["layers"]))
    return {"kind": "normal", "mean": 0.0, "sigma": sigma}


def rule_t5(p):
    n, role = selected_fan(p) or 1.0, required(p, "role")
    if role == "q":
        n = n * float(required(p, "d_kv"))
    elif "d_kv" in p:
        raise Refused("d_kv", "not with role=" + role)
    if role == "relative_attention_bias":
        required(p, "d_model")
    if role in ("shared", "lm_head"):
        for name, row in PARAMETERS.items():
            if name in p and (name == "d_model" or row[3] == "fans"):
                raise Refused(name, "not with role=" + role)
        n = 1.0
    return {"kind": "normal", "mean": 0.0, "sigma": 1 / math.sqrt(n)}


def rule_deepnorm(p):
    n, layers = selected_fan(p) or 1.0, float(required(p, "layers"))
    if "encoder_layers" in p and "decoder_layers" in p:
        raise Refused("decoder_layers", "not with encoder_layers")
    beta = 1 / math.sqrt(math.sqrt((12 if "encoder_layers" in p else 8) * layers))
    if "decoder_layers" in p:
        product = (layers * layers) * (layers * layers) * float(p["decoder_layers"])
        beta = 0.87 / math.sqrt(math.sqrt(math.sqrt(math.sqrt(product))))
    return {"kind": "normal", "mean": 0.0, "sigma": beta / math.sqrt(n)}


def rule_spectral(p):
    selected_fan(p)  # refuses shapes without fans
    if "mode" in p:
        raise Refused("mode", "not with spectral")
    into, out = (float(fan) for fan in fans(p))
    into = into or 1.0
    return {"kind": "normal", "mean": 0.0,
            "sigma": 1 / math.sqrt(into) * min(1.0, math.sqrt(out / into))}


def rule_sparse(p):
    rows, cols = of_rank(p, 2)
    sparsity = required(p, "sparsity")
    if not 0 <= sparsity <= 1:
        raise Refused("sparsity", "not from 0 to 1")
    return {"kind": "sparse normal", "mean": 0.0, "sigma": not_negative(p, "std"), "rows": rows,
            "cols": cols, "zeros": math.ceil(sparsity * float(rows))}


RULES = {"variance": rule_variance, "gain": rule_gain, "normal": rule_normal,
         "truncated_normal": rule_truncated_normal, "uniform": rule_uniform,
         "constant": rule_constant, "siren": rule_siren, "small": rule_small, "wang": rule_wang,
         "mitchell": rule_mitchell, "residual": rule_residual, "depth": rule_depth,
         "mup": rule_mup, "t5": rule_t5, "deepnorm": rule_deepnorm, "spectral": rule_spectral,
         "sparse": rule_sparse,
         "orthogonal": orthogonal, "delta orthogonal": delta_orthogonal, **PATTERNS, **SEQUENCES}
