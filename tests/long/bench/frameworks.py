# SPDX-License-Identifier: MIT
"""Prints row of fill.c, name, GB/s, with tabs, for each peer that this Python has: the best of
several rounds of filling a warm 256 KiB buffer on one thread. Randompack: RANDOMPACK names the
folder where its library was built."""
import ctypes
import os
import pathlib
import time

BUFFER_BYTES = 256 * 1024


def best(fill):
    speed = 0
    for _ in range(7):
        turns, took = 4, 0
        while took < 0.02:
            turns *= 2
            start = time.perf_counter()
            for _ in range(turns):
                fill()
            took = time.perf_counter() - start
        speed = max(speed, turns * BUFFER_BYTES / took / 1e9)
    return speed


def torch_peers():
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(42)
    for name, dtype in (("f32", torch.float32), ("f64", torch.float64),
                        ("bf16", torch.bfloat16)):
        tensor = torch.empty(BUFFER_BYTES // torch.empty((), dtype=dtype).element_size(), dtype=dtype)
        yield f"normal {name}", "torch normal_", tensor.normal_
        yield f"he_normal {name}", "torch trunc_normal_", lambda: torch.nn.init.trunc_normal_(tensor)
        yield f"asymmetric cut {name}", "torch trunc_normal_", lambda: torch.nn.init.trunc_normal_(
            tensor, a=-1, b=2)
        yield f"uniform {name}", "torch uniform_", tensor.uniform_


def numpy_peers():
    import numpy

    rng = numpy.random.default_rng(42)
    for name, dtype in (("f32", numpy.float32), ("f64", numpy.float64)):
        array = numpy.empty(BUFFER_BYTES // numpy.dtype(dtype).itemsize, dtype)
        yield f"normal {name}", "numpy standard_normal", lambda: rng.standard_normal(
            out=array, dtype=dtype)
        yield f"uniform {name}", "numpy random", lambda: rng.random(out=array, dtype=dtype)


def randompack_peers():
    folder = os.environ.get("RANDOMPACK", "")
    libraries = sorted(pathlib.Path(folder).rglob("librandompack.so")) if folder else []
    if not libraries:
        return
    library = ctypes.CDLL(str(libraries[0]))
    library.randompack_create.restype = ctypes.c_void_p
    buffer = ctypes.create_string_buffer(BUFFER_BYTES)
    # Its default and the generator that we have, too.
    for engine in ("x256++simd", "philox"):
        rng = ctypes.c_void_p(library.randompack_create(engine.encode()))
        for row, function, size in (("normal f32", library.randompack_normf, 4),
                                    ("uniform f32", library.randompack_u01f, 4),
                                    ("normal f64", library.randompack_norm, 8),
                                    ("uniform f64", library.randompack_u01, 8)):
            function.restype = ctypes.c_bool
            yield row, f"Randompack {engine}", lambda: function(
                buffer, ctypes.c_size_t(BUFFER_BYTES // size), rng)


for peers in (torch_peers, numpy_peers, randompack_peers):
    try:
        for row, name, fill in peers():
            print(f"{row}\t{name}\t{best(fill)}", flush=True)
    except ImportError:
        pass
