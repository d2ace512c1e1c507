# SPDX-License-Identifier: MIT
"""The output of generate: files, devices, pipes, terminals.

Devices are reached through symbolic links: a command that renamed its file over a
device would do so here as well, and as root take the machine's /dev/null with it.
"""
import os
import pty
import signal
import stat
import struct
import subprocess
import threading

from support import (HUGE, IO_ERROR, OK, SLOW, SMALL, USAGE, Case, daemon, generate,
                     limit_file, raw, tensorinit)


class Files(Case):
    def test_regular_file(self):
        done = generate(*SMALL, "-o", self.out)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (OK, b"", b""))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))
        self.only_file(self.out)

    def test_relative_path(self):
        self.succeeds(generate(*SMALL, "-o", "out.bin", cwd=self.scratch))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_empty_tensor(self):
        self.succeeds(generate("--shape", "0,5", "-q", "-o", self.out))
        self.assertEqual(self.out.read_bytes(), b"")
        self.only_file(self.out)

    def test_new_file_honours_umask(self):
        for umask in (0o022, 0o027, 0o000, 0o077):
            out = self.scratch / f"{umask:o}.bin"
            self.succeeds(generate(*SMALL, "-o", out, umask=umask))
            self.assertEqual(stat.S_IMODE(out.stat().st_mode), 0o666 & ~umask)

    def test_existing_file_keeps_its_mode(self):
        self.out.write_bytes(b"old")
        for mode in (0o600, 0o640, 0o604, 0o755):
            self.out.chmod(mode)
            self.succeeds(generate(*SMALL, "-o", self.out, umask=0o022))
            self.assertEqual(stat.S_IMODE(self.out.stat().st_mode), mode)

    def test_existing_file_is_replaced_not_overwritten(self):
        """A reader that has the old file open still reads the old bytes."""
        self.out.write_bytes(b"old" * 100)
        with open(self.out, "rb") as reader:
            self.succeeds(generate(*SMALL, "-o", self.out))
            self.assertEqual(reader.read(), b"old" * 100)
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_failed_write_leaves_the_old_file(self):
        self.in_memory()

        def limit():
            limit_file(1 << 20)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        for old in (b"old", None):
            if old:
                self.out.write_bytes(old)
            else:
                self.out.unlink()
            done = generate(*SLOW, "-o", self.out, preexec_fn=limit,
                            restore_signals=False)
            self.fails(IO_ERROR, "cannot write", done)
            # Not once by each thread.
            self.assertEqual(done.stderr.count(b"cannot write"), 1)
            self.assertEqual(os.listdir(self.scratch), ["out.bin"] if old else [])
        self.out.write_bytes(b"old")

    def test_disk_is_too_small(self):
        """Which is said before anything is computed, and both figures with it."""
        for form in ("raw", "npy", "safetensors"):
            done = generate("--shape", f"{2**50}", "--scheme=zeros", "--format", form, "-o",
                            self.out)
            self.fails(IO_ERROR, r"needs 4.0 PiB \(45035996273\d+ bytes\).* has [\d.]+ \w+ "
                                 r"\(\d+ bytes\)", done)
            self.assertEqual(os.listdir(self.scratch), [])

    def test_bad_value_leaves_the_old_file(self):
        self.out.write_bytes(b"old")
        self.fails(USAGE, "--shape", generate("--shape", "x", "-o", self.out))
        self.assertEqual(self.out.read_bytes(), b"old")
        self.only_file(self.out)

    def test_kill_leaves_the_old_file(self):
        self.interrupted(signal.SIGKILL, "generate")

    def test_interrupt_leaves_nothing_else(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.interrupted(number, "generate")
            self.only_file(self.out)

    def test_symbolic_link_is_followed(self):
        self.out.write_bytes(b"old")
        link = self.link("out.bin")
        self.succeeds(generate(*SMALL, "-o", link))
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_longest_file_name(self):
        out = self.scratch / ("n" * 255)
        self.succeeds(generate(*SMALL, "-o", out))
        self.assertEqual(out.read_bytes(), raw(*SMALL))

    def test_no_such_directory(self):
        done = generate(*SMALL, "-o", self.scratch / "no/out")
        self.fails(IO_ERROR, "No such file", done)

    def test_directory(self):
        self.fails(IO_ERROR, "Is a directory", generate(*SMALL, "-o", self.scratch))
        self.assertEqual(os.listdir(self.scratch), [])

    def test_empty_path(self):
        for arguments in (["-o", ""], ["--output", ""], ["--output="]):
            self.fails(USAGE, arguments[0] + ".* needs a value",
                       generate(*SMALL, *arguments, cwd=self.scratch))
        self.assertEqual(os.listdir(self.scratch), [])


class Streams(Case):
    def test_standard_output(self):
        want = struct.pack("<2f", 1.5, 1.5)
        base = ("--shape=2", "--scheme=constant", "--value=1.5", "-q")
        for more in ((), ("-o", "-"), ("--output", "-"), ("--output=-",)):
            done = generate(*base, *more, cwd=self.scratch)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (OK, want, b""))
        self.assertEqual(os.listdir(self.scratch), [])

    def test_standard_output_is_a_file(self):
        with open(self.out, "wb") as out:
            self.succeeds(generate(*SMALL, stdout=out))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_dev_stdout(self):
        link = self.link("/proc/self/fd/1")
        with open(self.out, "wb") as out:
            self.succeeds(generate(*SMALL, "-o", link, stdout=out))
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_fifo(self):
        fifo = self.scratch / "fifo"
        os.mkfifo(fifo)
        got = []
        reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
        reader.start()
        done = generate("--shape=300,700", "--name=a", "-o", fifo)
        reader.join(60)
        self.succeeds(done)
        self.assertEqual(got, [raw("--shape=300,700", "--name=a")])
        self.assertTrue(stat.S_ISFIFO(fifo.stat().st_mode))
        self.only_file(fifo)

    def test_dev_null(self):
        link = self.link("/dev/null")
        self.succeeds(generate(*SMALL, "-o", link))
        self.assertTrue(link.is_symlink())
        self.only_file(link)

    def test_dev_full(self):
        link = self.link("/dev/full")
        self.fails(IO_ERROR, "No space left", generate(*SMALL, "-o", link))
        self.only_file(link)

    def test_standard_output_is_full(self):
        with open("/dev/full", "wb") as full:
            for verb in (["generate", *SMALL], ["--help"], ["--version"],
                         ["generate", "--help"]):
                self.fails(IO_ERROR, "standard output", tensorinit(*verb, stdout=full))

    def test_standard_output_is_closed(self):
        for verb in (["generate", *SMALL], ["--help"], ["--version"]):
            done = tensorinit(*verb, stdout=None, preexec_fn=lambda: os.close(1))
            self.fails(IO_ERROR, "Bad file descriptor", done)

    def test_file_though_standard_output_is_closed(self):
        done = generate(*SMALL, "-o", self.out, stdout=None,
                        preexec_fn=lambda: os.close(1))
        self.succeeds(done)
        self.only_file(self.out)
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_file_though_input_and_error_are_closed(self):
        def close():
            os.close(0)
            os.close(2)
        self.succeeds(generate(*SMALL, "-o", self.out, preexec_fn=close))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))

    def test_reader_goes_away(self):
        """An endless tensor ends with its reader: by SIGPIPE, or by EPIPE."""
        for ignored, code in ((False, -signal.SIGPIPE), (True, IO_ERROR)):
            process = subprocess.Popen([daemon.COMMAND, "generate", *HUGE],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       restore_signals=not ignored)
            self.assertEqual(len(process.stdout.read(1 << 20)), 1 << 20)
            process.stdout.close()
            self.assertEqual(process.wait(60), code)
            process.stderr.close()

    def test_terminal(self):
        """Binary output is not written to a terminal; text is."""
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        for more in ((), ("-o", "-")):
            done = generate(*SMALL, *more, stdout=terminal)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(b"-o FILE", done.stderr)
        os.set_blocking(master, False)
        self.assertRaises(BlockingIOError, os.read, master, 1)
        self.succeeds(generate(*SMALL, "-o", self.out, stdout=terminal))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))
        self.succeeds(generate(*SMALL, "--format=json", stdout=terminal))
        os.set_blocking(master, True)
        self.assertEqual(os.read(master, 1), b"[")
