# SPDX-License-Identifier: MIT
"""verify, digest, plan, stats and schemes."""
import hashlib
import json
import os
import pty
import subprocess

from support import (DIFFERS, IO_ERROR, MISMATCH, OK, SMALL, USAGE, Case, daemon, generate, raw,
                     shown_on, tensorinit)


class Verbs(Case):
    """They compute locally, like generate; the values are tested with the library."""

    def test_digest(self):
        for arguments in (SMALL, (*SMALL, "--format=npy"), (*SMALL, "--format", "json")):
            done = tensorinit("digest", *arguments)
            self.assertEqual((done.returncode, done.stderr), (OK, b""))
            self.assertEqual(done.stdout.decode(),
                             hashlib.sha256(raw(*arguments)).hexdigest() + "  -\n")

    def verify(self, content, *arguments, name="w.bin"):
        path = self.scratch / name
        path.write_bytes(content)
        return tensorinit("verify", *SMALL, path, *arguments)

    def test_verify_finds_it_equal(self):
        for name in ("w.bin", "w.npy", "w.safetensors", "w.json"):
            path = self.scratch / name
            self.succeeds(generate(*SMALL, "-o", path))
            done = tensorinit("verify", *SMALL, path)
            self.assertEqual((done.returncode, done.stderr), (OK, b""))
            self.assertIn(b"is exactly", done.stdout)
            self.assertEqual(tensorinit("verify", "-q", path, *SMALL).stdout, b"")

    def test_verify_finds_the_difference(self):
        def changed(content, at):
            """One bit is different."""
            content = bytearray(content)
            content[at] ^= 1
            return content
        right = {name: raw(*SMALL, "--format", name)
                 for name in ("raw", "npy", "safetensors", "json")}
        header = len(right["npy"]) - 60
        cases = [(changed(right["raw"], 0), "w.bin", "byte 0, in element 0: "),
                 (changed(right["raw"], 30), "w.bin", "byte 30, in element 7: "),
                 (changed(right["raw"], 59), "w.bin", "byte 59, in element 14: "),
                 (right["raw"][:-1], "w.bin", "byte 59, in element 14: .*ends"),
                 (b"", "w.bin", "byte 0, in element 0: .*ends"),
                 (right["raw"] + b"x", "w.bin", "longer than the tensor, .* 60 bytes"),
                 (changed(right["npy"], 3), "w.npy", "byte 3, in the header: "),
                 (changed(right["npy"], header - 1), "w.npy",
                  f"byte {header - 1}, in the header: "),
                 (changed(right["npy"], header), "w.npy",
                  f"byte {header}, in element 0: "),
                 (right["npy"][:3], "w.npy", "byte 3, in the header: .*ends"),
                 (right["raw"], "w.npy", "byte 0, in the header: "),
                 (changed(right["safetensors"], -1), "w.safetensors", "in element 14: "),
                 (changed(right["json"], 1), "w.json", "byte 1: "),
                 (right["json"][:-1], "w.json",
                  f"byte {len(right['json']) - 1}: .*ends"),
                 (right["json"] + b" ", "w.json", "longer than the tensor")]
        for content, name, message in cases:
            with self.subTest(name=name, message=message):
                done = self.verify(content, name=name)
                self.assertEqual((done.returncode, done.stderr), (DIFFERS, b""))
                self.assertRegex(done.stdout.decode(), f"^\\S+{name} .*{message}")

    def test_verify_needs_no_parameters(self):
        """The file says which tensor it has, and another one does not get through."""
        paths = []
        for number, tensor in enumerate((SMALL, ("--shape=40,9", "--dtype=bf16", "--name=%&=",
                                                 "--scheme=normal", "--slice=1:,::2"))):
            paths.append(self.scratch / f"{number}.any")
            paths[-1].write_bytes(raw(*tensor, "--format=safetensors", "--metadata=full"))
        done = tensorinit("verify", *paths)
        self.succeeds(done)
        self.assertEqual(done.stdout.count(b" is exactly the tensor\n"), 2)
        self.fails(IO_ERROR, "cannot read .*: Is a directory", tensorinit("verify", self.scratch))
        good = paths[0].read_bytes()
        for wrong, code in ((good[:-1] + bytes([good[-1] ^ 1]), DIFFERS),
                            (good + b"x", DIFFERS), (good[:-1], DIFFERS),
                            (good.replace(b"name=a&", b"name=b&"), DIFFERS),
                            (good.replace(b"shape=3,5", b"shape=5,3"), DIFFERS),
                            (good.replace(b"shape=3,5", b"shape=3;5"), MISMATCH),
                            (good.replace(b"1-draft", b"2-draft"), MISMATCH),
                            (good[:40], USAGE), (b"", USAGE), (b"\xff" * 99, USAGE),
                            (raw(*SMALL, "--format=npy"), USAGE),
                            (raw(*SMALL, "--format=safetensors"), USAGE)):
            paths[0].write_bytes(wrong)
            done = tensorinit("verify", *paths)
            self.assertEqual(done.returncode, code, (wrong[:300], done))
            self.assertIn(b"1.any is exactly the tensor\n", done.stdout)
        self.fails(USAGE, "verify one FILE", tensorinit("verify", *SMALL, *paths))

    def test_verify_names_shape_and_dtype(self):
        for name in "npy", "safetensors":
            for written, wanted, message in (
                    ("--shape=5,3", "--shape=3,5", "shape 5,3, expected 3,5"),
                    ("--shape=5", "--shape=scalar", "shape 5, expected scalar"),
                    ("--dtype=f64", "--dtype=f32", "dtype (<f8|F64), expected (<f4|F32)")):
                shape = () if "shape" in written else ("--shape=3,5",)
                path = self.scratch / f"w.{name}"
                path.write_bytes(raw(*shape, written, "--name=a", "--scheme=normal",
                                     f"--format={name}"))
                done = tensorinit("verify", *shape, wanted, "--name=a",
                                  "--scheme=normal", path)
                self.assertEqual(done.returncode, DIFFERS)
                self.assertRegex(done.stdout.decode(), f"w.{name} has the {message}\n")

    def test_verify_names_what_metadata_say(self):
        tensor = ("--shape=3,5", "--name=a", "--format=safetensors")
        full = ("--shape=3,5", "--name=b", "--format=safetensors", "--metadata=full")
        for written, wanted, message in (
                (full, tensor, "metadata full, expected none"),
                (tensor, full, "metadata none, expected full"),
                (full, (*full, "--seed=1"), "query shape=3,5&.*, expected shape=.*&seed=1")):
            path = self.scratch / "w.safetensors"
            path.write_bytes(raw(*written))
            done = tensorinit("verify", *wanted, path)
            self.assertEqual(done.returncode, DIFFERS)
            self.assertRegex(done.stdout.decode(), f"w.safetensors has the {message}")

    def test_verify_reads_standard_input(self):
        command = [daemon.COMMAND, "verify", *SMALL, "-"]
        for content, code in ((raw(*SMALL), OK), (b"x" * 60, DIFFERS)):
            done = subprocess.run(command, input=content, capture_output=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (code, b""))

    def test_verify_fails(self):
        self.fails(IO_ERROR, "No such file", tensorinit("verify", *SMALL, self.out))
        self.fails(IO_ERROR, "Is a directory", tensorinit("verify", *SMALL, self.scratch))
        self.fails(USAGE, "FILE", tensorinit("verify", *SMALL))
        self.fails(USAGE, "--shape", tensorinit("verify", "--shape=x", self.out))

    def test_plan(self):
        done = tensorinit("plan", "--shape=300,700", "--name=a", "--scheme=he")
        self.assertEqual((done.returncode, done.stderr), (OK, b""))
        plan = dict(line.split(None, 1) for line in done.stdout.decode().splitlines())
        self.assertEqual((plan["scheme"], plan["shape"], plan["fan_in"]),
                         ("he_normal", "300,700", "700"))
        self.assertAlmostEqual(float(plan["std"]), (2 / 700) ** 0.5, places=12)
        done = tensorinit("plan", "--shape=3,7", "--name=a", "--scheme=torch.kaiming_uniform_")
        lines = done.stdout.decode().splitlines()
        self.assertIn("framework_name torch.kaiming_uniform_", lines)
        self.assertIn("shape         3,7", lines)

    def test_numbers_are_the_shortest(self):
        """As /v1/plan and canonical queries spell them."""
        for std in ("0.1", "1e-07", "1e16", "0.30000000000000004"):
            tensor = ("--shape=2", "--scheme=normal", "--std", std, "--name=a")
            done = tensorinit("plan", *tensor)
            self.assertRegex(done.stdout.decode(), rf"(?m)^std +{std}$")
            self.assertIn(f"&std={std}\n", done.stdout.decode())
            done = tensorinit("stats", *tensor)
            self.assertRegex(done.stdout.decode(), rf"(?m)^std +\S+ +{std}$")

    def test_stats_of_patterns(self):
        for arguments in (["--shape=5,7", "--scheme=identity"],
                          ["--shape=4,3,3", "--scheme=torch.dirac_"],
                          ["--shape=9,7", "--scheme=sparse", "--sparsity=0.5", "--name=a"]):
            for verb in ("plan", "stats"):
                done = tensorinit(verb, *arguments)
                self.assertEqual((done.returncode, done.stderr), (OK, b""))
                self.assertNotIn(b"nan", done.stdout)

    def test_stats(self):
        done = tensorinit("stats", "--shape=300,700", "--name=a")
        self.assertEqual((done.returncode, done.stderr), (OK, b""))
        lines = done.stdout.decode().splitlines()
        rows = dict(line.split(None, 1) for line in lines if line)
        real, promised = map(float, rows["std"].split())
        self.assertAlmostEqual(promised, (2 / 700) ** 0.5, places=9)
        self.assertAlmostEqual(real / promised, 1, delta=0.01)
        self.assertEqual(rows["count"], "210000")

    def test_histogram_of_a_span_that_overflows(self):
        done = tensorinit("stats", "--shape=9999", "--name=a", "--dtype=f64",
                          "--scheme=normal", "--std=1.9e307")
        edges = [float(line.split()[0]) for line in done.stdout.decode().split("\n\n")[1].splitlines()]
        self.assertEqual(len(edges), 16)
        for low, high in zip(edges, edges[1:]):
            self.assertAlmostEqual((high - low) / 1.1875e307, 1, places=3)

    def test_schemes(self):
        done = tensorinit("schemes")
        self.assertEqual((done.returncode, done.stderr), (OK, b""))
        names = [line.split()[0] for line in done.stdout.decode().splitlines()]
        self.assertIn("he_normal", names)
        for name in names:
            done = tensorinit("schemes", name)
            self.succeeds(done)
            self.assertRegex(done.stdout.decode(), rf"^name +{name}\n")
        self.assertEqual(tensorinit("schemes", "he").stdout,
                         tensorinit("schemes", "he_normal").stdout)
        self.fails(USAGE, "nonesuch", tensorinit("schemes", "nonesuch"))

    def test_schemes_of_frameworks(self):
        for name in ("keras.HeNormal", "tf.keras.initializers.HeNormal"):
            done = tensorinit("schemes", name)
            self.assertEqual((done.returncode, done.stderr), (OK, b""))
            self.assertRegex(done.stdout.decode(), r"^name +keras.HeNormal\n[^$]*\nname +he_normal\n")
        self.fails(USAGE, "did you mean 'he_normal' or 'keras.HeNormal'",
                   tensorinit("schemes", "HeNormal"))

    def test_threads_change_no_byte(self):
        """Tensors of several chunks and tasks, the last of them not complete."""
        for more in (["--shape=1500,1001", "--name=a"],
                     ["--shape=700,1000", "--name=a", "--scheme=orthogonal"],
                     ["--shape=3000003", "--scheme=normal", "--dtype=bf16", "--format=npy"],
                     ["--shape=100001", "--scheme=normal", "--format=json"],
                     ["--shape=0", "--scheme=normal"]):
            path = self.scratch / "w"
            for verb in ("generate", "digest", "stats"):
                done = [tensorinit(verb, "-q", *more, f"--threads={n}") for n in (1, 2, 7)]
                self.succeeds(done[0])
                for other in done[1:]:
                    self.assertEqual((other.returncode, other.stdout), (OK, done[0].stdout))
                if verb == "generate":
                    path.write_bytes(done[0].stdout)
            for n in (1, 3):
                self.succeeds(tensorinit("verify", "-q", *more, f"--threads={n}", path))
            if len(content := bytearray(path.read_bytes())) > 1000:
                content[-999] ^= 1
                path.write_bytes(content)
                done = tensorinit("verify", "-q", *more, "--threads=3", path)
                self.assertEqual(done.returncode, DIFFERS)
                self.assertIn(f"byte {len(content) - 999}", done.stdout.decode())

    def test_wrong_threads(self):
        for value in ("0", "257", "x", "", "-1", "1.5"):
            self.fails(USAGE, "--threads: .*a number from 1 to 256",
                       tensorinit("digest", *SMALL, f"--threads={value}"))
        self.fails(USAGE, "--threads", tensorinit("plan", *SMALL, "--threads=1"))

    def test_digest_is_a_line_of_sha256sum(self):
        """With the name of --as, whose extension is the format as it is for -o."""
        for name in ("w.bin", "w.npy", "a b*.npy", "back\\slash", "new\nline", "re\rturn"):
            out = self.scratch / name
            self.succeeds(generate(*SMALL, "-o", out))
            done = tensorinit("digest", *SMALL, "--as", out)
            self.assertEqual((done.returncode, done.stderr), (OK, b""))
            subprocess.run(["sha256sum", "--check", "--status", "--strict"], input=done.stdout,
                           check=True, timeout=60)
        self.fails(USAGE, "--as needs a value", tensorinit("digest", *SMALL, "--as", ""))
        out.write_bytes(b"x")
        done = subprocess.run(["sha256sum", "--check", "--status"], input=done.stdout, timeout=60)
        self.assertEqual(done.returncode, 1)

    def test_progress(self):
        """Of all verbs that take long, in the same words."""
        tensor = ("--shape=3000,1000", "--scheme=normal", "--name=a")
        out = self.scratch / "w.bin"
        for verb, *more in (["generate", "-o", out], ["verify", out], ["digest"]):
            done = tensorinit(verb, *tensor, *more, "--progress=json")
            self.succeeds(done)
            row = json.loads(done.stderr.splitlines()[-1])
            self.assertEqual((row["bytes"], row["total_bytes"], row["done"]),
                             (12000000, 12000000, True))
            self.assertRegex(tensorinit(verb, *tensor, *more, "-v").stderr.decode(),
                             r"tensorinit: 11\.4 MiB in \d+\.\d s, \d+\.\d .iB/s\n\Z")
            self.assertEqual(tensorinit(verb, *tensor, *more).stderr, b"")
            self.assertEqual(tensorinit(verb, *tensor, *more, "-qv").returncode, USAGE)
            self.fails(USAGE, "--progress: 'x'",
                       tensorinit(verb, *tensor, *more, "--progress=x"))
        json_tensor = (*SMALL, "--format=json", "--progress=json")
        row = json.loads(tensorinit("digest", *json_tensor).stderr)
        self.assertNotIn("total_bytes", row)
        self.assertGreater(row["bytes"], 60)

    def test_progress_on_a_terminal(self):
        """None if the tensor itself goes there; a difference is not written into the line."""
        out = self.scratch / "w.bin"
        tensor = ("--shape=8000,1000", "--scheme=mamba_dt_bias", "--name=a", "--dtype=f64")
        self.succeeds(generate(*tensor, "-o", out))
        with open(out, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x7f")
        for words, code, end in ((["verify", *tensor, out], DIFFERS,
                                  rb"\r\x1b\[K\S+w.bin differs at byte 63999999, .*\r\n\Z"),
                                 (["digest", *tensor], OK, rb"\r\x1b\[K[0-9a-f]{64}  -\r\n\Z"),
                                 (["generate", *SMALL, "--format=json"], OK, rb"\A\[\[.*")):
            master, terminal = pty.openpty()
            self.addCleanup(os.close, master)
            process = subprocess.Popen([daemon.COMMAND, *words], stdin=subprocess.DEVNULL,
                                       stdout=terminal, stderr=terminal)
            shown = shown_on(master, terminal)
            self.assertEqual(process.wait(60), code)
            self.assertRegex(shown, end)
            self.assertEqual(b" of 61.0 MiB, " in shown, words[0] != "generate")

    def test_json_is_the_daemons_document(self):
        with daemon.running() as server:
            for query in ("shape=300,700&name=a", "shape=40&scheme=normal&std=0.1&seed=-1",
                          "shape=6,4&scheme=keras.HeNormal&format=npy", "shape=5,7&scheme=identity",
                          "shape=3,3&scheme=sparse&sparsity=0.5", "shape=0&scheme=uniform"):
                arguments = ["--" + pair for pair in query.split("&")]
                for verb in ("plan", "stats"):
                    done = tensorinit(verb, "-q", *arguments, "--json")
                    self.succeeds(done)
                    wanted = json.loads(server.get(f"/v1/{verb}?{query}")[0])
                    mine = json.loads(done.stdout)
                    for name in ("isa", "warnings"):
                        wanted.pop(name, None)
                    self.assertEqual(mine, wanted)
        for more in (["--json", "flat"], ["--json=flat"]):
            done = tensorinit("plan", *SMALL, "--format=json", *more)
            self.assertRegex(done.stdout.decode(), r"(?m)^query .*json=flat")

    def test_options_of_other_verbs(self):
        for verb in ("verify", "digest", "plan", "stats"):
            self.fails(USAGE, "-o", tensorinit(verb, *SMALL, "-o", self.out))
        self.fails(USAGE, "--shape", tensorinit("schemes", "--shape", "2"))

    def test_standard_output_is_full(self):
        with open("/dev/full", "wb") as full:
            for arguments in (["digest", *SMALL], ["plan", *SMALL], ["stats", *SMALL],
                              ["schemes"], ["schemes", "he"]):
                done = tensorinit(*arguments, stdout=full)
                self.fails(IO_ERROR, "standard output", done)
