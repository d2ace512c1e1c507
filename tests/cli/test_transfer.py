# SPDX-License-Identifier: MIT
"""
tensorinit get through a proxy that damages responses: the right bytes or a clear error,
and never wrong bytes under the final name.
"""
import functools
import json
import os
import pty
import signal
import socket
import subprocess
import time

from support import (IO_ERROR, MISMATCH, OK, UNAVAILABLE, USAGE, Case, daemon, fault_proxy,
                     limit_file, raw, shown_on, tensorinit, with_jobs)

Fault = fault_proxy.Fault

TENSOR = ("--shape=1000,1000", "--name=a", "--format=npy")
# Twice what is fetched in ranges, and several times what is between two states.
LARGE = ("--shape=8,1024,1024", "--name=a", "--scheme=normal")
LARGE_BYTES = 32 << 20

raw = functools.lru_cache(raw)


class Transfer(Case):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        self.part = self.scratch / "out.bin.part"
        self.state = self.scratch / "out.bin.part.json"

    def relay(self, faults, port=None):
        running = fault_proxy.running(daemon.Server(port or self.server.port), faults)
        proxy = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        return proxy

    def proxy(self, *faults):
        return self.relay(faults)

    def paced(self, port=None, pace=0.004):
        """A proxy that takes some time."""
        return self.relay(lambda number: Fault(pace=pace), port)

    def get(self, url, *arguments, **options):
        return tensorinit("get", "--server", url, *with_jobs(arguments), "-o", self.out, **options)

    def start(self, url, *arguments):
        process = subprocess.Popen([daemon.COMMAND, "get", "--server", url, *with_jobs(arguments),
                                    "-o", self.out], stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def wait_for_state(self, process, done_bytes):
        """Until the state file says that so much is done."""
        while True:
            self.assertIsNone(process.poll())
            try:
                done = json.loads(self.state.read_text())["done"]
                if sum(end - first for first, end in done) >= done_bytes:
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.005)

    def half(self, number=signal.SIGKILL):
        """Leaves an incomplete part file behind."""
        proxy = self.proxy(Fault(stall=LARGE_BYTES // 2))
        process = self.start(proxy.url, *LARGE, "-j1")
        # It is written after every 8 MiB.
        self.wait_for_state(process, LARGE_BYTES // 2 - (9 << 20))
        process.send_signal(number)
        self.assertEqual(process.wait(60), -number)
        self.assertFalse(self.out.exists())
        self.assertEqual(sorted(os.listdir(self.scratch)),
                         [self.part.name, self.state.name])

    def is_complete(self, tensor=LARGE):
        self.assertEqual(self.out.read_bytes(), raw(*tensor))
        self.only_file(self.out)


class Ranges(Transfer):
    """A large tensor comes in ranges, over several connections."""

    def test_spread_over_servers(self):
        proxies = [self.proxy() for _ in range(3)]
        servers = [f"--server={proxy.url}" for proxy in proxies]
        self.succeeds(tensorinit("get", *servers, *LARGE, "-j6", "-o", self.out))
        self.is_complete()
        # How many each gets depends on how fast it is.
        for proxy in proxies:
            self.assertTrue(proxy.requests)
        # The first connection is closed once: what was on its way is lost.
        self.assertLess(sum(proxy.body_bytes for proxy in proxies),
                        LARGE_BYTES + (6 << 20))
        ranges = [request for proxy in proxies for request in proxy.requests
                  if "Range: " in request]
        self.assertTrue(all("If-Range: " in request for request in ranges))

    def test_one_connection(self):
        for arguments in (["-j1", *LARGE], [*TENSOR]):
            proxy = self.proxy()
            self.succeeds(self.get(proxy.url, *arguments))
            self.assertEqual(len(proxy.requests), 1)
        for count in ("0", "65", "-1", "x", ""):
            self.fails(USAGE, "--jobs: .* from 1 to 64",
                       tensorinit("get", *TENSOR, f"--jobs={count}"))

    def test_to_a_pipe_in_order(self):
        done = tensorinit("get", f"--server={self.server.url}", *LARGE, "-j4")
        self.assertEqual(done.stdout, raw(*LARGE))

    def test_each_connection_breaks(self):
        """Cut, reset, refused, stalled: all at once, and again later."""
        faults = {1: Fault(cut=1_000_000), 2: Fault(cut=100, reset=True),
                  3: Fault(status=503, fields=("Retry-After: 1",)), 4: Fault(status=500),
                  6: Fault(cut=0), 7: Fault(cut=3_000_000)}
        proxy = self.relay(faults.get)
        self.succeeds(self.get(proxy.url, *LARGE, f"--server={self.server.url}"))
        self.is_complete()

    def test_another_tensor_in_a_range(self):
        """It is left, and the other server has the rest."""
        other = self.proxy(*99 * [Fault(replace=("name=a", "name=b"))])
        done = tensorinit("get", f"--server={self.server.url}", f"--server={other.url}",
                          *LARGE, "-o", self.out)
        self.succeeds(done)
        self.assertIn(b"different body", done.stderr)
        # Once for each connection that uses it at that moment.
        self.assertLessEqual(len(other.requests), 3)
        self.is_complete()

    def test_killed_and_continued_many_times(self):
        proxy = self.paced()
        for _ in range(3):
            process = self.start(proxy.url, *LARGE, "--continue", "-j3")
            done = json.loads(self.state.read_text())["done"] if self.state.exists() else []
            self.wait_for_state(process, sum(end - at for at, end in done) + 1)
            process.kill()
            process.wait()
        self.succeeds(self.get(proxy.url, *LARGE, "--continue"))
        self.is_complete()


class Verify(Transfer):
    """What is received is computed again."""

    def test_flipped_bits(self):
        """--verify=all finds each, wherever it is, and nothing wrong is written."""
        for at in (0, 100, 1_999_999, 4_000_127):
            proxy = self.proxy(Fault(flip=at))
            done = self.get(proxy.url, *TENSOR, "--verify=all")
            self.fails(MISMATCH, "", done)
            self.assertIn(b"--verify: what was received differs from the tensor at byte "
                          b"%d: " % at, done.stderr)
            self.assertFalse(self.out.exists())
            self.succeeds(self.get(proxy.url, *TENSOR, "--verify=all", "--continue"))
            self.is_complete(TENSOR)
            self.out.unlink()

    def test_flipped_bit_in_a_range(self):
        running = fault_proxy.running(self.server, lambda number: Fault(
            flip=77_777) if number == 2 else None)
        proxy = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        done = self.get(proxy.url, *LARGE, "--verify=all", "-j4")
        self.fails(MISMATCH, "", done)
        self.assertIn(b"differs from the tensor at byte ", done.stderr)
        self.assertFalse(self.out.exists())
        self.succeeds(self.get(proxy.url, *LARGE, "--verify=all", "--continue"))
        self.is_complete()

    def test_another_tensor_in_all_ranges(self):
        """It is said once, whichever connection finds it first."""
        proxy = self.relay(lambda number: Fault(replace=("name=a", "name=b")))
        done = self.get(proxy.url, *LARGE, "--verify=all", "-j4")
        self.fails(MISMATCH, "--verify: what was received differs", done)
        self.assertEqual(done.stderr.count(b"received differs"), 1)
        self.assertFalse(self.out.exists())

    def test_to_a_pipe(self):
        proxy = self.proxy(Fault(flip=3_000_000))
        done = tensorinit("get", f"--server={proxy.url}", *TENSOR, "--verify=all")
        self.assertEqual(done.returncode, MISMATCH)
        self.assertIn(b"differs from the tensor at byte 3000000: ", done.stderr)
        self.assertEqual(done.stdout, raw(*TENSOR)[:len(done.stdout)])
        self.assertLessEqual(len(done.stdout), 3_000_000)

    def test_sample(self):
        """It finds another tensor's bytes; the first block is compared in full."""
        for fault in (Fault(flip=200_000), Fault(replace=("name=a", "name=b"))):
            proxy = self.proxy(fault)
            done = self.get(proxy.url, *TENSOR, "--verify")
            self.fails(MISMATCH, "--verify: what was received differs", done)
            self.assertFalse(self.out.exists())
        for tensor in (TENSOR, LARGE, ("--shape=0,3", "--name=a"),
                       ("--shape=90,70", "--name=a", "--scheme=orthogonal",
                        "--format=safetensors", "--dtype=bf16")):
            for option in "--verify", "--verify=all":
                self.succeeds(self.get(self.server.url, *tensor, option))
                self.is_complete(tensor)

    def test_usage(self):
        for options, message in ((("--verify=some",), "'some' is not all"),
                                 (("--verify", "--format=json"), "length of json")):
            self.fails(USAGE, f"--verify: .*{message}", tensorinit(
                "get", f"--server={self.server.url}", "--shape=2,3", *options))
        self.fails(USAGE, "--verify= needs a value", tensorinit("get", "--shape=2", "--verify="))


class Progress(Transfer):
    def slow(self):
        running = fault_proxy.running(self.server, lambda number: Fault(pace=0.03))
        proxy = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        return proxy.url

    def test_json_lines(self):
        done = self.get(self.slow(), *TENSOR, "--progress=json")
        self.succeeds(done)
        rows = [json.loads(line) for line in done.stderr.splitlines()]
        total = len(raw(*TENSOR))
        self.assertGreaterEqual(len(rows), 2)
        self.assertEqual([row["done"] for row in rows], [False] * (len(rows) - 1) + [True])
        self.assertEqual({row["total_bytes"] for row in rows}, {total})
        self.assertEqual(rows[-1]["bytes"], total)
        counts = [row["bytes"] for row in rows]
        self.assertEqual(counts, sorted(counts))
        self.assertGreater(counts[0], 0)
        self.assertLess(counts[0], total)
        self.assertLess(abs(rows[0]["seconds_left"] * rows[0]["bytes_per_s"] + counts[0] -
                            total), total / 10)

    def test_lines_and_none(self):
        url = self.slow()
        done = self.get(url, *TENSOR, "-v")
        self.assertRegex(done.stderr.decode(), r"\Atensorinit: \d+(\.\d)? .?.?B of 3\.8 MiB, "
                         r"\d+ %, \d+\.\d .iB/s, 0:00:\d\d left\n(?s:.*)"
                         r"tensorinit: 3\.8 MiB in \d+\.\d s, \d+\.\d .iB/s\n\Z")
        for options in (), ("-q", "-v"), ("--progress=none", "-v"):
            self.assertEqual(self.get(self.server.url, *TENSOR, *options).stderr, b"")
        self.fails(USAGE, "--progress: 'x'", self.get(url, *TENSOR, "--progress=x"))

    def test_terminal(self):
        """A line that is overwritten, and gone at the end; none with -q."""
        for url, *options in (self.slow(),), (self.server.url, "-q"):
            master, terminal = pty.openpty()
            command = subprocess.run(
                [daemon.COMMAND, "get", "--server", url, *TENSOR, *options, "-o", self.out],
                stdin=subprocess.DEVNULL, stderr=terminal, timeout=60, check=True)
            self.assertEqual(command.returncode, 0)
            os.write(terminal, b"end")
            shown = shown_on(master, terminal)
            os.close(master)
            if options:
                self.assertEqual(shown, b"end")
            else:
                self.assertRegex(shown, rb"\A(\r[^\r\n]* of 3\.8 MiB, [^\r\n]*\x1b\[K)+"
                                 rb"\r\x1b\[Kend\Z")


class Resume(Transfer):
    def test_killed_and_continued(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            self.half(number)
            proxy = self.proxy()
            self.succeeds(self.get(proxy.url, *LARGE, "--continue", "-j1"))
            self.is_complete()
            # What was written after the last state comes again.
            self.assertLessEqual(proxy.body_bytes, LARGE_BYTES // 2 + (9 << 20))
            self.out.unlink()

    def test_nothing_to_continue(self):
        self.succeeds(self.get(self.server.url, *TENSOR, "--continue"))
        self.is_complete(TENSOR)
        self.fails(USAGE, "-o FILE", tensorinit("get", *TENSOR, "-c"))

    def test_wrong_option_leaves_the_part(self):
        self.half()
        part = self.part.read_bytes()
        self.fails(USAGE, "--jobs", self.get(self.server.url, *LARGE, "-c", "--jobs", "x"))
        self.assertEqual(self.part.read_bytes(), part)
        self.assertTrue(self.state.exists())

    def test_nothing_to_continue_by_another_name(self):
        """/dev/stdout is written as it is, whatever lies beside the file that it leads to."""
        self.half()
        with open(self.out, "wb") as out:
            process = subprocess.run(
                [daemon.COMMAND, "get", "--server", self.server.url, *TENSOR, "-c", "-o",
                 "/dev/stdout"], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
        self.assertEqual(process.returncode, OK, process.stderr)
        self.assertEqual(self.out.read_bytes(), raw(*TENSOR))

    def test_without_continue_it_starts_again(self):
        self.half()
        self.part.write_bytes(b"x" * (LARGE_BYTES + 1))
        proxy = self.proxy()
        self.succeeds(self.get(proxy.url, *LARGE))
        self.is_complete()
        self.assertGreaterEqual(proxy.body_bytes, LARGE_BYTES)

    def test_complete_but_not_renamed(self):
        self.half()
        self.part.write_bytes(raw(*LARGE))
        state = json.loads(self.state.read_text())
        self.state.write_text(json.dumps(state | {"done": [[0, LARGE_BYTES]]}))
        self.succeeds(self.get(self.server.url, *LARGE, "--continue"))
        self.is_complete()

    def test_part_is_damaged(self):
        self.half()
        with open(self.part, "r+b") as part:
            part.seek(1000)
            part.write(b"????")
        done = self.get(self.server.url, *LARGE, "--continue")
        self.fails(MISMATCH, "out.bin.part differs from the tensor at byte 100[0-3]", done)
        self.assertFalse(self.out.exists())

    def test_part_is_too_long(self):
        """What was appended does not get the final name, not even to a complete part."""
        for complete in (False, True):
            self.half()
            with open(self.part, "ab") as part:
                part.write(bytes(99))
            if complete:
                self.part.write_bytes(raw(*LARGE) + b"x")
                state = json.loads(self.state.read_text())
                self.state.write_text(json.dumps(state | {"done": [[0, LARGE_BYTES]]}))
            self.succeeds(self.get(self.server.url, *LARGE, "--continue"))
            self.is_complete()
            self.out.unlink()

    def test_machine_has_crashed(self):
        """All is recomputed then, not a sample."""
        self.half()
        with open(self.part, "r+b") as part:
            part.seek(5_000_001)
            part.write(bytes(99))
        state = json.loads(self.state.read_text())
        self.state.write_text(json.dumps(state | {"boot": "another"}))
        done = self.get(self.server.url, *LARGE, "--continue")
        self.fails(MISMATCH, "differs from the tensor at byte 500000", done)

    def test_another_request_or_tag(self):
        self.half()
        done = self.get(self.server.url, *LARGE, "--seed=1", "--continue")
        self.fails(MISMATCH, "is of another tensor", done)
        state = json.loads(self.state.read_text())
        self.state.write_text(json.dumps(state | {"etag": '"other"'}))
        done = self.get(self.server.url, *LARGE, "--continue")
        self.fails(MISMATCH, 'ETag is .*, expected "other"', done)
        for text in ("", "{}", "[1]", json.dumps(state | {"done": [[5, 1]]})):
            self.state.write_text(text)
            done = self.get(self.server.url, *LARGE, "--continue")
            self.fails(IO_ERROR, "is not the state of a transfer", done)
        self.assertFalse(self.out.exists())

    def test_two_at_once(self):
        proxy = self.proxy(Fault(stall=LARGE_BYTES // 2))
        process = self.start(proxy.url, *LARGE, "-j1")
        self.wait_for_state(process, 7 << 20)
        done = self.get(self.server.url, *LARGE)
        self.fails(IO_ERROR, "being written by another process", done)
        self.wait_for_state(process, 7 << 20)

    def test_disk_is_too_small(self):
        started = time.monotonic()
        done = self.get(self.server.url, f"--shape={2**50}", "--scheme=zeros")
        self.fails(IO_ERROR, r"needs 4.0 PiB \(4503599627370496 bytes\).* has [\d.]+ \w+ "
                             r"\(\d+ bytes\)", done)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(os.listdir(self.scratch), [])

    def test_disk_becomes_full(self):
        """Said once, not by each connection."""
        self.in_memory()

        def limit():
            limit_file(20 << 20)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        done = self.get(self.server.url, *LARGE, "-j4", preexec_fn=limit, restore_signals=False)
        self.fails(IO_ERROR, "cannot write .*File too large", done)
        self.assertEqual(done.stderr.count(b"cannot write"), 1)
        self.assertRegex(done.stderr.decode(), rf"part has [1-9]\d* of {LARGE_BYTES} bytes")
        self.succeeds(self.get(self.server.url, *LARGE, "--continue"))
        self.is_complete(LARGE)

    def test_timeout_is_for_all_ranges(self):
        """Three gaps are left, at a server that needs 1 s for each."""
        self.half()
        state = json.loads(self.state.read_text())
        mib = 1 << 20
        state["done"] = [[0, mib], [2 * mib, 3 * mib], [4 * mib, 5 * mib], [6 * mib, LARGE_BYTES]]
        self.part.write_bytes(raw(*LARGE))
        self.state.write_text(json.dumps(state))
        slow = self.relay(lambda number: Fault(pace=1 / 16))
        started = time.monotonic()
        done = self.get(slow.url, *LARGE, "--continue", "--timeout=1.5")
        self.fails(UNAVAILABLE, "not ended in time", done)
        self.assertGreaterEqual(len(slow.requests), 1)
        self.assertLess(len(slow.requests), 3)
        self.assertGreaterEqual(time.monotonic() - started, 1.5)
        self.succeeds(self.get(self.server.url, *LARGE, "--continue"))
        self.is_complete()


class Faults(Transfer):
    def test_transfer_breaks_and_goes_on(self):
        proxy = self.proxy(Fault(cut=1_500_000), Fault(cut=1_000_000, reset=True))
        self.succeeds(self.get(proxy.url, *TENSOR))
        self.assertEqual(len(proxy.requests), 3)
        self.is_complete(TENSOR)
        for request in proxy.requests[1:]:
            self.assertRegex(request, r"(?i)\r\nRange: bytes=\d+-")

    def test_another_tensor(self):
        """After a break, the rest of another tensor of the same length."""
        proxy = self.proxy(Fault(cut=100_000), Fault(replace=("name=a", "name=b")))
        self.fails(MISMATCH, "different body", self.get(proxy.url, "-q", *TENSOR))
        self.assertFalse(self.out.exists())

    def test_wrong_length(self):
        for length in (-1, 1):
            proxy = self.proxy(Fault(length=length))
            done = self.get(proxy.url, "--shape=1000,10", "--name=a")
            self.fails(MISMATCH, "expected 40000", done)
            self.assertEqual(os.listdir(self.scratch), [])

    def test_redirect_loop(self):
        proxy = self.proxy(*9 * [Fault(status=302, fields=("Location: /v1/tensor",))])
        done = self.get(proxy.url, *TENSOR)
        self.fails(UNAVAILABLE, "redirects", done)
        self.assertEqual(os.listdir(self.scratch), [])

    def test_failures_that_pass(self):
        """The server's Retry-After is honoured, and the note is printed once."""
        proxy = self.proxy(Fault(status=500), Fault(status=500),
                           Fault(status=503, fields=("Retry-After: 1",)),
                           Fault(cut=0), Fault(cut=2_000_000))
        started = time.monotonic()
        done = self.get(proxy.url, *TENSOR)
        self.succeeds(done)
        self.is_complete(TENSOR)
        self.assertGreaterEqual(time.monotonic() - started, 1)
        self.assertEqual(len(proxy.requests), 6)
        self.assertEqual(done.stderr.count(b"HTTP status 500"), 1)
        self.assertEqual(len(done.stderr.splitlines()), 8)

    def test_failures_that_do_not_pass(self):
        for faults, options, message in (
                (99 * [Fault(status=500)], ("--retry-for=0.3",), "HTTP status 500"),
                ([Fault(status=503, fields=("Retry-After: 9",))], ("--retry-for=8.5",),
                 "HTTP status 503"),
                ([Fault(stall=100_000)], ("--timeout=0.5",), "not ended in time"),
                ([Fault(cut=100_000)], ("--retry-for=0",), "broke after 100000 bytes")):
            proxy = self.proxy(*faults)
            started = time.monotonic()
            done = self.get(proxy.url, "-q", *TENSOR, *options)
            self.fails(UNAVAILABLE, message, done)
            self.assertLess(time.monotonic() - started, 8)
            self.assertFalse(self.out.exists())


class Servers(Transfer):
    def daemon_at(self, port):
        process = daemon.start([daemon.DAEMON, "--listen", f"127.0.0.1:{port}"])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process, daemon.listening_port(process)

    def test_server_is_not_up_yet(self):
        process, port = self.daemon_at(daemon.free_port())
        process.kill()
        process.wait()
        command = self.start(f"http://127.0.0.1:{port}", *TENSOR)
        self.assertIn(b"cannot be reached", command.stderr.readline())
        self.daemon_at(port)
        self.assertEqual(command.wait(60), 0)
        self.is_complete(TENSOR)

    def test_replicas_are_killed_and_restarted(self):
        replicas = [self.daemon_at(daemon.free_port()) for _ in range(3)]
        proxies = [self.paced(port, 0.015) for _, port in replicas]
        servers = [f"--server={proxy.url}" for proxy in proxies]
        command = subprocess.Popen(
            [daemon.COMMAND, "get", *servers, *LARGE, "-o", self.out],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(command.kill)
        for number, (process, port) in enumerate(replicas):
            self.wait_for_state(command, (number + 1) * LARGE_BYTES // 5)
            process.kill()
            process.wait()
            self.daemon_at(port)
        self.assertEqual(command.wait(60), 0)
        self.is_complete()
        self.assertLess(sum(proxy.body_bytes for proxy in proxies), LARGE_BYTES * 1.1)

    def test_server_hangs(self):
        """Its range is taken over by a connection that has nothing left to do."""
        hung = self.relay(lambda number: Fault(stall=1 << 20))
        started = time.monotonic()
        self.succeeds(tensorinit("get", f"--server={self.server.url}", f"--server={hung.url}",
                                 *LARGE, "-o", self.out))
        self.is_complete()
        self.assertGreater(len(hung.requests), 0)
        self.assertLess(time.monotonic() - started, 40)

    def test_default_of_jobs(self):
        """On this machine the only server needs half of the processors; several share."""
        relays = [self.relay({}.get) for _ in range(2)]
        for used in (relays[:1], relays):
            before = sum(len(relay.requests) for relay in relays)
            self.succeeds(tensorinit("get", *(f"--server={relay.url}" for relay in used), *LARGE,
                                     "-o", self.out))
            requests = sum(len(relay.requests) for relay in relays) - before
            if len(used) == 1 and os.sysconf("SC_NPROCESSORS_ONLN") < 4:
                self.assertEqual(requests, 1)
            else:
                self.assertGreater(requests, 1)

    def test_first_server_does_not_respond(self):
        """Another one gets the request in 5 s; else the silence may last for 60 s."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = "http://127.0.0.1:%d" % silent.getsockname()[1]
            started = time.monotonic()
            done = tensorinit("get", f"--server={url}", f"--server={self.server.url}", *TENSOR,
                              "-o", self.out)
            self.assertEqual((done.returncode, done.stdout), (0, b""))
            self.assertIn(f"{url}: the connection broke: no response after 5 s",
                          done.stderr.decode())
            self.is_complete(TENSOR)
            self.assertGreater(time.monotonic() - started, 4.9)
            self.assertLess(time.monotonic() - started, 40)
            # With no time for retries, or no other server, it is waited for.
            for options in ((f"--server={self.server.url}", "--retry-for=50"), ()):
                done = tensorinit("get", f"--server={url}", *options, "--timeout=7", *TENSOR,
                                  "-o", self.out)
                self.fails(UNAVAILABLE, "not ended in time", done)

    def test_several_in_the_environment(self):
        proxy = self.proxy(Fault(status=404))
        environment = os.environ | {
            "TENSORINIT_SERVER": f"{proxy.url},http://127.0.0.1:1,{self.server.url}"}
        self.succeeds(tensorinit("get", *TENSOR, "-o", self.out, env=environment))
        self.is_complete(TENSOR)
        for url in ("http://127.0.0.1:1,", ",", "http://127.0.0.1:1,nonsense"):
            environment["TENSORINIT_SERVER"] = url
            done = tensorinit("get", *TENSOR, env=environment)
            self.fails(USAGE, "TENSORINIT_SERVER: ", done)
