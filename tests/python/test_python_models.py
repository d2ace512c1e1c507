# SPDX-License-Identifier: MIT
"""
Models by both ways: the bytes of the files that 'tensorinit model' writes, modules that are
filled by a manifest, and what is refused.
"""
import copy
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest.mock

import checkpoint_writer
import daemon
import numpy
from support import ROOT, Http, Native, need, tensorinit, torch
from test_python_modules import Distributed, Mesh, Placement, _StridedShard, wrap

# Every kind of tensor: own dtypes and streams, a factorization, a scalar, none at all.
MANIFEST = {
    "description": "for tests", "seed": 7, "dtype": "f32",
    "tensors": {"embed.weight": [50, 16], "layers.{0..2}.{q,k}.weight": [16, 16],
                "layers.{0..2}.o.weight": [16, 16], "layers.{0..2}.norm.weight": [16],
                "steps": {"shape": [], "dtype": "I64"}, "none": [0, 4],
                "caf\u00e9.weight": {"shape": [3, 5], "dtype": "BF16"},
                "head.weight": {"shape": [50, 16], "name": "embed.weight"}},
    "rules": [["*norm.weight", "scheme=ones"], ["steps", "scheme=zeros"],
              ["layers.{l}.o.*", "scheme=depth_scaled&std=0.02&layer={l}"],
              ["*.k.*", "scheme=orthogonal"], ["*", "scheme=normal&std=0.02"]]}


def written(manifest, *options):
    """What 'tensorinit model' writes, as its one file, and {name: (dtype, shape, bytes)} of it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "all.safetensors")
        subprocess.run([daemon.COMMAND, "model", "-", "-q", "-o", path, *options], check=True,
                       input=json.dumps(manifest).encode())
        data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    entries = json.loads(data[8:start])
    entries.pop("__metadata__")
    return data, {name: (entry["dtype"], tuple(entry["shape"]),
                         data[slice(*(start + end for end in entry["data_offsets"]))])
                  for name, entry in entries.items()}


def rows():
    """[(manifest as text, whether the command accepts it)] of tests/manifest/cases.tsv."""
    table = (ROOT / "tests/manifest/cases.tsv").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            accepted, _, text = line.split("\t")
            yield text, accepted == "yes"


class NativeModels(Native):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name, "small")
        self.folder.mkdir()
        self.path = self.folder / "manifest.json"
        self.path.write_text(json.dumps(MANIFEST), encoding="utf-8")

    def named(self):
        """Models have names where 'make install' puts their manifests."""
        return unittest.mock.patch.dict(os.environ, TENSORINIT_MODELS=str(self.folder.parent))

    def expect(self, model, *options):
        """The model has the tensors of the file, with a writer's header the bytes of the file."""
        data, tensors = written(MANIFEST, *options)
        found = {}
        for name, array in model.items():
            dtype, shape, elements = tensors[name]
            self.assertEqual(array.shape, shape)
            self.assertTrue(array.tobytes() == elements, name)
            self.assertEqual(model.info(name)[:2], (shape, dtype.lower()))
            found[name] = (dtype, array.shape, array.tobytes())
        self.assertTrue(checkpoint_writer.safetensors(found) == data)

    def test_bytes(self):
        model = tensorinit.model(MANIFEST)
        self.expect(model)
        self.assertEqual(list(model)[:4], ["embed.weight", "layers.0.q.weight",
                                           "layers.0.k.weight", "layers.0.o.weight"])
        self.assertEqual((len(model), "none" in model, "x" in model), (17, True, False))
        self.assertTrue((model["head.weight"] == model["embed.weight"]).all())

    def test_seed_and_dtype(self):
        self.expect(tensorinit.model(MANIFEST, seed=-3), "--seed=-3")
        self.expect(tensorinit.model(MANIFEST, 0, "torch.float16"), "--seed=0", "--dtype=f16")
        self.expect(tensorinit.model(MANIFEST, "0x2a", numpy.float32), "--seed=42")
        self.expect(tensorinit.model(tensorinit.model(MANIFEST, dtype="f64"), seed=5),
                    "--seed=5", "--dtype=f64")

    def test_sources(self):
        """A dict, JSON, a path, a folder, a name: one model."""
        with self.named():
            for manifest in (json.dumps(MANIFEST), "\n" + json.dumps(MANIFEST, indent=2),
                             self.path, str(self.path), self.folder, str(self.folder), "small"):
                model = tensorinit.model(manifest)
                self.assertEqual(list(model), list(tensorinit.model(MANIFEST)))
                self.assertTrue((model["head.weight"] ==
                                 tensorinit.model(MANIFEST)["embed.weight"]).all())
            self.expect(tensorinit.model("small", seed=9, dtype="f64"), "--seed=9", "--dtype=f64")
            self.expect(tensorinit.model("small", dtype="f32"))

    def test_name_of_a_folder(self):
        """'tensorinit model small -o small' leaves the name what it was."""
        files = self.folder.parent.with_name(self.folder.parent.name + "-files")
        (files / "small").mkdir(parents=True)
        self.addCleanup(shutil.rmtree, files)
        (files / "small" / "model.safetensors").touch()
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(files)
        with self.named():
            self.assertEqual(list(tensorinit.model("small")), list(tensorinit.model(MANIFEST)))
            with self.assertRaisesRegex(FileNotFoundError, "manifest.json"):
                tensorinit.model("./small")

    def test_only(self):
        """The tensors of 'tensorinit model --only', with the bytes that they have in the model."""
        full = tensorinit.model(MANIFEST, seed=3)
        for pattern in ("layers.1.*", "*.k.weight", "layers.{l}.norm.*", "s?eps", "caf?.weight"):
            model = tensorinit.model(MANIFEST, seed=3, only=pattern)
            self.expect(model, "--seed=3", "--only", pattern)
            self.assertEqual(list(tensorinit.model(full, only=pattern)), list(model))
        model = tensorinit.model(full, only=["layers.2.*", "embed.*"])
        self.assertEqual(list(model), ["embed.weight", "layers.2.q.weight", "layers.2.k.weight",
                                       "layers.2.o.weight", "layers.2.norm.weight"])
        self.assertTrue((model["embed.weight"] == full["embed.weight"]).all())
        self.assertEqual(len(tensorinit.model(model, seed=4)), 5)
        for wrong in ("x*", ["embed.*", "x*"], "", [], 5, [None], "a{1}", "layers.{0..1}.*",
                      "{", "a}"):
            self.refused("only", tensorinit.model, MANIFEST, only=wrong)
        self.refused("only", tensorinit.model, model, only="head.*")

    def test_computed_when_read(self):
        with unittest.mock.patch.object(tensorinit, "_fill", wraps=tensorinit._fill) as fill:
            model = tensorinit.model(MANIFEST, seed=1)
            list(model), len(model), "none" in model, model == model, repr(model)
            self.assertEqual(model.info("embed.weight")[:2], ((50, 16), "f32"))
            self.assertEqual(fill.call_count, 0)
            items = iter(model.items())
            next(items), next(items)
            self.assertEqual(fill.call_count, 2)

    def test_parts(self):
        model = tensorinit.model(MANIFEST)
        full = model["layers.1.k.weight"]
        self.assertTrue((model.tensor("layers.1.k.weight", slice=numpy.s_[2:5, ::-2]) ==
                         full[2:5, ::-2]).all())
        self.assertTrue((model.tensor("layers.1.k.weight", shard=(1, 1, 3)) ==
                         full[:, 6:12]).all())
        self.assertEqual(model.tensor("embed.weight", dtype="f16").dtype, numpy.float16)
        # None is what is not given; and what would be another tensor is none of this model.
        f16 = tensorinit.model(MANIFEST, dtype="f16")
        same = f16.tensor("embed.weight", slice=None, shard=None, dtype=None)
        self.assertTrue(same.dtype == numpy.float16 and (same == f16["embed.weight"]).all())
        for other in ({"seed": None}, {"shape": (16, 50)}, {"name": "x"}, {"std": 1}):
            with self.assertRaises(TypeError):
                model.tensor("embed.weight", **other)

    def test_torch(self):
        need(torch, "torch")
        model = tensorinit.model(MANIFEST, dtype=torch.bfloat16)
        f32 = tensorinit.model(MANIFEST)
        self.assertTrue(torch.equal(model["embed.weight"],
                                    torch.from_numpy(f32["embed.weight"]).bfloat16()))
        self.assertEqual((model["steps"].dtype, model["steps"].shape), (torch.int64, ()))

    def test_query_of_info(self):
        """It is a request for the same elements."""
        model = tensorinit.model(MANIFEST, seed=3)
        for name in ("layers.2.o.weight", "caf\u00e9.weight", "head.weight"):
            shape, dtype, query = model.info(name)
            plan = tensorinit._backend().plan(query)
            self.assertEqual((plan.shape, plan.dtype), (shape, dtype))
            self.assertEqual(tensorinit._new(plan, None).tobytes(), model[name].tobytes())

    def test_all_manifests(self):
        """Refused is what the command refuses."""
        for text, accepted in rows():
            with self.subTest(text[:200]):
                if accepted:
                    self.assertIn("a", "".join(tensorinit.model(text)))
                else:
                    with self.assertRaises(tensorinit.ParameterError):
                        tensorinit.model(text if text[0] == "{" else self.written(text))

    def written(self, text):
        path = self.folder / "other.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def test_refused(self):
        ones = '"rules": [["*", "scheme=ones"]]'
        start = '{"tensors": {"a": [2]}, "rules": '
        for text in (start + "[]", start + f'[["*", "scheme=zeros"]], {ones}}}',
                     start + '[["*", "scheme=ones"]], "seed": NaN}',
                     start + '[["*", "scheme=ones"]], "seed": null}',
                     start + '[["*", "scheme=ones"]], "sources": ["a", 5]}',
                     start + '[["*", "scheme=ones\\u0000"]]}',
                     start + '[["*\\ud800", "scheme=ones"]]}',
                     '{"tensors": {"a": {"shape": [2], "data_offsets": [NaN]}}, ' + ones + "}",
                     '{"tensors": {"a": [true]}, ' + ones + "}",
                     '{"tensors": {"a": [9223372036854775808]}, ' + ones + "}",
                     '{"tensors": ' + 15000 * '{"a": ' + '1' + 15001 * "}"):
            with self.subTest(text[:80]), self.assertRaises(tensorinit.ParameterError):
                tensorinit.model(text)
        for key, value in (("rule", []), ("sed", 1), ("sizes", {}), ("dtypes", None)):
            with self.subTest(key), self.assertRaisesRegex(tensorinit.ParameterError, key):
                tensorinit.model({**MANIFEST, key: value})
            with self.assertRaisesRegex(tensorinit.ParameterError, "unknown key"):
                tensorinit.model({**MANIFEST, key: value})
        with self.assertRaisesRegex(tensorinit.ParameterError, "twice.*seed"):
            tensorinit.model('{"seed": 1, "tensors": {"a": [2]}, "seed": 1, ' + ones + "}")
        for manifest, field in ((5, "manifest"), ("", "manifest"), ({"rules": {1}}, "manifest"),
                                (self.written(b"\xff"), "manifest"),
                                ({**MANIFEST, "rules": [["*", "scheme=no"]]}, "scheme"),
                                ({**MANIFEST, "rules": [["*", "scheme=ones&gain=1"]]}, "gain")):
            self.refused(field, tensorinit.model, manifest)
        self.refused("seed", tensorinit.model, MANIFEST, "x")
        self.refused("seed", tensorinit.model, MANIFEST, 1.5)
        for dtype in ("f31", "i8", "bool"):
            self.refused("dtype", tensorinit.model, MANIFEST, 0, dtype)
            with self.named():
                self.refused("dtype", tensorinit.model, "small", 0, dtype)
        self.refused("dtype", tensorinit.model, tensorinit.model(MANIFEST), dtype="f16")
        with self.assertRaises(KeyError):
            tensorinit.model(MANIFEST)["x"]
        with self.assertRaises(FileNotFoundError):
            tensorinit.model(self.folder / "none.json")
        with self.named(), self.assertRaisesRegex(tensorinit.Error, "absent"):
            tensorinit.model("absent")
        with self.named(), self.assertRaises(tensorinit.Error):
            tensorinit.model("\udc80")


class HttpModels(Http, NativeModels):
    """Names are those of the server."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        folder = pathlib.Path(scratch.name, "small")
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
        cls.options = ("--models", scratch.name)
        super().setUpClass()

    def test_file_of_the_server(self):
        """The arrays, with a writer's header, are the file that the server has."""
        model = tensorinit.model("small", seed=42)
        found = {name: (model.info(name).dtype.upper(), array.shape, array.tobytes())
                 for name, array in model.items()}
        data, _ = self.server.get("/v1/models/small/seed-42/model.safetensors")
        self.assertTrue(checkpoint_writer.safetensors(found) == data)

    def test_too_large(self):
        """What no URL can have, the server refuses, and says what to do."""
        names = {os.urandom(16).hex(): [2] for _ in range(400)}
        with self.assertRaisesRegex(tensorinit.NetworkError, "--models"):
            tensorinit.model({"tensors": names, "rules": [["*", "scheme=ones"]]})


class NativeGPT2(Native):
    """A model that exists, as large as it is."""
    MODELS = ROOT / "deploy/models"

    def test_file(self):
        """With a writer's header, the arrays are the file of all other ways, 497 MB."""
        with unittest.mock.patch.dict(os.environ, TENSORINIT_MODELS=str(self.MODELS)):
            model = tensorinit.model("gpt2", seed=42)
        shapes = {name: model.info(name).shape for name in model}
        counts = {name: int(numpy.prod(shape)) for name, shape in shapes.items()}
        self.assertEqual(sum(counts.values()), 124439808)
        first, names = checkpoint_writer.beginning(
            {name: ("F32", shapes[name], 4 * counts[name]) for name in model})
        digest = hashlib.sha256(first)
        for name in names:
            array = model[name]
            digest.update(array)
            std = 0.02 / 24 ** 0.5 if "c_proj.weight" in name else 0.02
            if array.ndim == 2:
                self.assertAlmostEqual(array.std() / std, 1, delta=0.004, msg=name)
        self.assertEqual(digest.hexdigest(),
                         "f07629c641b90f355acd3d6d8a88122d87ce463045240dde7644008f134f11c0")


class HttpGPT2(Http, NativeGPT2):
    options = ("--models", NativeGPT2.MODELS)


# Modules --------------------------------------------------------------------------------

class Layer(torch.nn.Module if torch else object):
    def __init__(self, **options):
        super().__init__()
        for name in ("q", "k", "o"):
            setattr(self, name, torch.nn.Linear(16, 16, bias=False, **options))
        self.norm = torch.nn.LayerNorm(16, **options)
        del self.norm.bias


class Net(torch.nn.Module if torch else object):
    """The module of MANIFEST, NaN until it is initialized; its head is the embedding."""

    def __init__(self, is_tied=True, **options):
        super().__init__()
        self.embed = torch.nn.Embedding(50, 16, **options)
        self.layers = torch.nn.ModuleList([Layer(**options) for _ in range(3)])
        self.head = torch.nn.Linear(16, 50, bias=False, **options)
        if is_tied:
            self.head.weight = self.embed.weight
        self.register_buffer("steps", torch.tensor(5, **options))
        self.register_buffer("mask", torch.ones(3, **options), persistent=False)
        with torch.no_grad():
            for param in self.parameters():
                param.fill_(float("nan"))


# What the module has.
MODULE = {**MANIFEST, "tensors": {name: shape for name, shape in MANIFEST["tensors"].items()
                                  if name not in ("none", "caf\u00e9.weight", "head.weight")}}


class NativeManifests(Native):
    """init_() by a manifest."""

    @classmethod
    def setUpClass(cls):
        need(torch, "torch")
        super().setUpClass()

    def expect(self, module, seed=7):
        """Each parameter is the tensor of its name, rounded to its dtype."""
        model = tensorinit.model(MODULE, seed)
        state = {tensorinit.plain_name(name): value for name, value in module.state_dict().items()}
        for name, wanted in model.items():
            wanted = torch.from_numpy(wanted).to(state[name].dtype)
            self.assertTrue(torch.equal(state[name], wanted), name)
        self.assertTrue(torch.equal(state["head.weight"], state["embed.weight"]))
        return state

    def test_module(self):
        module = Net()
        queries = tensorinit.init_(module, MODULE)
        self.expect(module)
        self.assertEqual(set(queries), set(tensorinit.model(MODULE)))
        self.assertEqual(queries["layers.0.q.weight"], "shape=16,16&scheme=normal&seed=7&"
                         "name=layers.0.q.weight&std=0.02")
        self.assertTrue((module.mask == 1).all())
        tensorinit.init_(module, MODULE, seed=5)
        self.expect(module, 5)
        tensorinit.init_(module, tensorinit.model(MODULE, seed=6))
        self.expect(module, 6)

    def test_pipeline(self):
        """Stages of a pipeline, each with the model's names, are the model."""
        full = Net(is_tied=False)
        untied = {**MODULE, "tensors": {**MODULE["tensors"], "head.weight": [50, 16]}}
        tensorinit.init_(full, untied)
        halves = [Net(is_tied=False) for _ in range(2)]
        halves[0].head = halves[0].steps = halves[1].embed = None
        del halves[0].layers[2]
        halves[1].layers = torch.nn.ModuleDict({"2": halves[1].layers[2]})
        for half, only in zip(halves, (["embed.*", "layers.0.*", "layers.1.*"],
                                       ["layers.2.*", "head.*", "steps"])):
            self.refused("module", tensorinit.init_, half, untied)
            tensorinit.init_(half, untied, only=only)
        found = {**halves[0].state_dict(), **halves[1].state_dict()}
        self.assertEqual(set(found), set(full.state_dict()))
        for name, value in full.state_dict().items():
            self.assertTrue(torch.equal(found[name], value), name)
        self.refused("only", tensorinit.init_, halves[0], [("*", "scheme=ones")], only="*")

    def test_wrappers(self):
        for module in (torch.nn.DataParallel(Net()), wrap(Net(), "_orig_mod"),
                       wrap(wrap(Net(), "_fsdp_wrapped_module"), "module")):
            tensorinit.init_(module, MODULE)
            self.expect(module)

    def test_own_dtype(self):
        """A module has its own dtype, which the manifest's does not change."""
        module = Net().bfloat16()
        tensorinit.init_(module, MODULE)
        self.expect(module)
        other = Net()
        tensorinit.init_(other, {**MODULE, "dtype": "f16"})
        self.expect(other)

    def test_meta(self):
        module = Net(device="meta")
        self.refused("out", tensorinit.init_, module, MODULE)
        module = module.to_empty(device="cpu")
        module.head.weight = module.embed.weight
        tensorinit.init_(module, MODULE)
        self.expect(module)

    def test_tied(self):
        """One name of a tied weight is enough; two have to be the same tensor."""
        head = {"head.weight": {"shape": [50, 16], "name": "embed.weight"}}
        both = {**MODULE, "tensors": {**MODULE["tensors"], **head}}
        only = {**MODULE, "tensors": {n: s for n, s in both["tensors"].items()
                                      if n != "embed.weight"}}
        for manifest in (both, only):
            module = Net()
            tensorinit.init_(module, manifest)
            self.expect(module)
        untied = Net(is_tied=False)
        tensorinit.init_(untied, both)
        self.expect(untied)
        both["tensors"]["head.weight"] = [50, 16]
        error = self.refused("module", tensorinit.init_, Net(), both)
        self.assertIn("embed.weight and head.weight are one parameter", str(error))

    def test_refused(self):
        """And nothing is written."""
        module = Net()
        tensors = MODULE["tensors"]
        for manifest, field, text in (
                ({**MODULE, "tensors": {**tensors, "x.{0..7}": [2]}}, "module",
                 r"the module has no parameter x\.0, .*x\.4 and 3 more$"),
                ({**MODULE, "tensors": {n: s for n, s in tensors.items() if n[0] != "e"}},
                 "module", "^the model has no tensor embed.weight$"),
                ({**MODULE, "tensors": {**tensors, "mask": [3]}}, "module",
                 "^the module has no parameter mask$"),
                ({"tensors": {"y": [1]}, "rules": [["*", "scheme=ones"]]}, "module",
                 "no tensor embed.weight, .* more; the module has no parameter y$"),
                ({**MODULE, "tensors": {**tensors, "embed.weight": [51, 16]}}, "shape",
                 "embed.weight: the shape is 50,16, in the model 51,16"),
                ({**MODULE, "rules": [["embed*", "scheme=zero"], *MODULE["rules"]]}, "scheme",
                 "embed.weight")):
            error = self.refused(field, tensorinit.init_, module, manifest)
            self.assertRegex(str(error), text)
        with self.assertRaises(tensorinit.Error):
            tensorinit.init_(module, "*")
        self.assertTrue(all(param.isnan().all() for param in module.parameters()))
        self.refused("seed", tensorinit.init_, module, MODULE, "x")
        twice = wrap(torch.nn.Linear(2, 2, bias=False), "_orig_mod")
        twice.weight = torch.nn.Parameter(torch.zeros(2, 2))
        self.refused("module", tensorinit.init_, twice, {
            "tensors": {"weight": [2, 2]}, "rules": [["*", "scheme=ones"]]})

    def test_parts(self):
        """Each rank of tensor parallelism has its part of the one model."""
        full = Net()
        tensorinit.init_(full, MODULE)
        axes = {"q.weight": 0, "o.weight": 1}

        def axis_of(name):
            return next((axis for end, axis in axes.items() if name.endswith(end)), None)

        for rank in range(2):
            module = copy.deepcopy(full)
            for name, param in module.named_parameters():
                if axis_of(name) is not None:
                    param.data = torch.zeros_like(param).chunk(2, axis_of(name))[rank]
            tensorinit.init_(module, MODULE, part=lambda name, param: None if axis_of(name) is None
                             else {"shape": (16, 16), "shard": (axis_of(name), rank, 2)})
            for (name, param), whole in zip(module.named_parameters(), full.parameters()):
                axis = axis_of(name)
                self.assertTrue(torch.equal(
                    param, whole if axis is None else whole.chunk(2, axis)[rank]), name)
        self.refused("shape", tensorinit.init_, full, MODULE,
                     part=lambda name, param: {"shape": (2, 2), "shard": (0, 0, 1)})

    def test_dtensors(self):
        """The shape is that of the full tensor; each rank's part is its own."""
        manifest = {"tensors": {"w": [10, 6]}, "rules": [["*", "scheme=he_normal"]]}
        full = torch.from_numpy(tensorinit.model(manifest)["w"])
        for rank, tp in ((0, 0), (1, 2)):
            for placements, wanted in (
                    ([Placement(), Placement()], full),
                    ([Placement(0), Placement(1)], full.chunk(2)[rank].chunk(3, 1)[tp]),
                    ([_StridedShard(0), Placement(0)], full.chunk(3)[tp].chunk(2)[rank])):
                local = torch.zeros(wanted.shape)
                module = Sharded(Distributed((10, 6), local, Mesh((2, 3), (rank, tp)), placements))
                tensorinit.init_(module, manifest)
                self.assertTrue(torch.equal(local, wanted))
                module._parameters["w"].shape = (10, 7)
                self.refused("shape", tensorinit.init_, module, manifest)


class Sharded:
    """A module of one DTensor, which is a stand-in: see test_python_modules.py."""

    def __init__(self, param):
        self._parameters, self._buffers = {"w": param}, {}
        self._non_persistent_buffers_set = set()

    def named_modules(self, remove_duplicate):
        yield "", self


class HttpManifests(Http, NativeManifests):
    pass


if __name__ == "__main__":
    unittest.main()
