# SPDX-License-Identifier: MIT
"""--listen unix:PATH."""
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import threading

from support import Case, Daemon, ask, connect, daemon

TENSOR = "/v1/tensor?shape=700,900&seed=4&name=w"  # 2.5 MB


class Unix(Case):
    def test_curl(self):
        """The bytes that TCP gives, from both listeners of one daemon; ranges as well."""
        server = self.start("--listen", f"unix:{self.path},127.0.0.1:0")
        by_tcp = ask(server.port, TENSOR)
        self.assertEqual(ask(self.path, TENSOR).body, by_tcp.body)
        curl = shutil.which("curl")
        if not curl:
            self.skipTest("no curl")
        for more, expected in (((), by_tcp.body), (("-r", "5-70000"), by_tcp.body[5:70001])):
            done = subprocess.run([curl, "-sSf", "--unix-socket", self.path, *more,
                                   "http://localhost" + TENSOR],
                                  capture_output=True, check=True)
            self.assertEqual(hashlib.sha256(done.stdout).hexdigest(),
                             hashlib.sha256(expected).hexdigest())

    def test_keep_alive_and_half_close(self):
        self.start("--listen", f"unix:{self.path}").ready()
        client = connect(self.path)
        one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(one + one)
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(65536), b""))
        client.close()
        self.assertEqual(received.count(b"HTTP/1.1 200 OK\r\n"), 2)

    def test_deadlines(self):
        """Idle clients, and those that read nothing, are cut; one that reads slowly is not."""
        self.start("--listen", f"unix:{self.path}", "--idle-timeout", "0.6").ready()
        idle, stalled = connect(self.path), connect(self.path)
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        stalled.sendall(b"GET /v1/tensor?shape=9000,9000 HTTP/1.1\r\nHost: x\r\n\r\n")
        while idle.recv(65536):
            pass
        idle.close()
        self.until("the stalled client is not cut",
                   lambda: 'reason="stalled"} 1' in ask(self.path, "/metrics").body.decode())
        stalled.close()

    def test_slow_reader(self):
        """--min-rate is for TCP."""
        self.start("--listen", f"unix:{self.path}", "--idle-timeout", "2", "--min-rate",
                   "1000000000").ready()
        client = connect(self.path)
        client.sendall(b"GET /v1/tensor?shape=2000,1000 HTTP/1.1\r\nHost: x\r\n"
                       b"Connection: close\r\n\r\n")
        received, pause = 0, threading.Event()
        while data := client.recv(200000):
            received += len(data)
            pause.wait(0.1)  # four seconds in all
        client.close()
        self.assertGreater(received, 8_000_000)

    def test_file(self):
        """A socket with the permissions that the umask leaves; it goes at the end."""
        server = self.start("--listen", f"unix:{self.path}", preexec_fn=lambda: os.umask(0o117))
        server.ready()
        status = os.lstat(self.path)
        self.assertTrue(stat.S_ISSOCK(status.st_mode))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o660)
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.lexists(self.path))

    def test_stale_file(self):
        first = self.start("--listen", f"unix:{self.path}").ready()
        first.send(signal.SIGKILL)
        first.exit()
        self.assertTrue(os.path.lexists(self.path))
        self.start("--listen", f"unix:{self.path}").ready()
        self.assertEqual(ask(self.path, "/healthz").status, 200)

    def test_live_socket(self):
        """It is left alone, also if its queue is full; with --reuse-port as well."""
        self.start("--listen", f"unix:{self.path}").ready()
        self.fails(71, "another process listens there", "--listen", f"unix:{self.path}")
        self.fails(71, "another process listens there", "--listen", f"unix:{self.path}",
                   "--reuse-port")
        self.assertEqual(ask(self.path, "/healthz").status, 200)
        full = self.scratch / "full"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(full))
        listener.listen(0)
        client = connect(full)
        self.fails(71, "another process listens there", "--listen", f"unix:{full}")
        client.close()
        listener.close()

    def test_what_is_no_socket(self):
        target = self.scratch / "target"
        target.write_text("mine")
        link = self.scratch / "link"
        link.symlink_to(target)
        folder = self.scratch / "folder"
        folder.mkdir()
        for path in (target, link, folder):
            self.fails(71, "the file exists and is not a socket", "--listen", f"unix:{path}")
        self.assertEqual(target.read_text(), "mine")
        self.assertTrue(link.is_symlink())

    def test_other_kind_of_socket(self):
        other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        other.bind(str(self.path))
        self.fails(71, "it is unknown whether", "--listen", f"unix:{self.path}")
        self.assertTrue(os.path.lexists(self.path))
        other.close()

    def test_a_successors_file_stays(self):
        """Removed by an operator, bound again by another: it stays."""
        first = self.start("--listen", f"unix:{self.path}").ready()
        self.path.unlink()
        self.start("--listen", f"unix:{self.path}").ready()
        self.assertEqual(first.stop(), 0)
        self.assertEqual(ask(self.path, "/healthz").status, 200)

    def test_race(self):
        """Of several that find one stale socket at the same time, one listens."""
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(self.path))
        stale.close()
        daemons = [Daemon("--listen", f"unix:{self.path}") for _ in range(6)]
        lines = [each.wait_for("listening on http|another process listens")
                 for each in daemons]
        self.assertEqual(sum("listening on" in line for line in lines), 1, lines)
        self.assertEqual(ask(self.path, "/healthz").status, 200)
        codes = sorted(each.stop() for each in daemons)
        self.assertEqual(codes, [0, 71, 71, 71, 71, 71])

    def test_wrong_paths(self):
        expected = "expected unix:PATH with an absolute path of at most 107 bytes"
        for path in ("", "/", "relative", "@abstract", "/" + "x" * 107):
            self.fails(64, expected, "--listen", f"unix:{path}")
        self.fails(71, "No such file or directory", "--listen", "unix:/nonesuch/d.sock")
        longest = str(self.scratch / "x")
        longest += "x" * (107 - len(longest))
        self.start("--listen", f"unix:{longest}").ready()
        self.assertEqual(ask(longest, "/healthz").status, 200)

    def test_peer(self):
        """'unix' in the log; believed as a proxy only with --trusted-proxies unix."""
        fields = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "w.example"}
        for trusted, origin in (("unix", "https://w.example"), ("::/0,0.0.0.0/0", None)):
            server = self.start("--listen", f"unix:{self.path}", "--access-log",
                                "--trusted-proxies", trusted).ready()
            page = ask(self.path, "/", **fields).body.decode()
            self.assertEqual("https://w.example/v1/tensor" in page, origin is not None)
            server.wait_for(r"client=unix method=GET target=/ ")
            self.assertEqual(server.stop(), 0)

    def test_limit(self):
        server = self.start("--listen", f"unix:{self.path}", "--max-connections", "1",
                            "--drain-timeout", "0.2").ready()
        client = connect(self.path)
        client.sendall(b"GET /v1/tensor?shape=90000,9000 HTTP/1.1\r\nHost: x\r\n\r\n")
        client.recv(1)
        refused = ask(self.path, "/v1/plan?shape=2,2")
        self.assertEqual(refused.status, 503)
        self.assertEqual(ask(self.path, "/healthz").status, 200)
        self.assertEqual(server.stop(), 0)
        client.close()

    def test_health(self):
        def health():
            return subprocess.run([daemon.DAEMON, "health", "--listen", f"unix:{self.path}"],
                                  capture_output=True, text=True, check=False)
        server = self.start("--listen", f"unix:{self.path}").ready()
        self.assertEqual(health().returncode, 0)
        self.assertEqual(server.stop(), 0)
        done = health()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"unix:{self.path}: No such file", done.stderr)

    def test_printed_configuration(self):
        done = subprocess.run([daemon.DAEMON, "--print-config", "--listen",
                               "unix:/run/t.sock,[::1]:9", "--trusted-proxies", "unix"],
                              capture_output=True, text=True, check=True)
        self.assertIn("\nlisten = unix:/run/t.sock,[::1]:9\n", done.stdout)
        self.assertIn("\ntrusted-proxies = unix\n", done.stdout)
