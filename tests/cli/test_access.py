# SPDX-License-Identifier: MIT
"""tensorinit get: unix sockets, IPv6, proxies, certificates, tokens, fields."""
import os
import shutil
import socket
import subprocess

from support import (IO_ERROR, SMALL, UNAVAILABLE, USAGE, Case, daemon, fault_proxy, raw,
                     tensorinit)

TOKEN = "3mlDzC7fFJ0kN1Uq2x8Y0G4w5b6cVdEh"


class Access(Case):
    def daemon_at(self, *options):
        """The last address that it listens on."""
        process = daemon.start([daemon.DAEMON, *options])
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if "listening on http" in line:
                return line.rpartition("listening on ")[2].strip('"\n')
        raise RuntimeError(f"tensorinitd did not start: exit {process.wait()}")

    def get(self, server, *arguments, **environment):
        return tensorinit("get", "--retry-for=0", f"--server={server}", *SMALL, *arguments,
                          env=os.environ | {"CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "",
                                            "TENSORINIT_TOKEN": ""} | environment)

    def gets(self, *arguments, **environment):
        done = self.get(*arguments, **environment)
        self.succeeds(done)
        self.assertEqual((done.stdout, done.stderr), (raw(*SMALL), b""))

    def proxy(self, server=None, *faults):
        running = fault_proxy.running(server or daemon.Server(1), faults)
        proxy = running.__enter__()
        self.addCleanup(running.__exit__, None, None, None)
        return proxy


class Sockets(Access):
    def test_unix(self):
        path = self.scratch / "d@1.sock"
        self.daemon_at("--listen", f"unix:{path}")
        encoded = str(path).replace("/", "%2F").replace("@", "%40")
        for server in (f"unix:{path}", f"http+unix://{encoded}",
                       f"http+unix://{encoded.lower()}/"):
            self.gets(server)
            self.gets(server, http_proxy="http://127.0.0.1:1")
        large = "--shape=24,1024,1024", "--name=a", "--scheme=normal"
        self.succeeds(tensorinit("get", f"--server=unix:{path}", *large, "-o", self.out))
        self.assertEqual(self.out.read_bytes(), raw(*large))
        self.fails(UNAVAILABLE, f"http\\+unix://{encoded}/x: There is nothing",
                   self.get(f"http+unix://{encoded}/x"))
        self.fails(UNAVAILABLE, f"unix:{path}x: the server cannot be reached",
                   self.get(f"unix:{path}x"))

    def test_wrong_unix(self):
        for server in ("unix:", "unix:a", "unix:./a", "unix:/", "unix:/" + 107 * "a",
                       "http+unix://", "http+unix:///run/a", "http+unix://%2",
                       "http+unix://%2Fa%00", "http+unix://%2Fa/?x", "http+unix://a"):
            self.fails(USAGE, "--server: ", self.get(server))

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6")
        self.gets(self.daemon_at("--listen", "[::1]:0"))


class Proxies(Access):
    def test_variables(self):
        """They are those of curl: no http proxy in upper case, no_proxy for a host."""
        with daemon.running() as server:
            proxy = self.proxy(server)
            self.gets("http://host.invalid", http_proxy=proxy.url)
            self.gets("http://host.invalid", all_proxy=proxy.url)
            self.assertTrue(proxy.requests[0].startswith(
                "GET http://host.invalid/v1/tensor?shape=3,5&name=a HTTP/1.1\r\n"))
            self.assertEqual(len(proxy.requests), 2)
            self.gets(server.url, http_proxy=proxy.url, no_proxy="127.0.0.1")
            self.gets(server.url, HTTP_PROXY=proxy.url)
            self.assertEqual(len(proxy.requests), 2)
            self.gets(server.url, http_proxy=proxy.url)
            self.assertEqual(len(proxy.requests), 3)

    def test_password_is_for_the_proxy_and_not_shown(self):
        with daemon.running() as server:
            proxy = self.proxy(server)
            url = proxy.url.replace("//", "//user:secret@")
            self.gets("http://host.invalid", http_proxy=url)
            self.assertIn("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=",
                          proxy.requests[0])
        for url in ("http://user:secret@127.0.0.1:1", "bogus://user:secret@127.0.0.1",
                    "http://user:secret@host.invalid", "http://user:secret@:x"):
            done = self.get("http://host.invalid", http_proxy=url)
            self.fails(UNAVAILABLE, "cannot be reached", done)
            self.assertNotIn(b"secret", done.stderr)


class Secrets(Access):
    def setUp(self):
        super().setUp()
        self.tokens = self.scratch / "tokens"
        self.tokens.write_text(f"trainer = {TOKEN}\n")
        self.token = self.scratch / "token"
        self.token.write_text(f"{TOKEN}\n")

    def test_token(self):
        server = self.daemon_at("--listen", "127.0.0.1:0", "--token-file", self.tokens)
        self.fails(UNAVAILABLE, "token", self.get(server))
        self.gets(server, f"--token-file={self.token}")
        self.gets(server, TENSORINIT_TOKEN=TOKEN)
        self.gets(server, f"--header=authorization: Bearer {TOKEN}")
        self.gets(server, f"--token-file={self.token}", TENSORINIT_TOKEN="wrong/" + TOKEN)
        done = self.get(server, TENSORINIT_TOKEN="other" + TOKEN)
        self.fails(UNAVAILABLE, "", done)
        self.assertNotIn(TOKEN.encode(), done.stderr)

    def test_token_is_not_one(self):
        for text in ("", "\n", "se cret=a\n", "secret\"", "\xe9secret", "=secret"):
            self.token.write_text(text)
            done = self.get("http://127.0.0.1:1", f"--token-file={self.token}")
            if text == "se cret=a\n":  # the first word
                self.fails(UNAVAILABLE, "cannot be reached", done)
            else:
                self.fails(USAGE, f"{self.token}: a token has letters", done)
            self.assertNotIn(b"secret", done.stderr)
        done = self.get("http://127.0.0.1:1", TENSORINIT_TOKEN="a\r\nsecret: b")
        self.fails(USAGE, "TENSORINIT_TOKEN: a token has letters", done)
        self.assertNotIn(b"secret", done.stderr)
        for path in (self.scratch / "none", self.scratch):
            self.fails(IO_ERROR, f"cannot read {path}",
                       self.get("http://127.0.0.1:1", f"--token-file={path}"))
        self.fails(USAGE, "TENSORINIT_TOKEN: .*Authorization", self.get(
            "http://127.0.0.1:1", "--header=Authorization: x", TENSORINIT_TOKEN=TOKEN))

    def test_headers(self):
        with daemon.running() as server:
            proxy = self.proxy(server)
            self.gets(proxy.url, "--header=X-Request-Id: 7", "--header", "X-Empty:",
                      "--header", "Host:example.org", "--header=X-Latin: \u00fc")
            for field in ("X-Request-Id: 7", "X-Empty:", "Host: example.org"):
                self.assertIn(f"\r\n{field}\r\n", proxy.requests[0])
        for field, message in (("secret", "expected 'Name: value'"), (": secret", "name"),
                               ("a b: secret", "name"), ("X: secret\r\nY: 1", "control"),
                               ("X: secret\x7f", "control"),
                               ("range: secret", "range is set by the request"),
                               ("Content-Length: secret", "is set by the request")):
            done = self.get("http://127.0.0.1:1", "--header", field)
            self.fails(USAGE, f"--header: .*{message}", done)
            self.assertNotIn(b"secret", done.stderr)
        self.fails(USAGE, "more than once", self.get(
            "http://127.0.0.1:1", "--header=A: 1", "--header=a: 2"))


class Https(Access):
    def setUp(self):
        super().setUp()
        if not shutil.which("openssl"):
            self.skipTest("no openssl")
        for name in "server", "other":
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server", "-days",
                 "2", "-addext", "subjectAltName=IP:127.0.0.1",
                 "-out", self.scratch / f"{name}.pem",
                 "-keyout", self.scratch / f"{name}.key"], check=True, capture_output=True)
        self.good, self.other = self.scratch / "server.pem", self.scratch / "other.pem"
        self.server = self.daemon_at("--listen", "127.0.0.1:0", "--tls-cert", self.good,
                                     "--tls-key", self.scratch / "server.key")

    def test_certificates(self):
        good, other = str(self.good), str(self.other)
        self.gets(self.server, "--ca-file", good)
        self.gets(self.server, "--ca-file", good, CURL_CA_BUNDLE=other)
        self.gets(self.server, CURL_CA_BUNDLE=good, SSL_CERT_FILE=other)
        self.gets(self.server, SSL_CERT_FILE=good)
        for arguments, environment in (((), {}), (("--ca-file", other), {}),
                                       (("--ca-file", other), {"SSL_CERT_FILE": good}),
                                       ((), {"CURL_CA_BUNDLE": other})):
            self.fails(UNAVAILABLE, "certificate",
                       self.get(self.server, *arguments, **environment))
        self.fails(IO_ERROR, "--ca-file: cannot read",
                   self.get(self.server, "--ca-file", self.scratch / "none"))
        self.fails(UNAVAILABLE, "certificate", self.get(
            self.server.replace("127.0.0.1", "localhost"), "--ca-file", good))
