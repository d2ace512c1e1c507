# SPDX-License-Identifier: MIT
"""tensorinit get: formats, servers, output files and failures."""
import http.server
import os
import pty
import re
import signal
import stat
import subprocess
import threading

from support import (HUGE, IO_ERROR, MISMATCH, OK, SMALL, UNAVAILABLE, USAGE, Case,
                     daemon, dtypes, generate, limit_file, raw, tensorinit)

# Much that a URL must encode, repeated up to the longest name.
ODD = "a/b c+d%20&e=f#g?h;i\"'<>\\^`{|}\x01\x7f\u00fc\U0001f9e0".encode()
ODD_NAME = (ODD * (1024 // len(ODD)) + b"x" * (1024 % len(ODD))).decode()


def get(server, *arguments, **options):
    url = server if isinstance(server, str) else server.url
    options.setdefault("env", os.environ | {"TENSORINIT_SERVER": url})
    return tensorinit("get", "--retry-for=0", *arguments, **options)


class Get(Case):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def get(self, *arguments, **options):
        return get(self.server, *arguments, **options)

    def test_formats_and_dtypes(self):
        """Every type in every format, which the file's extension tells."""
        parts = {}, {"slice": "1:,::-2"}, {"shard": "0:1/3"}, {"permute": "1,0"}
        for number, dtype in enumerate(dtypes.of(self.server)):
            tensor = {"shape": "33,7", "name": "a", "dtype": dtype, **parts[number % 4]}
            if dtype in dtypes.INTEGERS:
                tensor |= {"scheme": "constant", "value": dtypes.DTYPES[dtype].largest}
            options = [f"--{name}={value}" for name, value in tensor.items()]
            for name in self.server.words("format"):
                with self.subTest(dtype=dtype, format=name):
                    out = self.scratch / f"w.{'bin' if name == 'raw' else name}"
                    done = self.get("-q", *options, "-o", out)
                    self.assertEqual((done.returncode, done.stdout, done.stderr),
                                     (OK, b"", b""))
                    target = daemon.target("/v1/tensor", tensor | {"format": name})
                    self.assertEqual(out.read_bytes(), self.server.get(target)[0])

    def test_large_empty_and_scalar(self):
        for shape in ("3000,700", "0,5", "scalar"):
            tensor = ("--shape", shape, "--scheme=normal", "--name=a")
            self.succeeds(self.get(*tensor, "-o", self.out))
            self.assertEqual(self.out.read_bytes(), raw(*tensor))
            self.only_file(self.out)

    def test_odd_name(self):
        self.assertEqual(len(ODD_NAME.encode()), 1024)
        for name in (ODD_NAME, "%41", "a+b", "a b", "&seed=7", "a=b", "..", "\n"):
            done = self.get("--shape=3,5", "--name", name)
            self.succeeds(done)
            self.assertEqual(done.stdout, raw("--shape=3,5", "--name", name))
        self.fails(USAGE, "--name", self.get("--shape=3,5", "--name", ODD_NAME + "x"))

    def test_note(self):
        for more, noted in (((), True), (("--name=",), True), (("-q",), False),
                            (("--name=a",), False), (("--scheme=zeros",), False)):
            done = self.get("--shape=3,5", *more)
            self.assertEqual((done.returncode, done.stderr),
                             (OK, generate("--shape=3,5", *more).stderr))
            self.assertEqual(b"note" in done.stderr, noted)

    def test_server_is_given(self):
        nowhere = "http://127.0.0.1:%d" % daemon.free_port()
        for environment, options in (
                (self.server.url, ()), (self.server.url + "/", ()),
                (f" {self.server.url} , {self.server.url} ", ()),
                (nowhere, ("--server", self.server.url)),
                ("", ("--server=" + self.server.url,))):
            done = get(environment, *SMALL, *options)
            self.succeeds(done)
            self.assertEqual(done.stdout, raw(*SMALL))

    def test_existing_file(self):
        self.out.write_bytes(b"old")
        self.out.chmod(0o604)
        self.fails(USAGE, "--scheme", self.get(*SMALL, "--scheme=x", "-o", self.out))
        self.assertEqual(self.out.read_bytes(), b"old")
        self.succeeds(self.get(*SMALL, "-o", self.link("out.bin")))
        self.assertEqual(self.out.read_bytes(), raw(*SMALL))
        self.assertEqual(stat.S_IMODE(self.out.stat().st_mode), 0o604)
        self.assertTrue((self.scratch / "link").is_symlink())

    def test_no_regular_file(self):
        link = self.link("/dev/null")
        self.succeeds(self.get(*SMALL, "-o", link))
        self.assertTrue(link.is_symlink())
        self.only_file(link)
        fifo = self.scratch / "fifo"
        os.mkfifo(fifo)
        got = []
        reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
        reader.start()
        done = self.get("--shape=300,700", "--name=a", "-o", fifo)
        reader.join(60)
        self.succeeds(done)
        self.assertEqual(got, [raw("--shape=300,700", "--name=a")])

    def test_output_fails(self):
        self.fails(IO_ERROR, "No such file", self.get(*SMALL, "-o", self.scratch / "a/b"))
        self.fails(IO_ERROR, "Is a directory", self.get(*SMALL, "-o", self.scratch))
        full = self.link("/dev/full")
        self.fails(IO_ERROR, "No space left", self.get(*SMALL, "-o", full))
        self.only_file(full)

        def limit():
            limit_file(1 << 20)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        done = self.get("--shape=1000,1000", "--name=a", "-o", self.out,
                        preexec_fn=limit, restore_signals=False)
        self.fails(IO_ERROR, "cannot write", done)
        self.only_file(full)

    def test_terminal(self):
        master, terminal = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, terminal)
        for more in ((), ("-o", "-"), ("--format=npy",)):
            done = self.get(*SMALL, *more, stdout=terminal)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(b"-o FILE", done.stderr)
        self.succeeds(self.get(*SMALL, "--format=json", stdout=terminal))
        self.assertEqual(os.read(master, 1), b"[")

    def test_reader_goes_away(self):
        for ignored, code in ((False, -signal.SIGPIPE), (True, IO_ERROR)):
            process = subprocess.Popen(
                [daemon.COMMAND, "get", "--server", self.server.url, *HUGE],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                restore_signals=not ignored)
            self.assertEqual(len(process.stdout.read(1 << 20)), 1 << 20)
            process.stdout.close()
            self.assertEqual(process.wait(60), code)
            process.stderr.close()

    def test_spec_is_pinned(self):
        version = tensorinit("--version").stdout.decode()
        spec = re.search(r"\(spec (\S+)\)", version)[1]
        for other in ("1", "1-draft.0", "", spec + "x"):
            done = self.get(*SMALL, "--expect-spec", other, "-o", self.out)
            self.fails(MISMATCH, f"{self.server.url}: .*{spec}, expected {other}\n",
                       done)
            self.assertEqual(os.listdir(self.scratch), [])
        done = self.get(*SMALL, "--expect-spec", spec)
        self.succeeds(done)
        self.assertEqual(done.stdout, raw(*SMALL))

    def test_wrong_usage(self):
        for arguments, message in (((), "--shape"), (("--shape=2,2", "a"), "'a'"),
                                   (("--shape=2,2", "--shape=2,2"), "--shape: .* once"),
                                   (("--shape=2", "--timeout=x"), "--timeout: 'x'"),
                                   (("--shape=2", "--expect-spec"), "needs a value"),
                                   (("--colour=red",), "--colour")):
            self.fails(USAGE, message, self.get(*arguments))


class NoTensor(Case):
    """A server that is missing, is killed, or is not a tensorinitd."""

    def test_no_server(self):
        url = "http://127.0.0.1:%d" % daemon.free_port()
        done = get(url, *SMALL, "-o", self.out)
        self.fails(UNAVAILABLE, f"{url}: .*cannot be reached", done)
        self.assertEqual(os.listdir(self.scratch), [])

    def test_password_is_not_shown(self):
        port = daemon.free_port()
        for slashes in ("/", "//", "///"):  # libcurl accepts them all
            done = get(f"http:{slashes}user:secret@127.0.0.1:{port}", *SMALL)
            self.fails(UNAVAILABLE, f"http://127.0.0.1:{port}: ", done)
            self.assertNotIn(b"secret", done.stderr)
        for url in ("user:secret@127.0.0.1", "http//user:secret@127.0.0.1",
                    "http://user:secret@127.0.0.1:80x", "http://user:secret@",
                    "http://user:secret", "ftp://user:secret@127.0.0.1"):
            for done in (get(url, *SMALL), tensorinit("get", *SMALL, "--server", url)):
                self.assertEqual(done.returncode, USAGE)
                self.assertNotIn(b"secret", done.stderr)

    def test_wrong_url(self):
        for url in ("127.0.0.1:8080", "ftp://127.0.0.1", "http://", "nonsense",
                    "http://127.0.0.1:8080/?a", "http://127.0.0.1:99999"):
            self.fails(USAGE, "TENSORINIT_SERVER: ", get(url, *SMALL))
            self.fails(USAGE, "--server: ", tensorinit("get", *SMALL, "--server", url))

    def test_other_path(self):
        with daemon.running() as server:
            self.fails(UNAVAILABLE, f"{server.url}/x: ", get(server.url + "/x", *SMALL))

    def test_other_server(self):
        """A web server: first 404, then a page."""
        class Page(http.server.BaseHTTPRequestHandler):
            status, log_message = 404, lambda *_: None

            def do_GET(self):
                self.send_response(self.status)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")
        with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # shutdown() waits as long
            thread.start()
            url = f"http://127.0.0.1:{server.server_port}"
            for Page.status, code in ((404, UNAVAILABLE), (200, MISMATCH)):
                done = get(url, *SMALL, "-o", self.out)
                self.fails(code, f"{url}: .*is this the URL of a tensorinitd", done)
                self.assertEqual(os.listdir(self.scratch), [])
            server.shutdown()
            thread.join()
