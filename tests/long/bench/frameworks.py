# SPDX-License-Identifier: MIT
"""Prints name, tab, GB/s for each peer that this Python has: the best of several rounds of
filling a warm 256 KiB float32 buffer on one thread."""
import time

COUNT = 65536


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
        speed = max(speed, turns * COUNT * 4 / took / 1e9)
    return speed


def peers():
    try:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(42)
        tensor = torch.empty(COUNT)
        yield "torch normal_", lambda: tensor.normal_()
        yield "torch trunc_normal_", lambda: torch.nn.init.trunc_normal_(tensor)
        yield "torch uniform_", lambda: tensor.uniform_()
    except ImportError:
        pass
    try:
        import numpy

        rng = numpy.random.default_rng(42)
        array = numpy.empty(COUNT, numpy.float32)
        yield "numpy normal", lambda: rng.standard_normal(out=array, dtype=numpy.float32)
    except ImportError:
        pass


for name, fill in peers():
    print(f"{name}\t{best(fill)}", flush=True)
