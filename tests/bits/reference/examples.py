# SPDX-License-Identifier: MIT
"""The listing of docs/SPEC.md's worked examples.

    examples.py           writes it to standard output
    examples.py --check   compares it with what stands in SPEC.md
"""
import hashlib
import sys

import numpy as np

from sampler import lane_words, octave_and_t
from spec import Tensor, encode
from tables import SPEC

REQUEST = "shape=512,784&seed=42&name=fc1.weight"
EXAMPLES = [
    (REQUEST + "&scheme=kaiming_normal", [0, 1]),
    (REQUEST + "&scheme=kaiming_normal&dtype=f64", [0]),
    (REQUEST + "&scheme=he_normal", [0]),
    (REQUEST + "&scheme=he_normal&dtype=bf16", [0]),
    (REQUEST + "&scheme=he_normal&dtype=f64", [1]),
    ("shape=8&scheme=uniform&low=-1&high=2&seed=-1", [5]),
    ("shape=8&scheme=uniform&dtype=f64", [2]),
    ("shape=2,2,3&scheme=glorot_uniform&dtype=f64", [11]),
    ("shape=8&scheme=truncated_normal&low=0.5&mean=1&std=2", [0, 7]),
]
NPY = "shape=3&scheme=ones&dtype=f16&format=npy"


def show(x):
    """A number, and its bits."""
    if isinstance(x, np.float32):
        return "%.9g [%08x]" % (x, x.view(np.uint32))
    return "%.17g [%016x]" % (x, np.float64(x).view(np.uint64))


def steps(tensor, i):
    """The steps that compute element i."""
    sampler, block = tensor.sampler, i // 4
    yield "element %d" % i
    for lane in (0, 1) if sampler.is_f64 else (0,):
        words = lane_words(tensor.seed, tensor.stream,
                           np.array([block + lane * 2**62], dtype=np.uint64))
        yield "  b = 0x%x: words %s" % (block + lane * 2**62,
                                       " ".join("%08x" % word for word in words))
    w = tensor.words.run(i, 1, sampler.is_f64)
    yield "  w = %0*x" % (sampler.bits // 4, w[0])
    name = {"uniform": "u", "symmetric uniform": "v", "normal": "z"}.get(sampler.kind, "z'")
    if name not in "uv":
        if sampler.kind == "normal" or sampler.symmetric:
            yield "  m = %0*x" % (sampler.bits // 4, sampler.distance(w)[0][0])
        tail, _ = sampler.tail(w)
        octave, t = octave_and_t(tail)
        yield "  tail = %s" % show(tail[0])
        yield "  s = %d, t = %s" % (octave[0], show(t[0]))
    yield "  %s = %s" % (name, show(sampler.unit(w)[0]))
    x = tensor.values(i, 1)
    yield "  x = %s" % show(x[0])
    yield "  bytes %s" % encode(x, tensor.dtype).hex(" ")


def example(query, elements):
    tensor = Tensor(query)
    yield query
    if tensor.name:
        digest = hashlib.sha256(tensor.name.encode()).hexdigest()
        yield "  SHA-256 of the name: %s..." % digest[:16]
    yield "  s = 0x%016x, seed = 0x%016x" % (tensor.stream, tensor.seed)
    sampler = tensor.sampler
    yield "  %s: %s" % (sampler.kind, ", ".join(
        "%s = %s" % (k, show(x)) for k, x in sampler.distribution.items() if k != "kind"))
    page = {"offset": "R(low)", "maximum": "P"} if sampler.kind == "uniform" else {}
    for name, number in sampler.numbers.items():
        yield "  %s = %s" % (page.get(name, name), show(number))
    for i in elements:
        for line in steps(tensor, i):
            yield "  " + line
    yield ""


def listing():
    lines = [line for query, elements in EXAMPLES for line in example(query, elements)]
    body = Tensor(NPY).body()
    lines.append(NPY)
    lines += ["  " + body[at:at + 32].hex(" ") for at in range(0, len(body), 32)]
    return "\n".join(lines) + "\n"


def main(arguments):
    if arguments == ["--check"]:
        if "```\n" + listing() + "```\n" in SPEC.read_text(encoding="utf-8"):
            print("the examples in %s agree" % SPEC.name)
            return 0
        print("the examples in %s are not what examples.py prints" % SPEC.name)
        return 1
    sys.stdout.write(listing())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
