# SPDX-License-Identifier: MIT
"""What the log says at the start."""
import subprocess

from support import Case, credentials, daemon

WARNING = 'level=warning msg="every client'


class Startup(Case):
    def lines(self, *options):
        server = self.start(*options).ready()
        self.assertEqual(server.stop(), 0)
        return [line for line in server.log if line]

    def warned(self, *options):
        return any(WARNING in line for line in self.lines(*options))

    def test_one_line(self):
        lines = self.lines("--listen", "127.0.0.1:0", "--workers", "3", "--compute-threads",
                           "2", "--memory", "64M", "--max-connections", "77",
                           "--admin-listen", "127.0.0.1:0")
        version = subprocess.run([daemon.DAEMON, "--version"], capture_output=True, text=True,
                                 check=True).stdout  # tensorinitd VERSION (spec SPEC)
        _, software, _, spec = version.replace("(", " ").replace(")", " ").split()
        isa = daemon.isas()[-1]
        self.assertTrue(lines[0].endswith(
            f" level=info msg=starting version={software} spec={spec} isa={isa} workers=3 "
            "compute_threads=2 memory_bytes=67108864 memory_origin=--memory "
            "max_connections=77"), lines[0])
        self.assertRegex(lines[1], r"listening on http://127\.0\.0\.1:\d+ for probes")
        self.assertRegex(lines[2], r'listening on http://127\.0\.0\.1:\d+"$')

    def test_warning(self):
        """Where other machines may be clients, and need no secret."""
        pem, key = credentials.self_signed(self.scratch)
        secrets = self.scratch / "secrets"
        secrets.write_text("one = " + 64 * "a" + "\n")
        secrets.chmod(0o600)
        tls = ("--tls-cert", pem, "--tls-key", key)
        everywhere = ("--listen", "0.0.0.0:0")
        self.assertTrue(self.warned(*everywhere))
        self.assertTrue(self.warned("--listen", f"unix:{self.path},0.0.0.0:0"))
        self.assertTrue(self.warned(*everywhere, *tls))
        self.assertFalse(self.warned(*everywhere, *tls, "--tls-client-ca", pem))
        self.assertFalse(self.warned(*everywhere, "--token-file", secrets))
        self.assertFalse(self.warned(*everywhere, "--signing-key-file", secrets))
        self.assertFalse(self.warned("--listen", "127.0.0.1:0,127.0.0.2:0"))
        self.assertFalse(self.warned("--listen", f"unix:{self.path}"))
        self.assertFalse(self.warned("--listen", "127.0.0.1:0", "--admin-listen",
                                     "0.0.0.0:0"))
