# SPDX-License-Identifier: MIT
"""
storage_reader(): on any mesh the tensors of the model in one process, by the checkpoints of
torch 1.13; and the calls of later versions, which a stand-in makes.
"""
import abc
import collections
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest.mock

import daemon
from support import LIBRARY, Http, Native, need, tensorinit, torch

# Axes that 4 ranks do not divide, vectors, a scalar, and what has a factorization.
MANIFEST = {
    "seed": 3, "tensors": {"embed.weight": [50, 18], "layers.{0..1}.q.weight": [18, 18],
                           "layers.{0..1}.o.weight": [7, 18], "norm.weight": [18], "scale": []},
    "rules": [["norm*", "scheme=ones"], ["scale", "scheme=constant&value=2.5"],
              ["*.q.*", "scheme=orthogonal"], ["*", "scheme=normal&std=0.02"]]}


class Meshes(Http):
    def ranks(self, *arguments, **environment):
        with tempfile.TemporaryDirectory() as scratch:
            manifest = pathlib.Path(scratch, "manifest.json")
            manifest.write_text(json.dumps(MANIFEST), encoding="utf-8")
            program = pathlib.Path(__file__).with_name("checkpoint_ranks.py")
            done = subprocess.run(
                [sys.executable, "-W", "ignore", program, manifest, *arguments],
                env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
                capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(map(str.split, done.stdout.splitlines()))

    def test_ranks(self):
        need(torch, "torch")
        need(pathlib.Path(torch.__file__).with_name("distributed").joinpath(
            "_shard/checkpoint").exists(), "checkpoints of torch 1.13")
        model = tensorinit.model(MANIFEST, seed=42)
        wanted = hashlib.sha256(b"".join(array.tobytes() for array in model.values())).hexdigest()
        native = daemon.sample("the meshes", ["1:0", "2:0", "2:1", "4:0", "4:1"],
                               min(daemon.EVERY, 2))
        for meshes, server, library in ((native, [], str(LIBRARY)),
                                        (["2:1"], [self.server.url], "none")):
            self.assertEqual(self.ranks("42", ",".join(meshes), *server,
                                        TENSORINIT_LIBRARY=library),
                             dict.fromkeys(meshes, wanted))


# torch.distributed.checkpoint as PyTorch 2.2 and later have it, as far as a reader sees it.

class StorageReader(abc.ABC):
    @abc.abstractmethod
    def reset(self, checkpoint_id=None): ...

    @abc.abstractmethod
    def read_metadata(self, *args, **kwargs): ...

    @abc.abstractmethod
    def set_up_storage_reader(self, metadata, is_coordinator, *args, **kwargs): ...

    @abc.abstractmethod
    def prepare_local_plan(self, plan): ...

    @abc.abstractmethod
    def prepare_global_plan(self, plans): ...

    @abc.abstractmethod
    def read_data(self, plan, planner): ...

    @classmethod
    @abc.abstractmethod
    def validate_checkpoint_id(cls, checkpoint_id): ...


Metadata = collections.namedtuple(
    "Metadata", "state_dict_metadata planner_data storage_data storage_meta", defaults=[None] * 3)
TensorStorageMetadata = collections.namedtuple("TensorStorageMetadata", "properties size chunks")
ChunkStorageMetadata = collections.namedtuple("ChunkStorageMetadata", "offsets sizes")
TensorProperties = collections.namedtuple("TensorProperties", "dtype")
Index = collections.namedtuple("Index", "fqn")
Plan = collections.namedtuple("Plan", "items")
ReadItem = collections.namedtuple(
    "ReadItem", "type dest_index dest_offsets storage_index storage_offsets lengths")


def stand_in():
    module = types.ModuleType("torch.distributed.checkpoint")
    module.metadata = types.SimpleNamespace(TensorProperties=TensorProperties)
    for member in (StorageReader, Metadata, TensorStorageMetadata, ChunkStorageMetadata):
        setattr(module, member.__name__, member)
    return unittest.mock.patch.dict(sys.modules, {module.__name__: module})


class Planner:
    """Reads a mesh's parts, {name: [(offsets, tensor)]}, as DTensors give them."""

    def __init__(self, parts):
        self.parts, self.committed = parts, []

    def plan(self, metadata):
        items = []
        for name, parts in self.parts.items():
            described = metadata.state_dict_metadata[name]
            chunk, = described.chunks
            assert chunk.sizes == described.size and not any(chunk.offsets)
            items += [ReadItem("tensor", (name, number), None, Index(name), offsets, part.shape)
                      for number, (offsets, part) in enumerate(parts)]
        return Plan(items)

    def resolve_tensor(self, item):
        name, number = item.dest_index
        return self.parts[name][number][1]

    def commit_tensor(self, item, tensor):
        self.committed.append(item.dest_index)


def load(parts, reader, checkpoint_id):
    """The calls of torch.distributed.checkpoint.load() on one rank."""
    assert isinstance(reader, StorageReader) and type(reader).validate_checkpoint_id(checkpoint_id)
    reader.reset(checkpoint_id)
    metadata = reader.read_metadata(rank=0)
    planner = Planner(parts)
    reader.set_up_storage_reader(metadata, True, rank=0)
    plan, = reader.prepare_global_plan([reader.prepare_local_plan(planner.plan(metadata))])
    reader.read_data(plan, planner).wait()
    return metadata, planner


class NativeStandIn(Native):
    def test_later_versions(self):
        need(torch, "torch")
        model = tensorinit.model(MANIFEST, seed=42)
        full = {name: torch.from_numpy(array) for name, array in model.items()}
        parts = {
            "embed.weight": [((13, 9), torch.zeros(13, 9)), ((0, 0), torch.zeros(0, 9))],
            "norm.weight": [((0,), torch.zeros(18, requires_grad=True))],
            "layers.0.q.weight": [((0, 5), torch.zeros(7, 18).t()), ((17, 0), torch.zeros(1, 3))],
            "layers.1.o.weight": [((6, 0), torch.zeros(1, 18, dtype=torch.bfloat16))],
            "scale": [((), torch.zeros(()))]}
        with stand_in():
            metadata, planner = load(parts, tensorinit.storage_reader(model), "any")
        self.assertEqual(list(metadata.state_dict_metadata), list(model))
        described = metadata.state_dict_metadata["embed.weight"]
        self.assertEqual((described.size, described.properties.dtype),
                         (torch.Size([50, 18]), torch.float32))
        self.assertEqual(len(planner.committed), sum(map(len, parts.values())))
        for name, of_name in parts.items():
            for offsets, part in of_name:
                index = tuple(slice(start, start + size)
                              for start, size in zip(offsets, part.shape))
                self.assertTrue(torch.equal(part.detach(), full[name][index].to(part.dtype)), name)

    def test_seed(self):
        need(torch, "torch")
        for seed, wanted in ((None, 3), (9, 9)):
            part = torch.zeros(50, 18)
            with stand_in():
                load({"embed.weight": [((0, 0), part)]},
                     tensorinit.storage_reader(MANIFEST, seed), None)
            self.assertTrue((part.numpy() ==
                             tensorinit.model(MANIFEST, wanted)["embed.weight"]).all())


class HttpStandIn(Http, NativeStandIn):
    pass


if __name__ == "__main__":
    unittest.main()
