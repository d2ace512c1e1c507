# SPDX-License-Identifier: MIT
"""For every scheme, dtype and format: byte ranges that the daemon serves, joined, have the
digest of the whole tensor, and so have shards after a header."""
import hashlib
import json
import math
import os
import pathlib
import random
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402
import dtypes  # noqa: E402

# What a scheme requires, or another shape than others.
SHAPE = "10,7,6"
REQUIRED = {"constant": {"value": "1"}, "wang_init": {"layers": "3"},
            "gpt2_residual": {"layers": "3"}, "megatron_scaled": {"layers": "3"},
            "depth_scaled": {"layer": "3"}, "mup": {"width_multiplier": "4"},
            "t5": {"role": "wi"}, "deepnorm": {"layers": "3"},
            "log_uniform": {"low": "1", "high": "2"}, "sinusoidal": {"shape": "42,10"},
            "identity": {"shape": "42,10"}, "zero_hadamard": {"shape": "42,10"},
            "sparse": {"shape": "42,10", "sparsity": "0.3"},
            "orthogonal": {"batch_axis": "1"}, "delta_orthogonal": {"shape": "7,3,5,4",
                                                                    "batch_axis": "1"},
            "stft": {"shape": "20,1,21"},
            "lstm_forget_bias": {"shape": "420"}, "bilinear": {"shape": "4,5,5,5"}}


def get(client, tensor, **headers):
    return client.get(daemon.target("/v1/tensor", tensor), **headers)


def tensors(client, server):
    """Parameters of every scheme with every dtype that it takes."""
    names = dtypes.of(server)
    for scheme in server.schemes()["schemes"]:
        for dtype in names:
            tensor = {"shape": SHAPE, "scheme": scheme["name"], "seed": "42", "name": "w",
                      "dtype": dtype, **REQUIRED.get(scheme["name"], {})}
            status, _, body = get(client, tensor)
            if status == 200:
                yield tensor
            else:
                problem = json.loads(body)
                assert (status, problem["field"]) == (400, "dtype"), (tensor, problem)
                assert dtype in dtypes.INTEGERS, tensor


def shard(client, tensor, cuts):
    """One shard as an array; what stands before the elements is cut off."""
    text = ",".join(f"{axis}:{place}/{count}" for axis, place, count in cuts)
    status, headers, body = get(client, {**tensor, "shard": text})
    assert status == 200, (tensor, text, body)
    shape = [int(dim) for dim in headers["Tensor-Shape"].split(",")]
    item_bytes = dtypes.DTYPES[tensor["dtype"]].item_bytes
    elements = body[len(body) - math.prod(shape) * item_bytes:]
    return numpy.frombuffer(elements, f"V{item_bytes}").reshape(shape)


def join(client, tensor, splits, cuts=()):
    """All shards that the splits, [(axis, count), ...], make, joined again."""
    if not splits:
        return shard(client, tensor, cuts)
    (axis, count), *inner = splits
    parts = [join(client, tensor, inner, (*cuts, (axis, place, count)))
             for place in range(count)]
    return numpy.concatenate(parts, axis)


def shape_of(tensor):
    return tuple(int(dim) for dim in tensor["shape"].split(","))


def random_splits(rng, rank):
    """One split, or a tensor-parallel one and then one for FSDP along the first axis."""
    splits = [(rng.randrange(rank), rng.choice([2, 3, 4, 12]))]
    if rng.random() < 0.5:
        splits = [(rng.randrange(rank), 2), (0, rng.choice([2, 3]))]
    return splits


def check_ranges(client, rng, tensor, whole):
    """Pieces between random cuts, fetched in any order; one cut is near the front, where
    headers are."""
    cuts = {0, len(whole), rng.randrange(1, 160), *rng.sample(range(len(whole)), 8)}
    cuts = sorted(min(cut, len(whole)) for cut in cuts)
    parts = list(zip(cuts, cuts[1:]))
    fetched = {}
    for first, end in rng.sample(parts, len(parts)):
        status, headers, body = get(client, tensor, Range=f"bytes={first}-{end - 1}")
        assert status == 206, (tensor, first, end, body)
        assert headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(whole)}"
        fetched[first] = body
    joined = b"".join(fetched[first] for first, _ in parts)
    assert sha256(joined) == sha256(whole), (tensor, cuts)
    return len(parts)


def check_shards(client, rng, tensor, whole):
    splits = random_splits(rng, len(shape_of(tensor)))
    joined = join(client, tensor, splits)
    assert joined.shape == shape_of(tensor), (tensor, splits)
    header = whole[:len(whole) - joined.nbytes]
    assert bool(header) == (tensor["format"] != "raw"), tensor
    assert sha256(header + joined.tobytes()) == sha256(whole), (tensor, splits)
    return math.prod(count for _, count in splits)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def main():
    rng = random.Random(8)
    ranges = shards = bodies = 0
    with daemon.running() as server, server.connect() as client:
        formats = server.words("format")
        found = list(tensors(client, server))
        if os.environ.get("CONFIG") == "asan":
            found = rng.sample(found, len(found) // 4)
        for tensor in found:
            raw = get(client, {**tensor, "format": "raw"}).body
            for format_name in formats:
                tensor = {**tensor, "format": format_name}
                status, headers, whole = get(client, tensor)
                assert status == 200, tensor
                bodies += 1
                if whole.endswith(raw):  # a text has neither: its length is not known before
                    ranges += check_ranges(client, rng, tensor, whole)
                    shards += check_shards(client, rng, tensor, whole)
                else:
                    assert "Content-Length" not in headers, (tensor, headers)
    print(f"{bodies} bodies of {len(found)} schemes and dtypes in {', '.join(formats)}: "
          f"{ranges} byte ranges and {shards} shards, joined, have the whole's digest")


if __name__ == "__main__":
    main()
