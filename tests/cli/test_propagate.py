# SPDX-License-Identifier: MIT
"""propagate: its plots show the numbers of /v1/propagation, and --json is its document."""
import fcntl
import json
import math
import os
import pty
import re
import signal
import struct
import subprocess
import termios

from support import IO_ERROR, OK, USAGE, Case, daemon, shown_on, tensorinit

SMALL_STACK = ("--depth=12", "--width=32", "--batch=16")
TITLES = {"activation": "activations after each layer",
          "input_gradient": "gradients at the input of each layer, backward"}


def propagate(*arguments, **options):
    return tensorinit("propagate", *arguments, **options)


def plots(text):
    """[(title, rows of the plot, legend)] of what the command prints."""
    _, *parts = re.split(r"\n\n(?=(?:Second moment|Standard deviation) of the )", text)
    found = []
    for part in parts:
        title, rows, legend = part.rstrip("\n").split("\n\n")
        found.append((title, rows.splitlines(), " ".join(legend.split())))
    return found


def axis_of(rows):
    """A function from a row to the power of ten there; and the plots' columns by row."""
    labels = [(i, float(match[1])) for i, row in enumerate(rows)
              if (match := re.match(r" *1e(-?\d+) \+", row))]
    (first, high), (last, low) = labels[0], labels[-1]
    return lambda row: high + (low - high) * (row - first) / (last - first)


def numbers(document, name, run=0):
    return [layer[name] for layer in document["runs"][run]["layers"]]


class Json(Case):
    def test_is_the_daemons_document(self):
        """The same bytes, but for spaces that the daemon sends while it computes."""
        with daemon.running() as server:
            for query in ("", "scheme=he_normal,orthogonal&seed=1,0xff&depth=3&width=40",
                          "activation=leaky_relu&negative_slope=-0.25&depth=2&width=9&batch=3",
                          "scheme=torch.nn.init.xavier_normal_&gain=2&depth=2&width=8&dtype=bf16",
                          "residual=true&layer_norm=1&depth=2&width=65&activation=gelu",
                          "scheme=normal&std=1e200&dtype=f64&depth=3&width=8&activation=linear",
                          "scheme=zeros&depth=1&width=1&batch=1"):
                arguments = ["--" + pair for pair in query.split("&") if pair]
                done = propagate(*arguments, "--json")
                self.assertEqual((done.returncode, done.stderr), (OK, b""))
                wanted = server.get(f"/v1/propagation?{query}")[0]
                self.assertEqual(done.stdout, wanted.lstrip(b" "), query)
                json.loads(done.stdout)

    def test_flags(self):
        """With a value after '=', or none."""
        base = propagate(*SMALL_STACK, "--json").stdout
        for name in ("residual", "layer_norm"):
            on = propagate(*SMALL_STACK, "--json", f"--{name}").stdout
            self.assertIs(json.loads(on)[name], True)
            self.assertEqual(propagate(*SMALL_STACK, "--json", f"--{name}=true").stdout, on)
            self.assertEqual(propagate(*SMALL_STACK, "--json", f"--{name}=false").stdout, base)

    def test_instruction_set(self):
        words = ("--json", *SMALL_STACK, "--activation=tanh")
        self.assertEqual(
            propagate(*words, env=os.environ | {"TENSORINIT_ISA": "portable"}).stdout,
            propagate(*words).stdout)


class Plot(Case):
    def check_plot(self, plot, curves, about):
        """Each mark stands where the number is, to half a row, and no other does."""
        title, rows, _ = plot
        *rows, below = rows
        depth = len(next(iter(curves.values())))
        power, left = axis_of(rows), 9
        self.assertEqual(below.split(), ["layer", "1", str(depth)], about)
        columns = len(below) - left
        step = (columns - 1) / (depth - 1)
        self.assertGreaterEqual(step, 1, about)
        half = abs(power(0) - power(1)) / 2 + 1e-6
        grid = [row[left:].ljust(columns) for row in rows]
        seen = {}
        for i, row in enumerate(grid):
            for column, mark in enumerate(row):
                if mark not in " .":
                    seen.setdefault(column, []).append((mark, power(i)))
        self.assertEqual(sorted(seen), [round(i * step) for i in range(depth)], about)
        for mark, values in curves.items():
            for layer, value in enumerate(values):
                near = [found for found, where in seen[round(layer * step)]
                        if abs(where - math.log10(value)) <= half]
                self.assertTrue(near and set(near) <= set(curves) | {"*"}, (about, mark, layer))
                self.assertTrue(mark in near or "*" in near, (about, mark, layer))
        for column, found in seen.items():
            self.assertLessEqual(len(found), len(curves), (about, title, column))

    def test_marks_are_the_numbers(self):
        for words in ((), ("--activation=tanh", "--depth=30"), ("--depth=2", "--width=300"),
                      ("--scheme=normal", "--std=0.01", "--depth=40"),
                      ("--scheme=normal", "--std=2", "--depth=64"),
                      ("--scheme=orthogonal", "--activation=linear", "--depth=5")):
            told = json.loads(propagate(*words, "--json").stdout)
            for measure in ("second_moment", "std"):
                done = propagate(*words, f"--measure={measure}")
                self.assertEqual((done.returncode, done.stderr), (OK, b""))
                shown = plots(done.stdout.decode())
                self.assertEqual(len(shown), 2)
                for plot, (name, title) in zip(shown, TITLES.items()):
                    self.assertIn(title, plot[0])
                    self.check_plot(plot, {"a": numbers(told, f"{name}_{measure}")},
                                    (words, measure, name))

    def test_several_schemes(self):
        words = ("--scheme=he_normal,xavier_normal,he_normal", "--mode=fan_in", "--depth=50")
        told = json.loads(propagate(*words, "--json").stdout)
        shown = plots(propagate(*words).stdout.decode())
        for plot, name in zip(shown, TITLES):
            curves = {mark: numbers(told, f"{name}_second_moment", run)
                      for run, mark in enumerate("abc")}
            self.check_plot(plot, curves, name)
            self.assertRegex(plot[2], r"a he_normal: .* b xavier_normal: .* c he_normal: .* \* ")
        # Xavier's 1/n halves the second moment in each layer, forward (SPEC, section 15).
        match = re.search(r"b xavier_normal: .*?, times (\S+) a layer", shown[0][2])
        self.assertAlmostEqual(math.log2(float(match[1])), -1, delta=0.05)

    def test_doubled(self):
        """A scheme twice is two curves, which are one; a seed twice is two seeds."""
        shown = propagate(*SMALL_STACK, "--scheme=he_normal,he_normal").stdout.decode()
        self.assertNotIn("seeds", shown)
        for _, rows, legend in plots(shown):
            self.assertRegex(legend, r"^a he_normal: .* b he_normal: .* \* several of them$")
            self.assertRegex("".join(rows[:-1]), r"^[^ab]*\*[^ab]*$")
        shown = propagate(*SMALL_STACK, "--seed=3,3").stdout.decode()
        self.assertIn("; 2 seeds", shown)
        for _, _, legend in plots(shown):
            self.assertNotIn("several", legend)

    def test_legend_has_both_ends(self):
        told = json.loads(propagate(*SMALL_STACK, "--json").stdout)
        forward, backward = plots(propagate(*SMALL_STACK).stdout.decode())
        for (_, _, legend), name, ends in ((forward, "activation", (1, 12)),
                                           (backward, "input_gradient", (12, 1))):
            values = numbers(told, f"{name}_second_moment")
            first, last = (values[end - 1] for end in ends)
            match = re.fullmatch(r"a he_normal: from (\S+) to (\S+), times (\S+) a layer", legend)
            for text, value in zip(match.groups(), (first, last, (last / first) ** (1 / 11))):
                self.assertAlmostEqual(float(text) / value, 1, places=3)

    def test_seeds(self):
        """The geometric mean over the seeds, and their range."""
        words = (*SMALL_STACK, "--seed=1,2,3,4,5,6,7,8")
        told = json.loads(propagate(*words, "--json").stdout)
        done = propagate(*words)
        self.assertIn("8 seeds", done.stdout.decode())
        runs = [numbers(told, "activation_second_moment", run) for run in range(8)]
        means = [math.exp(sum(map(math.log, values)) / 8) for values in zip(*runs)]
        plot = plots(done.stdout.decode())[0]
        self.check_plot(plot, {"a": means}, "mean")
        *rows, below = plot[1]
        power, step = axis_of(rows), (len(below) - 10) / 11
        half = abs(power(0) - power(1)) / 2 + 1e-6
        for layer, values in enumerate(zip(*runs)):
            column = 9 + round(layer * step)
            used = [power(i) for i, row in enumerate(rows) if row[column:column + 1].strip()]
            self.assertAlmostEqual(max(used), math.log10(max(values)), delta=half)
            self.assertAlmostEqual(min(used), math.log10(min(values)), delta=half)

    def test_zero_and_infinity(self):
        """They have rows of their own, and no factor."""
        done = propagate("--scheme=constant", "--value=-1", "--depth=3", "--width=16")
        for _, rows, legend in plots(done.stdout.decode()):
            self.assertRegex(rows[-2], r"^ *0 \+.*a")
            self.assertNotIn("times", legend)
        done = propagate("--scheme=normal", "--std=1e200", "--dtype=f64", "--activation=linear",
                         "--depth=4", "--width=8")
        self.succeeds(done)
        for _, rows, legend in plots(done.stdout.decode()):
            self.assertRegex(rows[0], r"^ *inf \+.*a")
            self.assertNotIn("times", legend)
            self.assertNotIn("nan", legend)
        done = propagate("--scheme=zeros", "--depth=3", "--width=4")
        self.assertIn("zeros: from 0 to 0\n", done.stdout.decode())

    def test_one_layer(self):
        text = propagate("--depth=1", "--width=4").stdout.decode()
        self.assertRegex(text, r"(?m)^ {9}layer 1$")
        self.assertRegex(text, r"(?m)^    a  he_normal: [0-9.]+$")

    def shown_in(self, columns, *words):
        """The lines in a terminal with that many columns."""
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        process = subprocess.Popen([daemon.COMMAND, "propagate", *words], stdout=terminal,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shown = shown_on(master, terminal)
        self.assertEqual(process.wait(60), OK)
        return shown.decode().replace("\r\n", "\n")

    def test_width(self):
        """80 columns, or the terminal's; more layers than columns share them."""
        words = ("--scheme=he_normal,torch.nn.init.kaiming_uniform_", "--width=16", "--seed=1,2")
        for depth in (1, 2, 7, 50, 71, 72, 400, 1000):
            texts = [(80, propagate(*words, f"--depth={depth}").stdout.decode())]
            if depth in (7, 400):
                texts += [(max(40, min(columns, 120)), self.shown_in(columns, *words, f"--depth={depth}"))
                          for columns in (20, 40, 57, 132)]
            for columns, text in texts:
                lines = text.splitlines()
                self.assertLessEqual(max(map(len, lines)), columns, (depth, text))
                self.assertEqual([line for line in lines if line != line.rstrip()], [])
                for _, rows, _ in plots(text):
                    self.assertRegex(rows[-1], rf"^ {{9}}layer 1( +{depth})?$")
                    if depth > 70:
                        self.assertEqual(len(rows[-1]), columns)
                    self.assertLess(len(rows), 18)
                    for mark in "a*":
                        if mark in "".join(rows):
                            break
                    else:
                        self.fail(rows)


class Errors(Case):
    def test_they_name_the_option(self):
        for words, message in (
                (["--depth=0"], "--depth: .*an integer from 1 to 1000"),
                (["--depth", "1001"], "--depth: "), (["--width=4097"], "--width: .*4096"),
                (["--batch=x"], "--batch: .*'x'.*1024"), (["--residual=maybe"], "--residual: "),
                (["--layer_norm=2"], "--layer_norm: .*true or false"),
                (["--activation=reul"], "--activation: .*did you mean --activation=relu\\?"),
                (["--negative_slope=0.1"], "--negative_slope: .*leaky_relu"),
                (["--activation=leaky_relu", "--negative_slope=1e9"], "--negative_slope: .*1000"),
                (["--scheme=he_normal,he_nromal"], "--scheme: .*did you mean .*he_normal"),
                (["--seed=1,x"], "--seed: "), (["--std=1"], "--std: "),
                (["--seed=" + ",".join(map(str, range(65)))], "--seed: .*64"),
                (["--shape=2,2"], "--shape: .*width by width"), (["--name=x"], "--name: "),
                (["--shard=0:0/2"], "--shard: "), (["--format=npy"], "--format: "),
                (["--nonesuch=1"], "--nonesuch: "), (["--measure=max"], "--measure: 'max'"),
                (["--measure"], "--measure needs"), (["--depth"], "--depth needs"),
                (["--depth="], "--depth: .* ''"), (["--activation="], "--activation: .* ''"),
                (["--measure="], "--measure: ''"), (["--residual="], "--residual= needs"),
                (["--json", "--measure=std"], "--measure .* --json"),
                (["--dept=3"], "--dept: .*did you mean --depth\\?"),
                (["--layer-norm"], "--layer-norm: .*did you mean --layer_norm\\?"),
                (["--depth=2", "--depth=3"], "--depth: .*more than once"),
                (["--json=flat"], "--json takes no value"), (["he_normal"], "'he_normal'"),
                (["-o", "x"], "-o: "), (["--threads=2"], "--threads")):
            self.fails(USAGE, message, propagate(*words))
        # Elsewhere its options are unknown parameters, with their hints.
        self.fails(USAGE, "--depth: unknown parameter 'depth'; did you mean .*--layers=2",
                   tensorinit("generate", "--shape=2,2", "--depth=2"))
        self.fails(USAGE, "--measure: generate has no such option",
                   tensorinit("generate", "--shape=2", "--measure=std"))
        self.fails(USAGE, "'propagation'; did you mean propagate\\?", tensorinit("propagation"))

    def test_each_activation_of_the_help(self):
        words = re.search(r"--activation (\S+)", propagate("--help").stdout.decode())[1].split("|")
        for word in words:
            self.succeeds(propagate("--depth=1", "--width=2", f"--activation={word}"))
        done = propagate("--activation=x")
        listed = re.search("it takes one of (.*?)\n", done.stderr.decode())[1]
        self.assertEqual(listed.split(", "), words)

    def test_no_memory(self):
        """The largest stack needs 70 GB."""
        def limit():
            import resource
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        self.fails(71, "memory", propagate("--depth=1000", "--width=4096", "--batch=1024",
                                           preexec_fn=limit))

    def test_standard_output_is_full(self):
        with open("/dev/full", "wb") as full:
            for more in ([], ["--json"]):
                self.fails(IO_ERROR, "standard output",
                           propagate(*SMALL_STACK, *more, stdout=full))

    def test_reader_that_has_gone(self):
        for ignored, code in ((False, -signal.SIGPIPE), (True, IO_ERROR)):
            for more in ([], ["--json"]):
                read, write = os.pipe()
                os.close(read)
                done = propagate(*SMALL_STACK, *more, stdout=write, restore_signals=not ignored)
                os.close(write)
                self.assertEqual(done.returncode, code, done.stderr)

    def test_progress_on_a_terminal(self):
        """A line that goes away, and none if --quiet."""
        words = ("--width=1000", "--depth=20", "--batch=64")
        for more in ([], ["-q"]):
            master, terminal = pty.openpty()
            self.addCleanup(os.close, master)
            done = subprocess.run([daemon.COMMAND, "propagate", *words, *more], stderr=terminal,
                                  stdin=subprocess.DEVNULL, capture_output=False,
                                  stdout=subprocess.PIPE, timeout=60)
            os.write(terminal, b"end")
            shown = shown_on(master, terminal)
            self.succeeds(subprocess.CompletedProcess([], done.returncode, b"", shown))
            if more:
                self.assertEqual(shown, b"end")
            else:
                self.assertRegex(shown, rb"^(\r\d+ %\x1b\[K)+\r\x1b\[Kend$")
