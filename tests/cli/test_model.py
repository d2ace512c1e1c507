# SPDX-License-Identifier: MIT
"""
tensorinit model: its files against a writer that follows the documents of safetensors and
huggingface_hub, with the elements that 'tensorinit generate' computes.
"""
import hashlib
import json
import math
import os
import signal
import subprocess
import tempfile
import unittest

import support
from support import DIFFERS, IO_ERROR, OK, USAGE

import checkpoint_writer

DTYPES = {"f32": ("F32", 4), "f64": ("F64", 8), "bf16": ("BF16", 2), "f16": ("F16", 2),
          "i64": ("I64", 8), "i32": ("I32", 4), "u8": ("U8", 1), "bool": ("BOOL", 1),
          "f8_e4m3": ("F8_E4M3", 1), "f8_e5m2": ("F8_E5M2", 1), "u64": ("U64", 8),
          "i16": ("I16", 2), "u16": ("U16", 2), "u32": ("U32", 4), "i8": ("I8", 1)}

# A folder of a file system in memory, if there is one: files are reserved on others.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None

# A small model in the order of its state_dict(): name, shape, dtype, query.
SMALL = {
    "dtype": "bf16", "seed": 7,
    "tensors": {
        "embed.weight": [50, 16],
        "layers.{0..2}.attn.{q,k}_proj.weight": [16, 16],
        "layers.{0..2}.attn.o_proj.weight": [16, 16],
        "layers.{0..2}.norm.weight": {"shape": [16], "dtype": "F32"},
        "layers.{0..2}.norm.steps": [],
        "head.weight": {"shape": [50, 16], "name": "embed.weight"},
    },
    "rules": [
        ["*norm.weight", "scheme=ones"],
        ["*.steps", "scheme=zeros&dtype=i64"],
        ["layers.{l}.*.o_proj.weight", "scheme=depth_scaled&std=0.02&layer={l}"],
        ["*k_proj*", "scheme=orthogonal"],
        ["*", "scheme=normal&std=0.02"],
    ],
}


def small_tensors():
    """[(name, shape, dtype, query)] of SMALL, written down by hand."""
    yield "embed.weight", [50, 16], "bf16", "scheme=normal&std=0.02&name=embed.weight"
    for layer in range(3):
        at = f"layers.{layer}."
        yield (at + "attn.q_proj.weight", [16, 16], "bf16",
               f"scheme=normal&std=0.02&name={at}attn.q_proj.weight")
        yield (at + "attn.k_proj.weight", [16, 16], "bf16",
               f"scheme=orthogonal&name={at}attn.k_proj.weight")
        yield (at + "attn.o_proj.weight", [16, 16], "bf16",
               f"scheme=depth_scaled&std=0.02&layer={layer}&name={at}attn.o_proj.weight")
        yield at + "norm.weight", [16], "f32", "scheme=ones"
        yield at + "norm.steps", [], "i64", "scheme=zeros"
    yield "head.weight", [50, 16], "bf16", "scheme=normal&std=0.02&name=embed.weight"


def elements(shape, dtype, query, seed):
    """The bytes that 'tensorinit generate' computes."""
    options = [f"--{pair}" for pair in query.split("&")]
    dims = ",".join(map(str, shape)) or "scalar"
    return support.raw(f"--shape={dims}", f"--dtype={dtype}", f"--seed={seed}", *options)


def expected(tensors, max_shard_size, seed=7):
    """{file: bytes}"""
    return checkpoint_writer.checkpoint(
        {name: (DTYPES[dtype][0], shape, elements(shape, dtype, query, seed))
         for name, shape, dtype, query in tensors}, max_shard_size)


class Model(support.Case):
    def setUp(self):
        super().setUp()
        self.manifest = self.scratch / "manifest.json"
        self.folder = self.scratch / "out"

    def write(self, manifest):
        self.manifest.write_text(json.dumps(manifest))

    def model(self, *arguments, **options):
        return support.tensorinit("model", self.manifest, *arguments, **options)

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def expect_files(self, files):
        found = self.files()
        self.assertEqual(sorted(found), sorted(files))
        for name, data in files.items():
            self.assertTrue(found[name] == data, name)


class Files(Model):
    def test_one_file(self):
        self.write(SMALL)
        self.succeeds(self.model("-o", self.folder))
        self.expect_files(expected(small_tensors(), 5 * 10**9))

    def test_several_files(self):
        for size in (1, 600, 1700, 3000):
            with self.subTest(size=size):
                self.write(SMALL | {"max_shard_size": size})
                self.folder = self.scratch / f"out{size}"
                self.succeeds(self.model("-o", self.folder, "--threads=3"))
                self.expect_files(expected(small_tensors(), size))

    def test_options_stand_in_place_of_the_manifest(self):
        self.write(SMALL)
        self.succeeds(self.model("-o", self.folder, "--seed", "-3", "--dtype", "torch.float16",
                                 "--max-shard-size=2KB"))
        tensors = [(name, shape, "f16" if dtype == "bf16" else dtype, query)
                   for name, shape, dtype, query in small_tensors()]
        self.expect_files(expected(tensors, 2000, seed=-3))

    def test_only(self):
        self.write(SMALL)
        self.succeeds(self.model("-o", self.folder, "--only", "layers.1.*"))
        self.expect_files(expected([row for row in small_tensors()
                                    if row[0].startswith("layers.1.")], 5 * 10**9))

    def test_a_file_has_all(self):
        self.write(SMALL | {"max_shard_size": 600})
        target = self.scratch / "all.safetensors"
        self.succeeds(self.model("-o", target))
        [(_, data)] = expected(small_tensors(), 10**9).items()
        self.assertTrue(target.read_bytes() == data)

    def test_names_dtypes_and_shapes(self):
        """Every dtype, no elements, names that JSON escapes, and ties in the order."""
        names = ["Z", "a", "a.b", "\u00e9", "\U0001f600", "new\nline", 'quote"', "back\\slash",
                 "\x7f", "0", "\u07ff", "tab\t", "/", "\ue000", "~"]
        tensors = [(name, shape, dtype, "scheme=zeros")
                   for name, dtype, shape in zip(
                       names, DTYPES, [[3], [], [0, 2], [2, 2], [1], [5], [2, 1, 2]] * 3)]
        self.write({"tensors": {name: {"shape": shape, "dtype": dtype}
                                for name, shape, dtype, _ in tensors},
                    "rules": [["*", "scheme=zeros"]]})
        for size in (10**9, 20, 1):
            with self.subTest(size=size):
                self.folder = self.scratch / f"out{size}"
                self.succeeds(self.model("-o", self.folder, f"--max-shard-size={size}"))
                self.expect_files(expected(tensors, size))

    def test_large_tensors_cross_chunks(self):
        """Files of several chunks, written and computed by several threads."""
        tensors = [("a", [3000, 1001], "f32", "scheme=normal&name=a"),
                   ("b", [17], "f32", "scheme=normal&name=b"),
                   ("c", [200, 200], "f32", "scheme=orthogonal&name=c"),
                   ("d", [999, 1001], "f32", "scheme=normal&name=d")]
        self.write({"tensors": {name: shape for name, shape, _, _ in tensors},
                    "rules": [["c", "scheme=orthogonal"], ["*", "scheme=normal"]]})
        self.succeeds(self.model("-o", self.folder, "--threads=4"))
        self.expect_files(expected(tensors, 5 * 10**9, seed=0))


class GPT2(support.Case):
    MANIFEST = support.daemon.ROOT / "deploy/models/gpt2"

    def test_parameters(self):
        done = support.tensorinit("model", self.MANIFEST, "--check")
        self.succeeds(done)
        self.assertFalse(done.stderr)
        *_, last = done.stdout.decode().splitlines()
        self.assertEqual(last, "148 tensors, 124439808 parameters, 497759232 bytes, 1 file")

    def test_std_of_each_tensor(self):
        """0.02, and 0.02 / sqrt(2 * 12) for what is added to the residual stream."""
        done = support.tensorinit("model", self.MANIFEST, "--check")
        for line in done.stdout.decode().splitlines()[1:149]:
            name, _, dtype, std, *_ = line.split()
            want = (0 if name.endswith("bias") or "ln_" in name else
                    0.02 / math.sqrt(24) if "c_proj" in name else 0.02)
            self.assertEqual(dtype, "f32")
            self.assertAlmostEqual(float(std), want, delta=1e-8, msg=name)

    def test_one_tensor_of_the_file(self):
        done = support.tensorinit("model", self.MANIFEST, "--only=h.11.*c_proj.weight",
                                  "--seed=3", "-o", self.scratch)
        self.succeeds(done)
        data = (self.scratch / "model.safetensors").read_bytes()
        length = int.from_bytes(data[:8], "little")
        entry = json.loads(data[8:8 + length])["h.11.mlp.c_proj.weight"]
        first, end = (8 + length + offset for offset in entry["data_offsets"])
        self.assertTrue(data[first:end] == elements(
            [3072, 768], "f32", f"scheme=normal&std={0.02 / math.sqrt(24)!r}"
            "&name=h.11.mlp.c_proj.weight", 3))

    def test_installed_manifests_have_names(self):
        environment = os.environ | {"TENSORINIT_MODELS": str(self.MANIFEST.parent)}
        done = support.tensorinit("model", "gpt2", "--check", env=environment, cwd=self.scratch)
        self.succeeds(done)
        for name, hint in (("gpt3", "; did you mean gpt2[?]"), ("nonsense", "[.]"), (".", "[.]"), ("", "[.]")):
            self.fails(IO_ERROR, f"'{name}' is neither a manifest here nor a model in [^;]*{hint}\n",
                       support.tensorinit("model", name, "--check", env=environment,
                                          cwd=self.scratch))


class Verify(Model):
    def setUp(self):
        super().setUp()
        self.write(SMALL)
        self.succeeds(self.model("-o", self.folder, "--max-shard-size=1700"))

    def verify(self, *arguments):
        return self.model("--verify", self.folder, "--max-shard-size=1700", *arguments)

    def differs(self, message, done):
        self.assertEqual(done.returncode, DIFFERS, done.stderr)
        self.assertRegex(done.stdout.decode(), message)

    def test_the_same(self):
        done = self.verify()
        self.succeeds(done)
        self.assertEqual(done.stdout.decode(), f"{self.folder} has exactly the model\n")
        self.assertFalse(self.verify("-q").stdout)

    def test_another_seed(self):
        self.differs("differs at byte .*, in element 0 of embed.weight: ",
                     self.verify("--seed=8"))

    def test_a_wrong_bit(self):
        path = min(self.folder.glob("model-00002-of-*"))
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        self.differs(rf"{path.name} differs at byte \d+, in element \d+ of layers\.",
                     self.verify())
        data[-1] ^= 1
        data[9] ^= 1
        path.write_bytes(data)
        self.differs("in the header", self.verify())

    def test_a_file_too_short_or_long_or_missing(self):
        path = self.folder / "model.safetensors.index.json"
        data = path.read_bytes()
        path.write_bytes(data[:-1])
        self.differs("the file ends there", self.verify())
        path.write_bytes(data + b" ")
        self.differs("is longer than", self.verify())
        path.unlink()
        self.differs("is missing", self.verify())

    def test_all_that_differs(self):
        """Each file that has to be fetched again, and one that loaders would take as well."""
        paths = sorted(self.folder.glob("model-*"))
        self.assertGreater(len(paths), 2)
        with open(paths[0], "ab") as file:
            file.write(b"x")
        paths[1].unlink()
        other = self.folder / "model-00009-of-00009.safetensors"
        other.touch()
        done = self.verify()
        self.assertEqual(done.returncode, DIFFERS, done.stderr)
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 3, lines)
        for line, (path, message) in zip(lines, ((paths[0], "is longer than"),
                                                 (paths[1], "is missing"),
                                                 (other, "not one of this model's files"))):
            self.assertRegex(line, rf"{path.name}.*{message}")

    def test_another_file(self):
        """An index that was left would send loaders to other files."""
        folder = self.folder.with_name("one")
        self.succeeds(self.model("-o", folder))
        (folder / "model.safetensors.index.json").write_text("{}")
        self.differs("model.safetensors.index.json, which is not", self.model("--verify", folder))
        (folder / "model.safetensors.index.json").unlink()
        (folder / "tokenizer.model").touch()
        self.succeeds(self.model("--verify", folder))

    def test_no_folder(self):
        done = self.model("--verify", self.folder.with_name("none"))
        self.assertEqual(done.returncode, 74, done.stdout)
        self.assertIn(b"none: No such file", done.stderr)

    def test_digests(self):
        done = self.model("--digests", "--max-shard-size=1700")
        self.succeeds(done)
        want = {name: hashlib.sha256(data).hexdigest() for name, data in self.files().items()}
        lines = [line.split("  ") for line in done.stdout.decode().splitlines()]
        self.assertEqual({name: digest for digest, name in lines}, want)
        check = subprocess.run(["sha256sum", "-c"], input=done.stdout, cwd=self.folder,
                               capture_output=True)
        self.assertEqual(check.returncode, 0, check.stderr)

    def test_digests_of_what_is_written(self):
        done = self.model("-o", self.scratch / "x.safetensors", "--digests")
        self.succeeds(done)
        digest = hashlib.sha256((self.scratch / "x.safetensors").read_bytes()).hexdigest()
        self.assertEqual(done.stdout.decode(), f"{digest}  {self.scratch}/x.safetensors\n")

    def test_digest_of_a_name_that_sha256sum_quotes(self):
        done = self.model("-o", self.scratch / "a\n\\b.safetensors", "--digests")
        self.succeeds(done)
        expected = subprocess.run(["sha256sum", self.scratch / "a\n\\b.safetensors"],
                                  capture_output=True, check=True)
        self.assertEqual(done.stdout, expected.stdout)


class Shapes(Model):
    def test_of_a_checkpoint(self):
        """The same files from a checkpoint's own names and shapes."""
        self.write(SMALL | {"max_shard_size": 1700})
        self.succeeds(self.model("-o", self.folder))
        plain = {"seed": 7, "max_shard_size": 1700, "rules": SMALL["rules"]}
        self.write(plain)
        index = self.folder / "model.safetensors.index.json"
        for checkpoint in (self.folder, index):
            out = self.scratch / f"of-{checkpoint.name}"
            self.succeeds(self.model("--shapes", checkpoint, "-o", out))
            # 'head.weight' has the name of its own stream here
            first = min(self.folder.glob("model-00001-of-*"))
            self.assertEqual((out / first.name).read_bytes(), first.read_bytes())
            self.assertEqual((out / index.name).read_bytes(), index.read_bytes())

    def test_of_a_file(self):
        self.write(SMALL)
        file = self.scratch / "one.safetensors"
        self.succeeds(self.model("-o", file))
        self.write({"rules": SMALL["rules"]})
        done = self.model("--shapes", file, "--check")
        self.succeeds(done)
        self.assertIn("17 tensors, 3955 parameters", done.stdout.decode())

    def test_what_is_no_checkpoint(self):
        self.write({"rules": SMALL["rules"]})
        bad = self.scratch / "bad.safetensors"
        for data, message in ((b"", "not a safetensors file"),
                              (b"\xff" * 100, "not a safetensors file"),
                              ((100).to_bytes(8, "little") + b"{}", "it ends in its header"),
                              ((2).to_bytes(8, "little") + b"[]", "the header is not a JSON"),
                              ((2).to_bytes(8, "little") + b"{}", "the checkpoint has no tensors"),
                              ((36).to_bytes(8, "little") + b'{"a": {"dtype": "F9", "shape": [2]}}',
                               "in the checkpoint: tensor 'a': dtype does not take 'F9'")):
            with self.subTest(data=data[:20]):
                bad.write_bytes(data)
                done = self.model("--shapes", bad, "--check")
                self.assertNotEqual(done.returncode, OK)
                self.assertIn(message, done.stderr.decode())
        index = self.scratch / "i.json"
        index.write_text('{"weight_map": {"a": "../x"}}')
        self.fails(USAGE, "is not the name of a file", self.model("--shapes", index, "--check"))
        self.fails(IO_ERROR, "has neither", self.model("--shapes", self.scratch, "--check"))


class Usage(Model):
    def test_errors_name_file_and_line(self):
        self.manifest.write_text('{"tensors": {"a": [1]},\n"rules": [["*", "scheme=norml"]]}')
        self.fails(USAGE, "manifest.json: line 2: tensor 'a', rule 1 .*did you mean",
                   self.model("--check"))

    def test_one_of_the_outputs(self):
        self.write(SMALL)
        for arguments in ((), ("--check", "--digests"), ("-o", "x", "--check"),
                          ("--verify", "x", "-o", "y")):
            self.fails(USAGE, "needs one of", self.model(*arguments))
        self.fails(USAGE, "needs a MANIFEST", support.tensorinit("model", "--check"))
        self.fails(USAGE, "writes to a folder or a file", self.model("-o", "-"))
        self.fails(USAGE, "--max-shard-size is for a folder",
                   self.model("-o", "x.safetensors", "--max-shard-size=1GB"))
        self.fails(USAGE, "--dtype: dtype does not take", self.model("--check", "--dtype=f31"))
        self.fails(USAGE, "model has no such option", self.model("--check", "--shape=3"))
        self.fails(USAGE, "only: 'nothing' matches no tensor",
                   self.model("--check", "--only=nothing"))
        self.fails(USAGE, "only: pattern 'h.{0..3}.\\*': ",
                   self.model("--check", "--only=h.{0..3}.*"))

    def test_standard_input(self):
        done = subprocess.run([support.daemon.COMMAND, "model", "-", "--check"],
                              input=json.dumps(SMALL).encode(), capture_output=True)
        self.assertEqual(done.returncode, OK, done.stderr)

    def test_files_of_another_model_are_not_mixed(self):
        self.write(SMALL)
        self.folder.mkdir()
        (self.folder / "config.json").write_text("{}")
        (self.folder / "model-00001-of-00002.safetensors").write_text("")
        self.fails(IO_ERROR, "has model-00001-of-00002.safetensors, which is not one of",
                   self.model("-o", self.folder))
        (self.folder / "model-00001-of-00002.safetensors").unlink()
        self.succeeds(self.model("-o", self.folder))
        self.succeeds(self.model("-o", self.folder))

    def test_the_disk_is_full(self):
        """Nothing is left of a file that could not be written."""
        self.write(SMALL)
        self.folder.mkdir()
        def limit():
            support.limit_file(1000)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        done = self.model("-o", self.folder, preexec_fn=limit, restore_signals=False)
        self.assertNotEqual(done.returncode, OK)
        self.assertEqual(os.listdir(self.folder), [])
        self.write({"tensors": {"a{0..9}": [1000, 1000]}, "rules": [["*", "scheme=normal"]]})
        def limit_later():
            support.limit_file(20 << 20)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with tempfile.TemporaryDirectory(dir=MEMORY) as memory:
            done = self.model("-o", memory, "--threads", "4", preexec_fn=limit_later,
                              restore_signals=False)
            self.fails(IO_ERROR, "cannot write .*File too large", done)
            self.assertEqual(done.stderr.count(b"cannot write"), 1)
            self.assertEqual(os.listdir(memory), [])
        self.write({"tensors": {"a{0..9}": [2**50]}, "rules": [["*", "scheme=zeros"]]})
        self.fails(IO_ERROR, "it needs .* more, the disk has", self.model("-o", self.folder))
        self.assertEqual(os.listdir(self.folder), [])

    def test_progress(self):
        self.write({"tensors": {"a": [3000, 1000]}, "rules": [["*", "scheme=normal"]]})
        done = self.model("-o", self.folder, "--progress=json")
        self.succeeds(done)
        last = json.loads(done.stderr.decode().splitlines()[-1])
        self.assertTrue(last["done"])
        self.assertEqual(last["bytes"], (self.folder / "model.safetensors").stat().st_size)

    def test_warnings(self):
        self.write({"tensors": {"a": [3]}, "dtype": "f16",
                    "rules": [["*", "scheme=normal&std=1e-7"]]})
        done = self.model("--check")
        self.succeeds(done)
        self.assertIn("tensorinit: note: a: dtype: ", done.stderr.decode())
        self.assertFalse(self.model("--check", "-q").stderr)


if __name__ == "__main__":
    unittest.main()
