# SPDX-License-Identifier: MIT
"""Options, notes, help and wrong usage."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import urllib.error

from support import OK, SMALL, UNAVAILABLE, USAGE, Case, daemon, generate, raw, shown_on, tensorinit

VERBS = ("generate", "get", "verify", "digest", "plan", "stats", "propagate", "schemes")


class Notes(Case):
    def test_unnamed_tensor_is_noted(self):
        done = generate("--shape=2,3")
        self.succeeds(done)
        self.assertRegex(done.stderr.decode(), r"^tensorinit: note: .*--name.*\n$")
        self.assertEqual(done.stdout, raw("--shape=2,3"))

    def test_no_note(self):
        for more in (["-q"], ["--quiet"], ["--name=a"], ["--name", "a"]):
            self.assertEqual(generate("--shape=2,3", *more).stderr, b"")

    def test_shape_is_noted(self):
        done = generate("--shape=8,64,128", "--name=a", "--scheme=torch_default")
        self.succeeds(done)
        self.assertRegex(done.stderr.decode(), r"^tensorinit: note: --shape: .* a stack of 8 "
                         r"matrices: --in_axis=2 --out_axis=1 --batch_axis=0\.")

    def test_no_note_if_nothing_is_random(self):
        self.assertEqual(generate("--shape=2,3", "--scheme=zeros").stderr, b"")

    def test_quiet_keeps_errors(self):
        self.fails(USAGE, "--shape", generate("-q", "--shape=x"))


class Shards(Case):
    """--shard axis:auto, with the variables of a launcher."""
    LAUNCHERS = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
                 ("SLURM_PROCID", "SLURM_NTASKS"), ("PMI_RANK", "PMI_SIZE"))
    TENSOR = ("--shape=16,3", "--name=a")

    def run_as(self, variables, *arguments):
        names = {name for pair in self.LAUNCHERS for name in pair}
        rest = {name: value for name, value in os.environ.items() if name not in names}
        return tensorinit(*arguments, env=rest | variables)

    def test_part_of_the_rank(self):
        whole = raw(*self.TENSOR)
        for rank, size in self.LAUNCHERS:
            parts = [self.run_as({rank: str(i), size: "5"}, "generate", *self.TENSOR,
                                 "--shard=0:auto").stdout for i in range(5)]
            self.assertEqual(b"".join(parts), whole)

    def test_canonical_query_has_the_numbers(self):
        for more in (["--shard=0:auto"], ["--shard", "0:auto"], ["--shard[]=0:auto"]):
            done = self.run_as({"RANK": "1", "WORLD_SIZE": "4"}, "plan", *self.TENSOR, *more)
            self.succeeds(done)
            self.assertRegex(done.stdout.decode(), r"(?m)^query .*&slice=4:8")

    def test_get_sends_the_numbers(self):
        with daemon.running() as server:
            done = self.run_as({"RANK": "1", "WORLD_SIZE": "4"}, "get", "--server",
                               server.url, *self.TENSOR, "--shard=0:auto")
            self.succeeds(done)
            self.assertEqual(done.stdout, raw(*self.TENSOR, "--shard=0:1/4"))
            with self.assertRaises(urllib.error.HTTPError) as refused:
                server.get("/v1/tensor?shape=4&shard=0:auto")
            with refused.exception as response:
                self.assertEqual(response.code, 400)
                self.assertIn(b"only its client knows", response.read())

    def test_wrong_variables(self):
        for variables, message in (
                ({}, "--shard: .*RANK and WORLD_SIZE, or OMPI_COMM_WORLD_RANK"),
                ({"RANK": "1"}, "has RANK but not WORLD_SIZE"),
                ({"RANK": "", "WORLD_SIZE": "2"}, "RANK='' is not an integer"),
                ({"PMI_RANK": "2", "PMI_SIZE": "2"}, "PMI_RANK=2 is not below PMI_SIZE=2"),
                ({"RANK": "1", "WORLD_SIZE": "4", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"},
                 "RANK=1 and WORLD_SIZE=4 differ from SLURM_PROCID=0 and SLURM_NTASKS=1")):
            for verb in ("generate", "get", "plan", "digest"):
                self.fails(USAGE, message, self.run_as(variables, verb, *self.TENSOR,
                                                       "--shard=0:auto"))
        for more in (["--shard=0:auto,1:auto"], ["--shard=0:auto", "--shard=1:auto"]):
            self.fails(USAGE, "--shard: auto is given",
                       self.run_as({"RANK": "0", "WORLD_SIZE": "2"}, "plan", *self.TENSOR, *more))


class Options(Case):
    def test_both_spellings(self):
        self.assertEqual(
            raw("--shape", "2,3", "--seed", "-1", "--std", "1e-2", "--scheme", "normal"),
            raw("--seed=-1", "--scheme=normal", "--std=1e-2", "--shape=2,3"))

    def test_value_with_an_equals_sign(self):
        both = raw("--shape=4,4", "--name=a=b")
        self.assertEqual(both, raw("--shape=4,4", "--name", "a=b"))
        self.assertNotEqual(both, raw("--shape=4,4", "--name=a"))

    def test_value_that_looks_like_an_option(self):
        self.assertEqual(raw("--shape=4,4", "--name", "-q"),
                         raw("--shape=4,4", "--name=-q"))
        self.succeeds(generate("--shape=2,2", "--name=a", "-o", "--help",
                                  cwd=self.scratch))
        self.assertTrue((self.scratch / "--help").is_file())

    def test_value_in_the_letter(self):
        self.succeeds(generate(*SMALL, "-oout.npy", cwd=self.scratch))
        self.assertEqual((self.scratch / "out.npy").read_bytes(),
                         raw(*SMALL, "--format=npy"))

    def test_other_spellings(self):
        plain = raw("--shape=12,4", "--dtype=f16", "--scheme=he_normal", "--layout=io")
        for shape in (["--shape=(12, 4)"], ["--shape", "12x4"], ["--shape=12", "--shape", "4"],
                      ["--shape[]=12", "--shape[]=4"]):
            self.assertEqual(plain, raw(*shape, "--dtype=torch.float16",
                                        "--scheme", "keras.initializers.HeNormal"))

    def test_what_may_be_meant(self):
        for arguments, message in (
                (["generate", "--shap=2,2"], "--shap: .*did you mean --shape=2,2\\?"),
                (["generate", *SMALL, "--n_layer", "4", "--scheme=wang_init"],
                 "did you mean --layers=4\\?"),
                (["generate", *SMALL, "--fan-in", "3"], "did you mean --fan_in=3\\?"),
                (["generate", *SMALL, "--nonlinearity=relu"],
                 "did you mean --scheme=kaiming_normal --nonlinearity=relu\\?"),
                (["get", *SMALL, "--sever=a"], "--sever: .*did you mean --server\\?"),
                (["generate", *SMALL, "--ouput=a"], "did you mean --output\\?"),
                (["fetch", *SMALL], "'fetch'; did you mean get\\?"),
                (["generat"], "did you mean generate\\?"), (["frobnicate"], "'frobnicate'")):
            self.fails(USAGE, message, tensorinit(*arguments))

    def test_format_by_extension(self):
        cases = [("w.bin", [], False), ("w", [], False), ("npy", [], False),
                 ("w.txt", [], False), ("w.npy.gz", [], False), ("a.npy/w", [], False),
                 ("w.npy", [], True), ("w.safetensors.npy", [], True),
                 ("w.npy", ["--format=raw"], False), ("w.bin", ["--format=npy"], True)]
        for name, more, npy in cases:
            out = self.scratch / name
            out.parent.mkdir(exist_ok=True)
            self.assertEqual(generate(*SMALL, "-o", out, *more).returncode, OK, name)
            self.assertEqual(out.read_bytes().startswith(b"\x93NUMPY"), npy, (name, more))
            out.unlink()

    def test_formats_hold_the_same_values(self):
        values = raw(*SMALL)
        self.assertEqual(raw(*SMALL, "--format=npy")[-60:], values)
        self.assertEqual(raw(*SMALL, "--format=safetensors")[-60:], values)
        flat = json.loads(raw(*SMALL, "--format=json", "--json=flat"))
        self.assertEqual(struct.pack("<15f", *flat), values)

    def test_version(self):
        done = tensorinit("--version")
        self.assertEqual((done.returncode, done.stderr), (OK, b""))
        self.assertRegex(done.stdout, rb"^tensorinit \d+\.\d+\.\d+ \(spec \S+\)\n$")
        other = subprocess.run([daemon.DAEMON, "--version"], capture_output=True).stdout
        self.assertEqual(done.stdout, other.replace(b"tensorinitd", b"tensorinit"))

    def test_help(self):
        done = tensorinit("--help")
        self.assertEqual(tensorinit("-h").stdout, done.stdout)
        self.assertEqual((done.returncode, done.stderr), (OK, b""))
        for word in ("usage: tensorinit ", "generate", "--version"):
            self.assertIn(word, done.stdout.decode())

    def test_help_of_a_verb(self):
        for arguments in (["--help"], ["-h"], ["--shape=2", "-h"], ["-ox", "--help"]):
            done = generate(*arguments, cwd=self.scratch)
            self.assertEqual((done.returncode, done.stderr), (OK, b""))
            self.assertEqual(done.stdout, tensorinit("help", "generate").stdout)
        self.assertEqual(os.listdir(self.scratch), [])
        self.assertEqual(tensorinit("help").stdout, tensorinit("--help").stdout)
        for word in ("usage: tensorinit generate --shape DIMS", "  -o, --output FILE ",
                     "--scheme", "help parameters"):
            self.assertIn(word, done.stdout.decode())

    def test_help_has_an_example_that_works(self):
        for verb in VERBS:
            example = tensorinit(verb, "-h").stdout.decode().partition("\nExample:\n")[2]
            words = example.split()
            self.assertEqual(words[:2], ["tensorinit", verb])
            if verb == "get":
                continue
            self.succeeds(generate("--shape=512,784", "--name=fc1.weight", "--seed=42", "-o",
                                   self.scratch / "fc1.npy"))
            command = example.replace("tensorinit", str(daemon.COMMAND), 1)
            subprocess.run(["bash", "-c", command], cwd=self.scratch, capture_output=True,
                           check=verb != "digest", timeout=60)

    def test_help_of_what_is_not_there(self):
        for arguments, message in ((["generat"], "did you mean generate"),
                                   (["paramters"], "did you mean parameters"),
                                   (["schmes"], r"did you mean schemes\?"),
                                   (["x"], "nothing about 'x'"), (["get", "get"], "'get'")):
            self.fails(USAGE, message, tensorinit("help", *arguments))

    def test_help_names_every_scheme_and_parameter(self):
        with daemon.running() as server:
            document = json.loads(server.get("/v1/schemes")[0])
        text = tensorinit("help", "parameters").stdout.decode()
        unwrapped = " ".join(text.split())
        for parameter in document["parameters"]:
            self.assertRegex(text, rf"(?m)^  --{parameter['name']} ")
            self.assertIn(parameter["accepts"], unwrapped)
        text = tensorinit("help", "schemes").stdout.decode()
        for scheme in document["schemes"]:
            names = ", ".join([scheme["name"], *scheme["aliases"]])
            formula = r"\s+".join(map(re.escape, scheme["formula"].split()))
            self.assertRegex(text, rf"(?m)^  {names} +{formula}$")

    def test_help_lists_exit_codes(self):
        """All but those of status.def that the command does not return."""
        table = (daemon.ROOT / "include/tensorinit/status.def").read_text()
        rows = re.findall(r'TI_STATUS\((\w+), \d+, (\d+), "(.*)"\)', table)
        unwrapped = " ".join(tensorinit("help", "exit-codes").stdout.decode().split())
        for name, code, title in rows:
            if name in ("EFACTOR", "ECANCELLED"):
                self.assertNotIn(title, unwrapped)
            else:
                self.assertRegex(unwrapped, rf"\b{code} [^0-9]*{title}")

    def test_help_fits_a_terminal(self):
        """80 columns, and a verb a terminal of 30 lines; or the width of the terminal."""
        for words in (["help"], ["help", "parameters"], ["help", "schemes"],
                      ["help", "exit-codes"], *([verb, "--help"] for verb in VERBS)):
            lines = tensorinit(*words).stdout.decode().splitlines()
            for line in lines:
                self.assertLessEqual(len(line), 80)
                self.assertEqual(line, line.rstrip())
            if words[0] in VERBS:
                self.assertLess(len(lines), 30, words)
        for columns, widest in ((20, 40), (50, 50), (100, 100), (500, 120)):
            master, terminal = pty.openpty()
            self.addCleanup(os.close, master)
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
            self.succeeds(tensorinit("help", "exit-codes", stdout=terminal))
            os.write(terminal, b"end")
            shown = shown_on(master, terminal)
            width = max(map(len, shown.decode().split("\r\n")))
            self.assertLessEqual(width, widest)
            self.assertGreater(width, widest - 20)

    def test_wrong_usage(self):
        for arguments, message in (([], "verb"), ([""], "verb"), (["generat"], "generat"),
                                   (["-x"], "-x"), (["--shape=2"], "--shape=2"),
                                   (["generate"], "--shape"),
                                   (["generate", "shape=2"], "shape=2"),
                                   (["generate", "-x"], "-x"), (["generate", "--"], "--"),
                                   (["generate", "-"], "-"),
                                   (["generate", "--shape"], "--shape needs"),
                                   (["generate", *SMALL, "-o"], "-o needs"),
                                   (["generate", *SMALL, "--output"], "--output needs"),
                                   (["generate", *SMALL, "-oa", "-ob"], "--output: "),
                                   (["generate", *SMALL, "--name=b"], "--name: "),
                                   (["generate", *SMALL, "-qo"], "-qo"),
                                   (["generate", *SMALL, "--server=a"], "--server"),
                                   (["generate", *SMALL, "extra"], "extra"),
                                   (["generate", *SMALL, "--quiet=1"], "quiet"),
                                   (["generate", *SMALL, "--colour=red"], "--colour"),
                                   (["generate", "--Shape=2,2"], "--Shape"),
                                   (["generate", "--shap=2,2"], "--shap")):
            self.fails(USAGE, message, tensorinit(*arguments))

    def test_instruction_set(self):
        for isa, code in (("portable", OK), ("bogus", UNAVAILABLE), ("", OK)):
            done = generate(*SMALL, env=os.environ | {"TENSORINIT_ISA": isa})
            self.assertEqual(done.returncode, code, (isa, done.stderr))
            self.assertEqual(done.stdout, raw(*SMALL) if code == OK else b"")

    def test_locale_does_not_matter(self):
        env = os.environ | {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
        done = generate("--shape=2", "--scheme=constant", "--value=0.5", "-q", env=env)
        self.assertEqual(done.stdout, struct.pack("<2f", 0.5, 0.5))
