# SPDX-License-Identifier: MIT
"""
tensorinit model --server: the files of a daemon are those that the command writes itself, also
when servers are killed, connections break and bits are flipped; never wrong ones under their
names.
"""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import support
from support import IO_ERROR, MISMATCH, UNAVAILABLE, USAGE, daemon, fault_proxy, with_jobs

Fault = fault_proxy.Fault

# Several files by size; one of them is large enough to be fetched in ranges.
MANIFEST = {
    "description": "for a test", "seed": 7, "dtype": "bf16", "max_shard_size": "20MB",
    "tensors": {"embed.weight": [500, 16],
                "layers.{0..2}.{q,k}.weight": [64, 64],
                "layers.{0..2}.norm.weight": {"shape": [64], "dtype": "F32"},
                "layers.{0..2}.norm.steps": [],
                "large.weight": [3000, 4001],
                "head.weight": {"shape": [500, 16], "name": "embed.weight"}},
    "rules": [["*norm.weight", "scheme=ones"], ["*.steps", "scheme=zeros&dtype=i64"],
              ["*.k.*", "scheme=orthogonal"], ["*", "scheme=normal&std=0.02"]]}
LARGE = "model-00001-of-00002.safetensors"
SMALL = "model-00002-of-00002.safetensors"
INDEX = "model.safetensors.index.json"
LARGE_BYTES = 3000 * 4001 * 2


class Model(support.Case):
    """A daemon has the manifest as 'own'; here it is a file."""

    @classmethod
    def setUpClass(cls):
        shared = tempfile.TemporaryDirectory()
        cls.addClassCleanup(shared.cleanup)
        cls.models = pathlib.Path(shared.name) / "models"
        cls.manifest = cls.models / "own/manifest.json"
        cls.manifest.parent.mkdir(parents=True)
        cls.manifest.write_text(json.dumps(MANIFEST, indent=1))
        cls.local = pathlib.Path(shared.name) / "local"
        subprocess.run([daemon.COMMAND, "model", cls.manifest, "-o", cls.local], check=True)
        running = daemon.running("--models", cls.models)
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        self.folder = self.scratch / "out"

    def relay(self, faults, port=None):
        running = fault_proxy.running(daemon.Server(port or self.server.port), faults)
        proxy = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        return proxy

    def fetch(self, *arguments, server=None, model="own", **options):
        return support.tensorinit("model", model, "--server", server or self.server.url,
                                  *with_jobs(arguments), cwd=self.scratch, **options)

    def start(self, *servers, options=()):
        process = subprocess.Popen(
            [daemon.COMMAND, "model", "own", *(f"--server={url}" for url in servers),
             *with_jobs(options), "-o", self.folder], cwd=self.scratch, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def is_complete(self, expected=None):
        expected = expected or self.local
        self.assertEqual(sorted(os.listdir(self.folder)), sorted(os.listdir(expected)))
        for path in self.folder.iterdir():
            self.assertTrue(path.read_bytes() == (expected / path.name).read_bytes(), path.name)

    def wait_for_part(self, process, done_bytes):
        """Until the state says that so much of the large file is there."""
        state = self.folder / f"{LARGE}.part.json"
        while True:
            self.assertIsNone(process.poll())
            try:
                done = json.loads(state.read_text())["done"]
                if sum(end - first for first, end in done) >= done_bytes:
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.005)


class Files(Model):
    def test_of_a_name_and_of_a_manifest(self):
        for model in "own", self.manifest, self.manifest.parent:
            for verify in (), ("--verify", "out"):
                with self.subTest(model=model, verify=verify):
                    done = self.fetch("-o", "out", *verify, model=model)
                    self.succeeds(done)
                    self.assertEqual((done.stdout, done.stderr), (b"", b""))
                    self.is_complete()

    def test_options_are_those_of_the_command(self):
        """Also those that say what the manifest says anyway, which a server's URLs leave out."""
        for number, options in enumerate((
                ("--seed=-1",), ("--dtype=bf16",), ("--dtype=f32", "--seed=0x10"),
                ("--max-shard-size=20MB",), ("--max-shard-size=5MB", "--dtype=f16"),
                ("--max-shard-size=1TB",))):
            with self.subTest(options=options):
                want, self.folder = self.scratch / f"want{number}", self.scratch / f"{number}"
                self.succeeds(support.tensorinit("model", self.manifest, "-o", want, *options))
                self.succeeds(self.fetch("-o", self.folder, *options))
                self.is_complete(want)

    def test_f32_in_a_manifest_without_dtype(self):
        """That is its own dtype, unless a checkpoint's tensors have others."""
        manifest = self.scratch / "plain.json"
        manifest.write_text('{"tensors": {"a": [3]}, "rules": [["*", "scheme=normal"]]}')
        self.succeeds(self.fetch("-o", "out", "--dtype=f32", model=manifest))
        self.succeeds(support.tensorinit("model", manifest, "--verify", self.folder))

    def test_one_file(self):
        for options in (), ("--dtype=f16", "--seed=3"):
            for model in "own", self.manifest:
                target, want = self.scratch / "a.safetensors", self.scratch / "b.safetensors"
                self.succeeds(self.fetch("-o", target, *options, model=model))
                self.succeeds(support.tensorinit("model", self.manifest, "-o", want, *options))
                self.assertTrue(target.read_bytes() == want.read_bytes())

    def test_a_model_of_the_server_without_its_files(self):
        done = self.fetch("--check")
        self.succeeds(done)
        self.assertIn(b"15 tensors, ", done.stdout)
        done = self.fetch("--verify", self.local)
        self.succeeds(done)
        self.assertEqual(self.fetch("--digests").stdout, support.tensorinit(
            "model", self.manifest, "--digests").stdout)

    def test_a_folder_of_that_name(self):
        """It has the files, and no manifest: the name is still the model's."""
        self.folder = self.scratch / "own"
        for _ in range(2):
            self.succeeds(self.fetch("-o", "own"))
            self.is_complete()

    def test_below_a_path(self):
        with daemon.running("--models", self.models, "--base-path", "/tensors") as server:
            proxy = self.relay(lambda number: Fault(replace=(" /tensors/", " /")), server.port)
            self.succeeds(self.fetch("-o", "out", server=f"{proxy.url}/tensors",
                                     model=self.manifest))
        self.is_complete()

    def test_progress(self):
        done = self.fetch("-o", "out", "--progress=json")
        self.succeeds(done)
        last = json.loads(done.stderr.decode().splitlines()[-1])
        total = sum(path.stat().st_size for path in self.local.iterdir())
        self.assertEqual((last["done"], last["bytes"], last["total_bytes"]), (True, total, total))


class Servers(Model):
    def test_in_parallel(self):
        """A large file comes in ranges, from all servers."""
        proxies = [self.relay(()) for _ in range(2)]
        self.succeeds(self.fetch(f"--server={proxies[1].url}", "-j4", "-o", "out",
                                 server=proxies[0].url))
        self.is_complete()
        for proxy in proxies:
            ranges = [head for head in proxy.requests if "Range: " in head]
            self.assertGreater(len(ranges), 0)
            self.assertTrue(all(f"/{LARGE} " in head and "If-Range: " in head for head in ranges))

    def test_one_is_killed(self):
        process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0",
                                "--models", self.models])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        paced = [self.relay(lambda number: Fault(pace=0.005), port)
                 for port in (daemon.listening_port(process), self.server.port)]
        command = self.start(*(proxy.url for proxy in paced))
        self.wait_for_part(command, LARGE_BYTES // 4)
        process.kill()
        self.assertEqual(command.wait(60), 0)
        self.is_complete()

    def test_breaks_and_failures(self):
        faults = {0: Fault(cut=100), 2: Fault(status=503, fields=("Retry-After: 0",)),
                  3: Fault(cut=5_000_000), 4: Fault(cut=0), 5: Fault(cut=99, reset=True)}
        proxy = self.relay(faults.get)
        done = self.fetch("-o", "out", server=proxy.url)
        self.succeeds(done)
        self.assertIn(b"trying again", done.stderr)
        self.is_complete()

    def test_another_model(self):
        """A server that has another manifest by that name, or other files."""
        proxy = self.relay(lambda number: Fault(replace=("/seed-7/", "/seed-8/")))
        done = self.fetch("-o", "out", server=proxy.url)
        self.assertEqual(done.returncode, MISMATCH)
        self.assertIn(b"the response's ETag is ", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_another_length(self):
        """The entity tag is right; the file is a byte shorter, as a server or proxy says."""
        done = self.fetch("-o", "out", "-j1", server=self.relay({2: Fault(length=-1)}.get).url)
        size = (self.local / SMALL).stat().st_size
        self.fails(MISMATCH, f"{SMALL} has {size - 1} bytes, expected {size}", done)
        self.assertEqual(os.listdir(self.folder), [LARGE])

    def test_there_is_none(self):
        self.fails(UNAVAILABLE, "There is no model of that name", self.fetch(
            "-o", "out", model="other"))
        self.fails(UNAVAILABLE, "cannot be reached", self.fetch(
            "-o", "out", "--retry-for=0", server="http://127.0.0.1:1"))
        self.fails(USAGE, "neither a manifest here nor the name", self.fetch(
            "-o", "out", model="a b"))
        many = self.scratch / "many.json"
        many.write_text(json.dumps({"tensors": {f"{i * 7919 % 100003}{i}": [1] for i in range(9999)},
                                    "rules": [["*", "scheme=normal"]]}))
        self.fails(UNAVAILABLE, "--models serves ", self.fetch("-o", "out", model=many))
        self.assertFalse(self.folder.exists() and os.listdir(self.folder))


class Resume(Model):
    def half(self):
        """Killed in the middle of the large file."""
        proxy = self.relay(lambda number: Fault(stall=LARGE_BYTES // 2) if number else None)
        process = self.start(proxy.url, options=("-j1",))
        self.wait_for_part(process, LARGE_BYTES // 2 - (9 << 20))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertEqual(sorted(os.listdir(self.folder)), [f"{LARGE}.part", f"{LARGE}.part.json"])

    def test_killed_and_continued(self):
        self.half()
        proxy = self.relay(())
        self.succeeds(self.fetch("-o", "out", "--continue", server=proxy.url))
        self.is_complete()
        self.assertLess(proxy.body_bytes, LARGE_BYTES // 2 + (14 << 20))

    def test_complete_files_are_not_fetched_again(self):
        self.succeeds(self.fetch("-o", "out"))
        (self.folder / SMALL).unlink()
        proxy = self.relay(())
        done = self.fetch("-o", "out", "-c", "--progress=json", server=proxy.url)
        self.succeeds(done)
        self.is_complete()
        self.assertEqual(len(proxy.requests), 2)
        self.assertIn(b'"done":true', done.stderr)

    def test_what_is_there_is_of_another_model(self):
        self.succeeds(self.fetch("-o", "out", "--seed=8"))
        self.fails(MISMATCH, "differs from the model at byte .* without --continue",
                   self.fetch("-o", "out", "-c"))
        with open(self.folder / LARGE, "ab") as file:
            file.write(b"x")
        self.fails(MISMATCH, rf"{LARGE} is of \d+ bytes, the model has \d+: remove it",
                   self.fetch("-o", "out", "-c"))
        self.succeeds(self.fetch("-o", "out"))
        self.is_complete()

    def test_part_of_another_model(self):
        self.half()
        self.fails(MISMATCH, f"{LARGE}.part is of another model", self.fetch(
            "-o", "out", "-c", "--seed=8"))
        self.assertTrue((self.folder / f"{LARGE}.part.json").exists())

    def test_part_is_damaged(self):
        self.half()
        with open(self.folder / f"{LARGE}.part", "r+b") as part:
            part.seek(10)
            part.write(b"????")
        self.fails(MISMATCH, "part differs from the model at byte 1[0-3]: ", self.fetch(
            "-o", "out", "-c"))


class Verify(Model):
    def test_flipped_bits(self):
        """In each file, in header, tensor and a factorization's tensor; and nothing is left."""
        small = (self.local / SMALL).read_bytes()
        header = 8 + int.from_bytes(small[:8], "little")
        entries = json.loads(small[8:header])
        first, _ = entries["layers.1.k.weight"]["data_offsets"]
        for number, at, place in ((1, 0, "in the header"),
                                  (1, 20_000_000, r"in element \d+ of large.weight"),
                                  (2, header + first + 2 * 9, "in element 9 of layers.1.k.weight")):
            with self.subTest(at=at):
                faults = {number: Fault(flip=at)}
                done = self.fetch("-o", "out", "-j1", "--verify=out",
                                  server=self.relay(faults.get).url)
                self.assertEqual(done.returncode, MISMATCH, done.stderr)
                self.assertRegex(done.stderr.decode(), rf"--verify: .*{[LARGE, SMALL][number - 1]}"
                                 rf".part differs at byte {at}, {place}: 0x")
                self.assertEqual(os.listdir(self.folder), [LARGE] if number == 2 else [])
        self.succeeds(self.fetch("-o", "out", "--verify=out", "--continue"))
        self.is_complete()

    def test_flipped_bit_in_an_earlier_part(self):
        """What an earlier command has fetched without --verify is compared as well."""
        proxy = self.relay(lambda number: Fault(stall=LARGE_BYTES // 2, flip=5000) if number
                           else None)
        process = self.start(proxy.url, options=("-j1",))
        self.wait_for_part(process, 1)
        process.kill()
        process.wait()
        done = self.fetch("-o", "out", "-c", "--verify=out")
        self.assertEqual(done.returncode, MISMATCH)
        self.assertIn(b"differs at byte 5000, ", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])


class Usage(Model):
    def test_what_does_not_go_together(self):
        for options, message in (
                (("-o", "x", "--only=a"), "--only: a server has"),
                (("-o", "x", f"--shapes={self.local}"), "--shapes: a server has"),
                (("-o", "x", "--digests"), "--digests: with --server"),
                (("-o", "x", "--verify=y"), "--verify: with --server and -o it is what -o is"),
                (("--check", "-c"), "--continue needs -o"),
                ((), "needs one of"), (("-o", "-"), "writes to a folder or a file"),
                (("-o", "x", "--jobs=0"), "--jobs: .* from 1 to 64"),
                (("-o", "x", "--timeout=x"), "--timeout: 'x'")):
            self.fails(USAGE, message, self.fetch(*options))
        self.fails(USAGE, "with a manifest that is here it is for -o", self.fetch(
            "--check", model=self.manifest))
        self.fails(USAGE, "not the URL of a server", self.fetch("-o", "x", server="nonsense"))
        for option in ("--continue", "--ca-file=x", "--token-file=x", "--header=a: b", "--jobs=2",
                       "--retry-for=1", "--timeout=1", "--connect-timeout=1"):
            self.fails(USAGE, f"{option.partition('=')[0]} is for files that --server has",
                       support.tensorinit("model", self.manifest, option, "-o", self.folder))
        self.assertEqual(os.listdir(self.scratch), [])

    def test_time(self):
        proxy = self.relay(lambda number: Fault(stall=1 << 20) if number else None)
        started = time.monotonic()
        self.fails(UNAVAILABLE, "not ended in time", self.fetch(
            "-o", "out", "--timeout=0.5", "-q", server=proxy.url))
        self.assertLess(time.monotonic() - started, 8)

    def test_errors_of_a_manifest_come_before_the_server(self):
        bad = self.scratch / "bad.json"
        bad.write_text('{"tensors": {"a": [1]},\n"rules": [["*", "scheme=norml"]]}')
        self.fails(USAGE, "bad.json: line 2: ", self.fetch(
            "-o", "out", model=bad, server="http://127.0.0.1:1"))

    def test_files_of_another_model_are_not_mixed(self):
        self.folder.mkdir()
        (self.folder / "model.safetensors").write_text("")
        self.fails(IO_ERROR, "has model.safetensors, which is not one of", self.fetch("-o", "out"))
