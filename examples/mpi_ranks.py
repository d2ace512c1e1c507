# SPDX-License-Identifier: MIT
"""
Each process of an MPI job makes its own part of a tensor. The first one gathers them and
writes the bytes of the full tensor to standard output: the same for any number of processes.

    mpirun -n 4 python3 mpi_ranks.py [AXIS [SERVER]]
"""
import sys

import numpy
import tensorinit
from mpi4py import MPI


def main(axis=0, server=None):
    if server:
        tensorinit.use(tensorinit.Servers(server))
    world = MPI.COMM_WORLD
    part = tensorinit.tensor("fc1.weight", (512, 784), scheme="he_normal", seed=42,
                             shard=(axis, world.rank, world.size))
    parts = world.gather(part)
    if world.rank == 0:
        sys.stdout.buffer.write(numpy.concatenate(parts, axis).tobytes())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0, *sys.argv[2:])
