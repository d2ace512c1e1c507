# SPDX-License-Identifier: MIT
"""Completion: what the command offers, and what bash, zsh and fish make of it."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

from support import OK, Case, daemon, tensorinit

SCRIPTS = daemon.ROOT / "deploy/completions"


# Of propagate: they are not about the values of a weight.
NOT_OF_WEIGHTS = {"--shape", "--name", "--permute", "--slice", "--shard", "--format", "--json",
                  "--metadata"}


def offered(*words):
    done = tensorinit("__complete", *words)
    assert (done.returncode, done.stderr) == (OK, b""), done
    return [line.partition("\t")[0] for line in done.stdout.decode().splitlines()]


class Offers(Case):
    def test_verbs(self):
        verbs = re.findall(r"(?m)^  (\w+) ", tensorinit("--help").stdout.decode()
                           .partition("verbs:\n")[2].partition("\n\n")[0])
        self.assertEqual(offered(""), verbs)
        self.assertEqual(offered(), verbs)
        self.assertEqual(offered("ge"), ["generate", "get"])
        self.assertEqual(offered("--v"), ["--version"])
        self.assertEqual(offered("nonesuch", ""), [])
        self.assertEqual(offered("help", "p"), ["plan", "propagate", "parameters"])

    def test_options_are_those_of_the_help(self):
        parameters = set(re.findall(r"(?m)^  (--\w+)",
                                    tensorinit("help", "parameters").stdout.decode()))
        for verb in offered(""):
            if verb == "help":
                continue
            text = tensorinit(verb, "--help").stdout.decode()
            own = set(re.findall(r"(?m)^  .*?(--[a-z_-]+)", re.split("The (?:tensor|weights):", text)[0]))
            wanted = own | (parameters if "The tensor:" in text else
                            parameters - NOT_OF_WEIGHTS if "The weights:" in text else set())
            found = offered(verb, "-")
            self.assertEqual(sorted(wanted), sorted(word.rstrip("=") for word in found))

    def test_values(self):
        for words, wanted in ((("get", "--dtype=b"), ["--dtype=bf16", "--dtype=bool"]),
                              (("get", "--dtype", "f8"), ["f8_e4m3", "f8_e5m2"]),
                              (("get", "--format=s"), ["--format=safetensors"]),
                              (("get", "--progress", ""), ["json", "none"]),
                              (("get", "--verify=a"), ["--verify=all"]),
                              (("plan", "--json", "--js"), ["--json"]),
                              (("generate", "--js"), ["--json="]),
                              (("generate", "--json="), ["--json=nested", "--json=flat",
                                                         "--json=object"]),
                              (("propagate", "--act"), ["--activation="]),
                              (("propagate", "--activation=s"), ["--activation=sigmoid",
                                                                 "--activation=silu",
                                                                 "--activation=selu"]),
                              (("propagate", "--measure", ""), ["second_moment", "std"]),
                              (("propagate", "--sha"), []),
                              (("schemes", "keras.HeN"), ["keras.HeNormal"]),
                              (("get", "--scheme=he"), ["--scheme=he_normal", "--scheme=he",
                                                        "--scheme=he_uniform"]),
                              (("get", "--seed="), []), (("get", "--nonesuch="), [])):
            self.assertEqual(offered(*words), wanted, words)

    def test_files(self):
        for words in (("verify", ""), ("get", "-o", ""), ("get", "--output", "x"),
                      ("get", "--ca-file=/e"), ("digest", "--as="), ("verify", "-q", "a")):
            self.assertEqual(offered(*words), [":files"], words)


class Shells(Case):
    """The command line up to the cursor, and what the shell offers there."""
    LINES = (("tensorinit ge", ["generate", "get"]),
             ("tensorinit get --dtype=f8", ["--dtype=f8_e4m3", "--dtype=f8_e5m2"]),
             ("tensorinit get --dtype f8", ["f8_e4m3", "f8_e5m2"]),
             ("tensorinit get --connect", ["--connect-timeout="]),
             ("tensorinit schemes keras.HeN", ["keras.HeNormal"]),
             ("tensorinit generate -o on", ["one.npy", "one.bin"]),
             ("tensorinit generate --output=on", ["--output=one.npy", "--output=one.bin"]),
             ("tensorinit verify tw", ["two.npy"]))

    def setUp(self):
        super().setUp()
        for name in ("one.npy", "one.bin", "two.npy"):
            (self.scratch / name).touch()

    def run_shell(self, *command):
        path = f"{daemon.COMMAND.parent}:{os.environ['PATH']}"
        return subprocess.run(
            command, cwd=self.scratch, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=60, check=True, env={"PATH": path, "HOME": str(self.scratch)})

    def test_bash(self):
        for breaks in (" \t\n\"'><=;|&(:", " \t\n\"'><;|&(:"):
            for line, wanted in self.LINES:
                done = self.run_shell(
                    "bash", "-c", 'COMP_WORDBREAKS=$1; COMP_LINE=$2; COMP_POINT=${#2}; . "$3"; '
                    "_tensorinit; printf '%s\\n' \"${COMPREPLY[@]}\"", "bash", breaks, line,
                    SCRIPTS / "tensorinit.bash")
                # bash replaces only what is after the '=', if that separates words.
                ends = "=" in breaks or "--output=" in line
                self.assertEqual(
                    sorted(done.stdout.split()),
                    sorted(word.partition("=")[2] if ends and "=" in word[:-1] else word
                           for word in wanted), (line, breaks))

    def test_fish(self):
        daemon.need(shutil.which("fish"), "fish")
        for line, wanted in self.LINES:
            done = self.run_shell("fish", "--no-config", "-c",
                                  'source "$argv[1]"; complete -C "$argv[2]"',
                                  SCRIPTS / "tensorinit.fish", line)
            self.assertEqual(sorted(row.partition("\t")[0] for row in done.stdout.splitlines()),
                             sorted(wanted), line)

    def test_zsh(self):
        """It has to be typed: zsh completes only in a terminal."""
        daemon.need(shutil.which("zsh"), "zsh")
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.scratch)
            os.execvpe("zsh", ["zsh", "-f", "-i"], {
                "PATH": f"{daemon.COMMAND.parent}:{os.environ['PATH']}", "TERM": "dumb",
                "HOME": str(self.scratch), "PS1": "ready "})
        self.addCleanup(os.waitpid, process, 0)
        self.addCleanup(os.close, terminal)

        def read_until(*wanted):
            shown, end = b"", time.monotonic() + 30
            while not all(word.encode() in shown for word in wanted):
                self.assertLess(time.monotonic(), end, (wanted, shown))
                if select.select([terminal], [], [], 0.1)[0]:
                    shown += os.read(terminal, 65536)
            return shown
        read_until("ready ")
        os.write(terminal, f"fpath=({SCRIPTS} $fpath); autoload -U compinit; "
                           "compinit -u -D; setopt no_list_beep; echo fin''ished\n".encode())
        read_until("finished")
        for line, wanted in self.LINES:
            os.write(terminal, line.encode() + b"\t\t")
            # Several are listed, files without what is before them; one gets into the line.
            read_until(*[word.removeprefix("--output=") for word in wanted])
            os.write(terminal, b"\x15\n")  # kill-whole-line
            read_until("ready ")
