# SPDX-License-Identifier: MIT
"""
Loads a model by torch.distributed's checkpoints on meshes, each of some ranks with the
matrices split along an axis, and prints the SHA-256 of all tensors that a mesh has then:

    checkpoint_ranks.py MANIFEST SEED RANKS:AXIS[,RANKS:AXIS...] [SERVER]
"""
import dataclasses
import hashlib
import os
import sys
import traceback
import unittest.mock

import daemon
import tensorinit
import torch
import torch.distributed as dist


def hashable(of=None, *, make=dataclasses.dataclass, **options):
    """Python 3.11 refuses defaults without a hash, which torch 1.13 gives its dataclasses."""
    if of and "__hash__" not in vars(of):
        options["unsafe_hash"] = True
    return make(of, **options)


with unittest.mock.patch.object(dataclasses, "dataclass", hashable):
    from torch.distributed._shard import checkpoint, sharded_tensor
    from torch.distributed._shard.sharding_spec import ChunkShardingSpec


def empty(shape, axis, ranks):
    """A ShardedTensor; what has no such axis is on all ranks."""
    if len(shape) <= axis:
        return torch.full(shape, float("nan"))
    placements = [f"rank:{rank}/cpu" for rank in range(ranks)]
    made = sharded_tensor.empty(ChunkShardingSpec(axis, placements), *shape)
    for shard in made.local_shards():
        shard.tensor.fill_(float("nan"))
    return made


def gathered(tensor):
    """The full tensor on rank 0, put together from what the ranks have."""
    if not isinstance(tensor, sharded_tensor.ShardedTensor):
        return tensor
    own = [(shard.metadata.shard_offsets, shard.tensor) for shard in tensor.local_shards()]
    parts = [None] * dist.get_world_size()
    dist.all_gather_object(parts, own)
    full = torch.full(tensor.size(), float("nan"))
    for offsets, part in sum(parts, []):
        full[tuple(slice(start, start + size) for start, size in zip(offsets, part.shape))] = part
    return full


def load(rank, ranks, axis, port, manifest, seed):
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank,
                            world_size=ranks)
    model = tensorinit.model(manifest, seed)
    state = {name: empty(model.info(name).shape, axis, ranks) for name in model}
    checkpoint.load_state_dict(state, tensorinit.storage_reader(manifest, seed))
    digest = hashlib.sha256()
    for name in model:
        digest.update(gathered(state[name]).numpy().tobytes())
    if rank == 0:
        print(f"{ranks}:{axis}", digest.hexdigest(), flush=True)
    dist.barrier()
    dist.destroy_process_group()


def run(ranks, axis, *arguments):
    """Ranks are forked: torch is loaded once."""
    port = daemon.free_port()
    children = []
    for rank in range(ranks):
        child = os.fork()
        if child == 0:
            try:
                load(rank, ranks, axis, port, *arguments)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    if any([os.waitpid(child, 0)[1] for child in children]):
        sys.exit(f"{ranks} ranks failed")


def main(manifest, seed, meshes, server=None):
    if server:
        tensorinit.use(tensorinit.Servers(server, retry_for=5))
    for mesh in meshes.split(","):
        run(*map(int, mesh.split(":")), manifest, seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
