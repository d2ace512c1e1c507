# SPDX-License-Identifier: MIT
"""
Each rank of a PyTorch job fills its own part of a tensor, in place. Rank 0 gathers them and
writes the bytes of the full tensor to standard output: the same for any number of ranks.

    torchrun --nproc_per_node 4 torch_ranks.py [AXIS [SERVER]]
"""
import sys

import tensorinit
import torch
import torch.distributed

SHAPE = (512, 784)


def main(axis=0, server=None):
    if server:
        tensorinit.use(tensorinit.Servers(server))
    torch.distributed.init_process_group("gloo")
    rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()

    # The scale comes from the full shape, whatever a rank holds of it.
    part = torch.nn.Parameter(torch.empty(SHAPE).chunk(ranks, axis)[rank].clone())
    tensorinit.fill_(part, "fc1.weight", scheme="he_normal", seed=42,
                     shape=SHAPE, shard=(axis, rank, ranks))

    parts = [torch.empty_like(part) for _ in range(ranks)]
    torch.distributed.all_gather(parts, part.detach())
    if rank == 0:
        sys.stdout.buffer.write(torch.cat(parts, axis).numpy().tobytes())
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0, *sys.argv[2:])
