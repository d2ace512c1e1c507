# SPDX-License-Identifier: MIT
"""Random permutes, slices and shards, and their combinations, of random tensors equal
numpy's on the whole, per instruction set; what numpy refuses is refused. By a daemon with each
instruction set, and now and then by the command as well."""
import contextlib
import json
import math
import os
import pathlib
import random
import subprocess
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402
from dtypes import DTYPES, FLOATS  # noqa: E402

OK, USAGE = 0, 64
CASES = 60 if os.environ.get("CONFIG") == "asan" else 250
SCHEMES = ({"scheme": "normal"}, {"scheme": "uniform"}, {"scheme": "truncated_normal"},
           {"scheme": "truncated_normal", "truncation": "-1,2.5"},
           {"scheme": "constant", "value": "0.3"})


def random_tensor(rng):
    shape = [rng.choice([0, 1, 2, 3, 5, 7, 16, 33, 64, 100]) if rng.random() < 0.95 else
             rng.randrange(100, 400) for _ in range(rng.randrange(1, 6))]
    while math.prod(shape) > 1000000:
        shape.remove(max(shape))
    return shape, {"shape": ",".join(map(str, shape)), **rng.choice(SCHEMES), "name": "x",
                   "seed": rng.randrange(100), "dtype": rng.choice(FLOATS)}


def random_range(rng, size):
    """A slice object and its text."""
    ends = [rng.choice([None, rng.randrange(-size - 2, size + 3)]) for _ in range(2)]
    step = rng.choice([None, 1, 2, -1, -3, 5, 10**12])
    text = ":".join("" if end is None else str(end) for end in ends)
    if step is not None or rng.random() < 0.3:
        text += ":" + ("" if step is None else str(step))
    return slice(*ends, step), text


def random_items(rng, shape):
    """numpy's index and its text; one too many, or one out of reach, now and then."""
    index, texts = [], []
    for size in shape[:rng.randrange(len(shape) + 1)] + [1] * (rng.random() < 0.03):
        if rng.random() < 0.2:
            item = rng.randrange(-size - (rng.random() < 0.1), max(size, 1))
            text = str(item)
        else:
            item, text = random_range(rng, size)
        index.append(item)
        texts.append(text)
    if not index or rng.random() < 0.3:
        # What follows '...' belongs to the last axes: mostly of other sizes, all the better.
        place = rng.randrange(len(index) + 1)
        index.insert(place, Ellipsis)
        texts.insert(place, "...")
    return tuple(index), ",".join(texts)


def random_shards(rng, view):
    """A part by torch.chunk's rule, several in a row, and the text."""
    texts = []
    for _ in range(rng.randrange(1, 4)):
        axis, count = rng.randrange(-view.ndim, view.ndim), rng.randrange(1, 6)
        place = rng.randrange(count)
        size = -(-view.shape[axis] // count)
        index = [slice(None)] * view.ndim
        index[axis] = slice(place * size, (place + 1) * size)
        view = view[tuple(index)]
        texts.append(f"{axis}:{place}/{count}")
    return view, ",".join(texts)


def random_part(rng, view):
    """Parameters of a part and numpy's view of it; None where numpy refuses."""
    part = {}
    kind = rng.randrange(6)
    if kind in (0, 1, 2) or rng.random() < 0.2:
        axes = rng.sample(range(view.ndim), view.ndim)
        part["permute"] = ",".join(str(a - rng.choice([0, view.ndim])) for a in axes)
        view = view.transpose(axes)
    if kind in (1, 3):
        index, part["slice"] = random_items(rng, list(view.shape))
        try:
            view = view[index]
        except IndexError:
            return part, None
    elif kind in (2, 4):
        view, part["shard"] = random_shards(rng, view)
    return part, view


def by_daemon(client, parameters):
    """The body, or the parameter at fault."""
    status, _, body = client.get(daemon.target("/v1/tensor", parameters))
    assert status in (200, 400), (parameters, status, body)
    return body if status == 200 else json.loads(body)["field"]


def by_command(isa, parameters):
    options = [f"--{name}={value}" for name, value in parameters.items()]
    done = subprocess.run([daemon.COMMAND, "generate", "-q", *options], timeout=60,
                          env=os.environ | {"TENSORINIT_ISA": isa},
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode == USAGE:
        return done.stderr.decode().split(":")[1].strip().removeprefix("--")
    assert done.returncode == OK, (parameters, done)
    return done.stdout


def check(rng, clients, use_command):
    """Whether a part was compared, or was refused as by numpy."""
    shape, tensor = random_tensor(rng)
    whole = by_daemon(next(iter(clients.values())), tensor)
    item_bytes = DTYPES[tensor["dtype"]].item_bytes
    part, view = random_part(rng, numpy.frombuffer(whole, f"V{item_bytes}").reshape(shape))
    expected = "slice" if view is None else view.tobytes()
    for isa, client in clients.items():
        assert by_daemon(client, tensor | part) == expected, (isa, tensor, part)
        if use_command:
            assert by_command(isa, tensor | part) == expected, (isa, tensor, part)
    return view is not None


def main():
    rng = random.Random(7)
    with contextlib.ExitStack() as stack:
        clients = {}
        for isa in daemon.isas():
            server = stack.enter_context(daemon.running(environment={"TENSORINIT_ISA": isa}))
            clients[isa] = stack.enter_context(server.connect())
        by_command = daemon.sample("the parts by the command", range(CASES))
        compared = sum(check(rng, clients, i in by_command) for i in range(CASES))
    assert compared > CASES * 0.8
    print(f"{compared} parts equal numpy's on {', '.join(clients)}; "
          f"{CASES - compared} refused as by numpy")


if __name__ == "__main__":
    main()
