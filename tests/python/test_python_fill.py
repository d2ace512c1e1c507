# SPDX-License-Identifier: MIT
"""
The bytes of tensors, by both ways: every dtype, parts, memory of any order, and what is
refused.
"""
import os
import signal
import sys
import tempfile
import threading
import time
import types
import unittest.mock
import warnings

import numpy

from dtypes import DTYPES
from support import Http, Native, generated, need, same, tensorinit, torch

FC1 = {"shape": "512,784", "scheme": "he_normal", "seed": "42", "name": "fc1.weight"}


class NativeFill(Native):
    def test_dtypes(self):
        for short, dtype in DTYPES.items():
            scheme = {"scheme": "normal"} if dtype.is_float else {"scheme": "ones"}
            for shape, text in (((5, 3, 7), "5,3,7"), ((), "scalar"), ((0, 4), "0,4")):
                with self.subTest(short, shape=shape):
                    array = tensorinit.tensor("w", shape, seed=3, dtype=short, **scheme)
                    self.assertEqual(array.shape, shape)
                    self.assertEqual(array.tobytes(), generated(
                        shape=text, seed=3, name="w", dtype=short, **scheme))
                    if dtype.is_native:
                        self.assertEqual(array.dtype, numpy.dtype(dtype.numpy))

    def test_spellings_of_dtypes(self):
        for dtype, short in ((numpy.float16, "f16"), ("float32", "f32"), (float, "f64"),
                             (numpy.dtype("<f8"), "f64"), ("torch.bfloat16", "bf16")):
            array = tensorinit.tensor("w", (4, 4), dtype=dtype)
            self.assertTrue(same(array, shape="4,4", name="w", dtype=short), dtype)

    def test_torch_dtypes(self):
        need(torch, "torch")
        for dtype, short in ((torch.bfloat16, "bf16"), (torch.float16, "f16"),
                             (torch.float32, "f32"), (torch.float64, "f64")):
            made = tensorinit.tensor("w", (4, 5), dtype=dtype)
            self.assertEqual((made.dtype, tuple(made.shape)), (dtype, (4, 5)))
            bits = made.view({2: torch.int16, 4: torch.int32, 8: torch.int64}[
                made.element_size()]).numpy()
            self.assertTrue(same(bits, shape="4,5", name="w", dtype=short), dtype)
            self.assertTrue(torch.equal(
                tensorinit.fill_(torch.empty(4, 5, dtype=dtype), "w"), made))

    def test_opaque_bytes_in_torch(self):
        """As the documentation says, also without ml_dtypes."""
        need(torch, "torch")
        array = tensorinit.tensor("w", (4, 5), dtype="bf16")
        self.assertEqual(array.dtype.itemsize, 2)
        read = torch.frombuffer(array, dtype=torch.bfloat16).view(array.shape)
        rounded = torch.from_numpy(tensorinit.tensor("w", (4, 5))).bfloat16()
        self.assertTrue(torch.equal(read, rounded))

    def test_types_of_ml_dtypes(self):
        """A stand-in for the package: the array has the dtype that it calls bfloat16."""
        module = types.ModuleType("ml_dtypes")
        for name, size in (("bfloat16", 2), ("float8_e4m3fn", 1), ("float8_e5m2", 1)):
            setattr(module, name, numpy.dtype(f"V{size}", metadata={"name": name}))
        with unittest.mock.patch.dict(sys.modules, ml_dtypes=module):
            for dtype, name in (("bf16", "bfloat16"), ("f8_e4m3", "float8_e4m3fn"),
                                ("f8_e5m2", "float8_e5m2")):
                array = tensorinit.tensor("w", (4, 5), dtype=dtype)
                self.assertEqual(array.dtype.metadata, {"name": name})
                self.assertTrue(same(array, shape="4,5", name="w", dtype=dtype), dtype)

    def test_bits(self):
        """An unsigned or opaque array takes the bits of what numpy lacks."""
        for dtype in ("V2", "<u2", ">u2"):
            out = tensorinit.fill_(numpy.zeros((4, 5), dtype), "w", dtype="bf16")
            self.assertTrue(same(out.astype("<u2") if dtype == ">u2" else out,
                                 shape="4,5", name="w", dtype="bf16"), dtype)
        need(torch, "torch")
        for out in (torch.zeros(4, 5, dtype=torch.uint8), torch.zeros(5, 4).byte().t()):
            tensorinit.fill_(out, "w", dtype="f8_e4m3")
            self.assertTrue(same(out.numpy(), shape="4,5", name="w", dtype="f8_e4m3"))

    def test_orthogonal(self):
        """It needs a factorization, that its threads share."""
        array = tensorinit.tensor("q", (150, 130), scheme="orthogonal")
        self.assertTrue(same(array, shape="150,130", name="q", scheme="orthogonal"))
        sparse = tensorinit.tensor("s", (130, 70), scheme="sparse", sparsity=0.1)
        self.assertTrue(same(sparse, shape="130,70", name="s", scheme="sparse", sparsity=0.1))

    def test_memory_order(self):
        full = tensorinit.tensor("w", (6, 10, 8))
        self.assertTrue(same(full, shape="6,10,8", name="w"))
        outs = {
            "contiguous": numpy.zeros((6, 10, 8), "<f4"),
            "transposed": numpy.zeros((8, 10, 6), "<f4").T,
            "inner axes": numpy.zeros((6, 8, 10), "<f4").transpose(0, 2, 1),
            "reversed": numpy.zeros((6, 10, 8), "<f4")[::-1, :, ::-1],
            "every third": numpy.zeros((18, 20, 8), "<f4")[::3, ::2],
            "big-endian": numpy.zeros((6, 10, 8), ">f4"),
            # No axis is within a step of another one, but no element has another one's bytes.
            "interlocked": numpy.lib.stride_tricks.as_strided(
                numpy.zeros(1000, "<f4"), (6, 10, 8), (4 * 12, 4 * 5, 4 * 120)),
            "unaligned": numpy.zeros(6 * 10 * 8 * 4 + 1, "u1")[1:].view("<f4").reshape(6, 10, 8),
        }
        for size in (1 << 20, 700, 1):
            with unittest.mock.patch.object(tensorinit, "_BUFFER_BYTES", size):
                for name, out in outs.items():
                    out[...] = 0
                    self.assertIs(tensorinit.fill_(out, "w"), out)
                    self.assertTrue((out == full).all(), (name, size))
        scalar = tensorinit.fill_(numpy.zeros((), ">f4"), "w", scheme="normal")
        self.assertTrue(same(scalar.astype("<f4"), shape="scalar", name="w", scheme="normal"))
        for shape in ((0, 3), (3, 0)):
            tensorinit.fill_(numpy.zeros(shape[::-1], "<f4").T, "w")

    def test_nothing_beside(self):
        """Neighbours in memory stay."""
        memory = numpy.full((12, 20), 7, "<f4")
        tensorinit.fill_(memory[3:6], "w", "scheme=normal")
        tensorinit.fill_(memory[8:10, 2:5], "w", "scheme=normal")
        left = memory == 7
        left[3:6] = left[8:10, 2:5] = True
        self.assertTrue(left.all())
        self.assertTrue(same(memory[3:6], shape="3,20", name="w", scheme="normal"))
        self.assertTrue(same(memory[8:10, 2:5], shape="2,3", name="w", scheme="normal"))

    def test_subclasses(self):
        """numpy's own, of which one has other rules for shapes."""
        matrix = numpy.zeros((6, 10), "<f4").view(numpy.matrix)
        with tempfile.NamedTemporaryFile() as file:
            mapped = numpy.memmap(file.name, "<f4", "w+", shape=(6, 10))
            for out in (matrix, mapped):
                self.assertIs(tensorinit.fill_(out, "w"), out)
                self.assertTrue(same(out, shape="6,10", name="w"))

    def test_torch_memory_order(self):
        need(torch, "torch")
        full = torch.from_numpy(tensorinit.tensor("w", (6, 10, 8)))
        outs = {
            "contiguous": torch.zeros(6, 10, 8),
            "transposed": torch.zeros(8, 10, 6).permute(2, 1, 0),
            "inner axes": torch.zeros(6, 8, 10).transpose(1, 2),
            "every third": torch.zeros(18, 20, 8)[::3, ::2],
            "parameter": torch.nn.Parameter(torch.zeros(6, 10, 8)),
        }
        for size in (1 << 20, 700):
            with unittest.mock.patch.object(tensorinit, "_BUFFER_BYTES", size):
                for name, out in outs.items():
                    self.assertIs(tensorinit.fill_(out, "w"), out)
                    self.assertTrue(torch.equal(out.detach(), full), name)
        scalar = tensorinit.fill_(torch.empty(()), "w", scheme="normal")
        self.assertTrue(same(scalar.numpy(), shape="scalar", name="w", scheme="normal"))
        tensorinit.fill_(torch.empty(0, 3), "w")

    def test_autograd_is_told(self):
        """A change of what backward() needs is an error of torch, not a wrong gradient."""
        need(torch, "torch")
        for leaf in (torch.ones(3, 4, requires_grad=True),
                     torch.ones(4, 3).t().requires_grad_()):
            loss = (leaf * leaf).sum()
            tensorinit.fill_(leaf, "w", "scheme=zeros")
            with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
                loss.backward()
            self.assertTrue(leaf.requires_grad and leaf.is_leaf)

    def test_shards(self):
        full = tensorinit.tensor("fc1.weight", (512, 784), seed=42)
        self.assertTrue(same(full, **FC1))
        for shard, wanted in ((("0:3/8"), full[192:256]), ((0, 3, 8), full[192:256]),
                              ([(1, 1, 2), (0, 1, 3)], full[171:342, 392:])):
            part = tensorinit.tensor("fc1.weight", (512, 784), seed=42, shard=shard)
            self.assertTrue((part == wanted).all(), shard)
            out = numpy.empty(wanted.shape, "f4")
            tensorinit.fill_(out, "fc1.weight", shape=full.shape, seed=42, shard=shard)
            self.assertTrue((out == wanted).all(), shard)

    def test_slices(self):
        full = tensorinit.tensor("w", (12, 9))
        for index in (numpy.s_[2:5, ::-2], numpy.s_[..., 3], numpy.s_[-1], numpy.s_[:, 1:8:3]):
            part = tensorinit.tensor("w", (12, 9), slice=index)
            self.assertTrue((part == full[index]).all(), index)
            self.assertEqual(part.shape, full[index].shape)

    def test_callback(self):
        """As jax.make_array_from_callback calls it, with the indices of its devices."""
        full = tensorinit.tensor("w", (8, 6), "scheme=lecun_normal&layout=io")
        part = tensorinit.callback("w", (8, 6), "scheme=lecun_normal&layout=io")
        for index in ((slice(0, 4), slice(None)), (slice(4, 8, None), slice(3, 6, None)),
                      (slice(None, None, None),) * 2):
            self.assertTrue((part(index) == full[index]).all())
        scalar = tensorinit.callback("w", (), scheme="normal")
        self.assertEqual(scalar(()), tensorinit.tensor("w", (), scheme="normal"))

    def test_first_elem(self):
        """The flat part of an FSDP rank."""
        full = tensorinit.tensor("w", (40, 30)).reshape(-1)
        for first, count in ((0, 1200), (17, 500), (1199, 1), (1200, 0)):
            out = tensorinit.fill_(numpy.empty(count, "f4"), "w", shape=(40, 30),
                                   first_elem=first)
            self.assertTrue((out == full[first:first + count]).all(), (first, count))
        out = numpy.empty((10, 20), "f4").T
        tensorinit.fill_(out, "w", shape=(40, 30), first_elem=33)
        self.assertTrue((out == full[33:233].reshape(20, 10)).all())

    def test_queries(self):
        wanted = tensorinit.tensor("w", (3, 4), scheme="normal", std=0.02, seed=7)
        for query, parameters in (("scheme=normal&std=0.02&seed=7", {}),
                                  ("scheme=normal&std=0.02", {"seed": 7}),
                                  ({"scheme": "normal", "std": 0.02}, {"seed": numpy.uint8(7)}),
                                  ("scheme=normal&std=0.02&", {"seed": 7, "mean": None})):
            self.assertTrue((tensorinit.tensor("w", (3, 4), query, **parameters) ==
                             wanted).all(), query)
        self.assertTrue((tensorinit.tensor("w", (3, 4), {"seed": None}, dtype=None) ==
                         tensorinit.tensor("w", (3, 4))).all())
        self.assertTrue(same(tensorinit.tensor(None, (3, 4), "name=é ü"), shape="3,4",
                             name="é ü"))
        name = "a b+c&d=é%/ü"
        self.assertTrue(same(tensorinit.tensor(name, (3, 4)), shape="3,4", name=name))
        self.assertTrue(same(tensorinit.tensor("w", (9, 9), scheme="truncated_normal",
                                               truncation=(-1, 2.5)),
                             shape="9,9", name="w", scheme="truncated_normal",
                             truncation="-1,2.5"))

    def test_refused(self):
        out = numpy.zeros((3, 4), "f4")
        self.refused("scheme", tensorinit.fill_, out, "w", scheme="he_norml")
        self.refused("std", tensorinit.fill_, out, "w", scheme="zeros", std=1)
        self.refused("colour", tensorinit.fill_, out, "w", colour=1)
        self.refused("seed", tensorinit.fill_, out, "w", "seed=1", seed=2)
        self.refused("seed", tensorinit.fill_, out, "w", {"seed": 1}, seed=2)
        self.refused("name", tensorinit.fill_, out, "w", "name=x")
        self.refused("name", tensorinit.fill_, out, "\ud800")
        self.refused("query", tensorinit.fill_, out, "w", 5)
        self.refused("scheme", tensorinit.fill_, out, "w", "scheme=no\nrmal # é")
        self.refused("slice", tensorinit.tensor, "w", (9, 9), slice=slice(0, 1.5))
        self.refused("shard", tensorinit.tensor, "w", (9, 9), shard=(0, 1.5, 3))
        self.refused("shape", tensorinit.fill_, out, "w", "shard=0:0/1")
        self.refused("shape", tensorinit.fill_, out, "w", first_elem=0)
        self.refused("first_elem", tensorinit.fill_, out, "w", shape=(9, 9), first_elem=1.5)
        self.refused("shape", tensorinit.fill_, out, "w", shape=(4, 3))
        self.refused("shape", tensorinit.fill_, out, "w", shard=(0, 1, 2))
        self.refused("shape", tensorinit.tensor, "w", (2, -3))
        self.refused("shape", tensorinit.tensor, "w", (2, None))
        self.refused("shard", tensorinit.tensor, "w", (2, 3), shard=(0, 1))
        self.refused("dtype", tensorinit.fill_, out, "w", dtype="bf16")
        self.refused("dtype", tensorinit.fill_, numpy.zeros(3, "V2"), "w")
        self.refused("dtype", tensorinit.fill_, numpy.zeros(3, "c8"), "w")
        self.refused("dtype", tensorinit.fill_, numpy.zeros((3, 4), "i4"), "w")
        self.refused("format", tensorinit.fill_, out, "w", format="npy")
        self.refused("first_elem", tensorinit.fill_, out, "w", shape=(3, 5), first_elem=4)
        self.refused("first_elem", tensorinit.fill_, out, "w", shape=(3, 5), first_elem=-1)
        self.refused("out", tensorinit.fill_, [1.0], "w")
        self.refused("out", tensorinit.fill_, numpy.zeros(3, "O"), "w")
        self.refused("out", tensorinit.fill_, numpy.broadcast_to(out, (2, 3, 4)), "w")
        for strides in (0, 4), (16, 0), (4, 4), (8, 4), (4, 8):
            shared = numpy.lib.stride_tricks.as_strided(out, (3, 4), strides)
            self.refused("out", tensorinit.fill_, shared, "w")
        self.refused("chosen", tensorinit.use, "http://127.0.0.1:8080")
        self.assertFalse(out.any())
        error = self.refused("mode", tensorinit.fill_, out, "w", mode="fan")
        self.assertEqual(error.title, "invalid parameter value")
        self.assertIsInstance(error, ValueError)

    def test_refused_by_torch(self):
        need(torch, "torch")
        self.refused("out", tensorinit.fill_, torch.empty(3, device="meta"), "w")
        self.refused("out", tensorinit.fill_, torch.zeros(3).expand(4, 3), "w")
        self.refused("out", tensorinit.fill_, torch.zeros(9).unfold(0, 3, 1), "w")
        self.refused("out", tensorinit.fill_, torch.zeros(3, 3).to_sparse(), "w")
        self.refused("dtype", tensorinit.fill_, torch.zeros(3, dtype=torch.complex64), "w")
        freed = torch.zeros(3)
        freed.storage().resize_(0)
        self.refused("out", tensorinit.fill_, freed, "w", "scheme=ones")

    def test_warnings(self):
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            tensorinit.tensor("", (3, 4))
        self.assertEqual([warning.category for warning in found], [tensorinit.TensorinitWarning])
        self.assertIn("No name is given", str(found[0].message))
        # The line at fault is the caller's.
        self.assertEqual(found[0].filename, __file__)

    def test_fork(self):
        """A child process, as data loaders make them, has its own threads and connections."""
        wanted = tensorinit.tensor("w", (2000, 2000))
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            os._exit(0 if (tensorinit.tensor("w", (2000, 2000)) == wanted).all() else 1)
        self.assertTrue((tensorinit.tensor("w", (2000, 2000)) == wanted).all())
        self.assertEqual(os.waitpid(child, 0)[1], 0)


class HttpFill(Http, NativeFill):
    pass


class Threads(Native):
    def test_counts(self):
        """Any number of threads, and of parts, writes the same bytes."""
        for query in ("scheme=he_normal", "scheme=orthogonal", "scheme=normal&dtype=f64"):
            with unittest.mock.patch.object(tensorinit, "threads", 1):
                one = tensorinit.tensor("w", (300, 501), query)
            for count in (2, 3, 7):
                with unittest.mock.patch.object(tensorinit, "threads", count), \
                        unittest.mock.patch.object(tensorinit._LibraryPlan, "SLICE_NS", 1e3):
                    self.assertTrue((tensorinit.tensor("w", (300, 501), query) == one).all())

    def test_errors(self):
        """After an error of one task no other runs on, in memory that the caller may free."""
        running, both = [], threading.Barrier(2)

        def task(index):
            both.wait(30)
            if index == 0:
                raise KeyboardInterrupt
            running.append(index)
            time.sleep(0.3)
            running.remove(index)

        with unittest.mock.patch.object(tensorinit, "threads", 2):
            for count in (2, 200):
                with self.assertRaises(KeyboardInterrupt):
                    tensorinit._in_parallel(count, task)
                self.assertEqual(running, [])
                both.reset()

    def test_callers(self):
        """Threads of the caller share the module, which makes more threads as they want them."""
        wanted = tensorinit.tensor("w", (700, 500)).tobytes()
        found = []

        def run(count):
            with unittest.mock.patch.object(tensorinit._LibraryPlan, "SLICE_NS", 1e3):
                tensorinit.threads = count
                found.append(tensorinit.tensor("w", (700, 500)).tobytes())

        with unittest.mock.patch.object(tensorinit, "threads", None):
            callers = [threading.Thread(target=run, args=(count,)) for count in range(1, 9)]
            for caller in callers:
                caller.start()
            for caller in callers:
                caller.join()
        self.assertEqual([body == wanted for body in found], [True] * 8)
