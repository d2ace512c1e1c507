# SPDX-License-Identifier: MIT
"""--admin-listen: probes and metrics apart from the public."""
import json
import os
import resource
import socket
import subprocess
import tempfile

from support import Case, ask, connect, credentials, daemon

STREAM = b"GET /v1/tensor?shape=90000,9000 HTTP/1.1\r\nHost: x\r\n\r\n"


class Admin(Case):
    def test_paths(self):
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                            "--admin-listen", f"unix:{self.path}", "--base-path", "/ml")
        listed = json.loads(ask(server.port, "/openapi.json").body)["paths"]
        self.assertNotIn("/metrics", listed)
        self.assertIn("/healthz", listed)
        self.assertNotIn(b"/metrics", ask(server.port, "/").body)
        for address in (server.admin_port, self.path):
            for path in listed | {"/metrics": None}:
                expected = 200 if path in ("/metrics", "/healthz", "/readyz") else 404
                for method in ("GET", "HEAD"):
                    self.assertEqual(ask(address, path, method).status, expected, path)
                # The rest is not even admitted to exist.
                self.assertEqual(ask(address, path, "POST").status,
                                 405 if expected == 200 else 404, path)
            missing = ask(address, "/v1/tensor?shape=2")
            self.assertEqual(missing.headers["Content-Type"], "application/problem+json")
        for path, status in (("/metrics", 404), ("/ml/metrics", 404), ("/healthz", 200),
                             ("/ml/readyz", 200)):
            self.assertEqual(ask(server.port, path).status, status, path)
        problem = json.loads(ask(server.port, "/metrics").body)
        self.assertIn("--admin-listen", problem["detail"])

    def test_without_it(self):
        server = self.start("--listen", "127.0.0.1:0")
        self.assertEqual(ask(server.port, "/metrics").status, 200)

    def test_no_pages_of_other_origins(self):
        """What only operators may see is not for the scripts of any page they have open."""
        self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}").ready()
        response = ask(self.path, "/metrics", Origin="https://a.example")
        self.assertEqual([name for name in response.headers if "Access-Control" in name], [])

    def test_counts_are_one(self):
        """It shows what the public listener has done, and counts its own requests."""
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}")
        for _ in range(3):
            ask(server.port, "/v1/schemes")
        for route in ("/v1/schemes", "/metrics"):
            line = f'requests_total{{route="{route}",format="none",code="200"}} 3\n'
            self.until(line, lambda: line in ask(self.path, "/metrics").body.decode())

    def test_full_server(self):
        """It answers when all places are taken, the reserved ones as well, and has some
        connections that stay open."""
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}",
                            "--max-connections", "2", "--drain-timeout", "0.2",
                            "--workers", "1")
        clients = [connect(server.port) for _ in range(2 + 16)]
        for client in clients[:2]:
            client.sendall(STREAM)
            client.recv(1)
        for client in clients[2:]:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        idle = [connect(self.path) for _ in range(20)]
        for client in idle * 3:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200 "))
        for _ in range(50):
            self.assertEqual(ask(self.path, "/metrics").status, 200)
        for client in clients + idle:
            client.close()
        self.assertEqual(server.stop(), 0)

    def test_crowd(self):
        """It has a limit of its own, at which probes are still answered."""
        self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}").ready()
        clients = [connect(self.path) for _ in range(32)]
        for client in clients:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(ask(self.path, "/metrics").status, 200)
        self.assertEqual(ask(self.path, "/nothing").status, 503)
        for client in clients:
            client.close()

    def test_during_the_drain(self):
        """While transfers finish, it tells that the daemon is alive and stopping."""
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}",
                            "--drain-timeout", "20")
        client = connect(server.port)
        client.sendall(STREAM)
        client.recv(1)
        server.send(15)
        server.wait_for("stopping; 1 connections are open")
        self.assertEqual(ask(self.path, "/healthz").status, 200)
        self.assertEqual(ask(self.path, "/readyz").status, 503)
        self.assertIn(b"tensorinit_requests_in_flight", ask(self.path, "/metrics").body)
        server.send(15)
        self.assertEqual(server.exit(), 0)
        client.close()
        self.assertFalse(os.path.lexists(self.path))

    def test_tokens_and_certificates(self):
        """Neither is needed, and it is plain HTTP."""
        tokens = self.scratch / "tokens"
        tokens.write_text("one = " + 32 * "a" + "\n")
        tokens.chmod(0o600)
        pem, key = credentials.self_signed(self.scratch)
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                            "--token-file", tokens, "--tls-cert", pem, "--tls-key", key,
                            "--tls-client-ca", pem)
        server.wait_for("listening on https://")
        for path in ("/metrics", "/healthz", "/readyz"):
            self.assertEqual(ask(server.admin_port, path).status, 200)
        # Alive also where a handshake needs a client's certificate.
        done = subprocess.run([daemon.DAEMON, "health", "--listen", "127.0.0.1:1",
                               "--tls-cert", pem, "--tls-key", key, "--tls-client-ca", pem,
                               "--admin-listen", f"127.0.0.1:{server.admin_port}"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_metrics_without_a_token(self):
        """On public listeners it is as if there was no such path: 404, not 401."""
        tokens = self.scratch / "tokens"
        tokens.write_text("one = " + 32 * "a" + "\n")
        tokens.chmod(0o600)
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}",
                            "--token-file", tokens)
        self.assertEqual(ask(server.port, "/metrics").status, 404)
        self.assertEqual(ask(server.port, "/v1/tensor?shape=2").status, 401)

    def test_health(self):
        """The request goes to the admin listener if there is one."""
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}")
        for admin, status in ((f"unix:{self.path}", 0), (f"unix:{self.path}x", 1)):
            done = subprocess.run([daemon.DAEMON, "health", "--listen",
                                   f"127.0.0.1:{server.port}", "--admin-listen", admin],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_busy_address(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            self.fails(71, f"cannot listen on 127.0.0.1:{port}", "--listen",
                       f"unix:{self.path}", "--admin-listen", f"127.0.0.1:{port}")
        self.assertFalse(os.path.lexists(self.path))

    def test_few_descriptors(self):
        """What the admin listener and its connections need is counted beforehand."""
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
        server = self.start("--listen", "127.0.0.1:0", "--admin-listen", f"unix:{self.path}",
                            "--workers", "1", "--drain-timeout", "0.1", preexec_fn=limit)
        line = server.wait_for("only 120 open files are allowed: --max-connections is")
        places = int(line.split(" is ")[1].split()[0])
        clients = [connect(server.port) for _ in range(places)]
        clients += [connect(self.path) for _ in range(32)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 200 "))
        clients += [connect(server.port) for _ in range(40)]
        text = ask(self.path, "/metrics").body.decode()
        self.assertIn('connections_ended_total{reason="no_descriptor"} 0\n', text)
        for client in clients:
            client.close()
        self.fails(71, "only 60 open files are allowed; at least", "--listen", "127.0.0.1:0",
                   "--admin-listen", f"unix:{tempfile.mkdtemp(dir=self.scratch)}/x",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60)))
