# SPDX-License-Identifier: MIT
"""safetensors files: by the format's rules, byte for byte as its library writes them, and
as a parser from npm reads them over HTTP.

The rules are those of safetensors' README and of its reader, safetensors/src/tensor.rs.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess

from support import (DTYPES, FLOATS, REQUIRE_ALL, Case, daemon, need, program,
                     random_tensor, target, tensors)

HERE = pathlib.Path(__file__).resolve().parent
ITEM_BYTES = {dtype.safetensors: dtype.item_bytes for dtype in DTYPES.values()}
NAMES = ["", "model.layers.0.mlp.weight", "a b/c+d%&=", 'quo"te\\', "\x01\x1f\x7f\b\f\n\r\t",
         "權重💡", "x" * 1024, "x" * 1023, "x" * 1022, "</script>"]


def no_duplicates(pairs):
    made = dict(pairs)
    assert len(made) == len(pairs), "a name is there twice"
    return made


def parse(file):
    """{name: (dtype, shape, bytes)} and metadata of a file that keeps every rule."""
    (length,) = struct.unpack("<Q", file[:8])
    assert length <= 100_000_000 and 8 + length <= len(file)
    text = file[8:8 + length].decode("utf-8")
    assert text.startswith("{")
    header = json.loads(text, object_pairs_hook=no_duplicates)
    metadata = header.pop("__metadata__", {})
    assert all(type(item) is str for pair in metadata.items() for item in pair)
    data, found, end = file[8 + length:], {}, 0
    for name, info in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        assert set(info) == {"dtype", "shape", "data_offsets"}
        first, last = info["data_offsets"]
        count = 1
        for dim in info["shape"]:
            assert type(dim) is int and dim >= 0
            count *= dim
        assert first == end, "a hole or an overlap"
        assert last - first == count * ITEM_BYTES[info["dtype"]]
        found[name] = (info["dtype"], info["shape"], data[first:last])
        end = last
    assert end == len(data), "more than the tensors, or less"
    assert (8 + length) % 8 == 0, "data not aligned"
    return found, metadata


def canonical(name, dtype, shape, data):
    """The file that the library's writer makes: metadata first, no white space in the JSON,
    spaces at its end up to a multiple of 8."""
    header = {"__metadata__": {"format": "pt"},
              name: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def all_tensors():
    yield from tensors()
    for name in NAMES:
        yield random_tensor("bf16", name=name, shape="3,5")


class Safetensors(Case):
    def test_rules_and_canonical_bytes(self):
        for tensor in all_tensors():
            with self.subTest(**tensor):
                file = self.get(tensor, format="safetensors")
                raw = self.raw(tensor)
                name = tensor.get("name") or "tensor"
                dtype = DTYPES[tensor["dtype"]].safetensors
                found, metadata = parse(file)
                self.assertEqual(found, {name: (dtype, list(raw.shape), raw.tobytes())})
                self.assertEqual(metadata, {"format": "pt"})
                self.assertEqual(file, canonical(name, dtype, list(raw.shape), raw.tobytes()))

    def test_parts(self):
        for dtype in FLOATS:
            tensor = random_tensor(dtype, shape="6,5", slice="1:,::-2", permute="1,0")
            raw = self.raw(tensor)
            found, _ = parse(self.get(tensor, format="safetensors"))
            self.assertEqual(found["w"], (DTYPES[dtype].safetensors, list(raw.shape), raw.tobytes()))

    def test_metadata_says_what_the_file_is(self):
        for name in NAMES:
            for part in ({}, {"permute": "1,0", "slice": "1:,::-2"}, {"shard": "0:1/2"}):
                tensor = random_tensor("f32", name=name, shape="6,5")
                file = self.get({**tensor, **part}, format="safetensors", metadata="full")
                found, metadata = parse(file)
                self.assertEqual(list(metadata), ["format", "spec", "query", "full_query"])
                self.assertEqual(metadata["format"], "pt")
                # Both queries ask for a file: this one, and the one of the full tensor.
                self.assertEqual(self.server.get("/v1/tensor?" + metadata["query"])[0], file)
                full = self.get(tensor, format="safetensors", metadata="full")
                self.assertEqual(self.server.get("/v1/tensor?" + metadata["full_query"])[0], full)
                self.assertEqual(parse(full)[1]["query"], metadata["full_query"])
                self.assertEqual(parse(self.get({**tensor, **part}, format="safetensors"))[0], found)

    def test_parser_from_npm(self):
        entry = installed_parser()
        requested = [*all_tensors(), random_tensor("f32", shape="65536,16384")]
        targets = [target({**tensor, "format": "safetensors"}) for tensor in requested]
        done = subprocess.run(
            [os.environ["NODE"], HERE / "hub.mjs", entry.as_uri(), self.server.url],
            input="\n".join(targets) + "\n", capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(found), len(requested))
        for tensor, response in zip(requested, found):
            with self.subTest(**tensor):
                self.assertEqual(set(response["statuses"]), {206})
                header = response["header"]
                self.assertEqual(header.pop("__metadata__"), {"format": "pt"})
                (name, info), = header.items()
                self.assertEqual(name, tensor.get("name") or "tensor")
                self.assertEqual(info["dtype"], DTYPES[tensor["dtype"]].safetensors)
                dims = tensor["shape"].replace("scalar", "")
                self.assertEqual(info["shape"], [int(dim) for dim in dims.split(",") if dim])


def installed_parser():
    """Entry of the package that package.json names; installed if all is required."""
    need(os.environ.get("NODE"), "node")
    folder = daemon.BUILD / "interop"
    wanted = (HERE / "package.json").read_text()
    manifest = folder / "package.json"
    modules = folder / "node_modules"
    done = folder / "installed"
    if not (done.exists() and manifest.read_text() == wanted):
        need(REQUIRE_ALL, "parser from npm, which is installed only with REQUIRE_ALL=1")
        npm = program("npm")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        manifest.write_text(wanted)
        subprocess.run([npm, "install", "--ignore-scripts", "--no-audit", "--no-fund"],
                       cwd=folder, check=True, timeout=300)
        done.touch()
    return modules / "@huggingface/hub/dist/index.mjs"
