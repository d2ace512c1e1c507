# SPDX-License-Identifier: MIT
"""
The programs for tests: a tensorinitd on a port that was free, and connections to it.

    with daemon.running() as server:
        body, headers = server.get("/v1/tensor?shape=2,3")

Python's standard library only: some tests have nothing else.
"""
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build/release")
DAEMON = BUILD / "tensorinitd"
COMMAND = BUILD / "tensorinit"
NO_SUCH_ISA = 69  # exit code, include/tensorinit/status.def
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
EVERY = int(os.environ.get("EVERY", "1"))
_random = random.SystemRandom()  # differs between tests that run side by side

# A machine's proxy is not for 127.0.0.1, and its secrets are not for tests.
for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[_name]
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def need(found, what):
    """Skips a test for what this machine lacks, unless all is required."""
    if not found:
        if REQUIRE_ALL:
            raise AssertionError(f"missing, but all is required: {what}")
        raise unittest.SkipTest(f"no {what}")
    return found


def sample(what, cases, every=EVERY):
    """Of cases that are many and alike, every EVERY-th: tests/run."""
    if every > 1:
        print(f"sample: of {what} one in {every}")
    return cases[::every]


def free_port():
    """
    A port of 127.0.0.1 for a program that has to be told one. It is below those that the
    system hands out, so nothing takes it before that program listens, or between its runs.
    """
    lowest = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = _random.randrange(10000, lowest) if lowest > 12000 else 0
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


Response = collections.namedtuple("Response", "status headers body")


def target(path, parameters):
    return path + "?" + urllib.parse.urlencode(parameters)


class Connection:
    """One connection, which has to last."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.connect()
        self.connection.auto_open = False

    def get(self, target_text, **headers):
        return self.request("GET", target_text, **headers)

    def request(self, method, target_text, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, target_text, headers=headers)
        response = self.connection.getresponse()
        return Response(response.status, response.headers, response.read())

    def close(self):
        self.connection.close()


class Server:
    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, target_text):
        """Body and headers; urllib.error.HTTPError for a status of 400 and more."""
        with _opener.open(self.url + target_text, timeout=60) as response:
            return response.read(), response.headers

    def connect(self):
        return contextlib.closing(Connection(self.port))

    def schemes(self):
        """What /v1/schemes says."""
        return json.loads(self.get("/v1/schemes")[0])

    def words(self, parameter):
        """The words that a parameter takes, as /v1/schemes lists them: dtypes, formats."""
        for row in self.schemes()["parameters"]:
            if row["name"] == parameter:
                return row["accepts"].split(", ")
        raise LookupError(parameter)


def listening_port(process):
    """The port that a starting daemon says it listens on; None, and its log is printed, if it
    ends instead."""
    log = []
    for line in process.stderr:
        if match := re.search(r'listening on http://\S+:(\d+)"', line.strip()):
            return int(match[1])
        log.append(line)
    print("".join(log), end="", file=sys.stderr)
    return None


def start(command, **options):
    return subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, **options)


def stop(process):
    """Exit code after SIGTERM."""
    process.terminate()
    process.communicate(timeout=60)
    return process.returncode


@contextlib.contextmanager
def running(*options, runner=(), environment=None):
    """A Server; 'runner' is a command to start it with, 'environment' variables besides."""
    process = start([*runner, DAEMON, "--listen", "127.0.0.1:0", *options],
                    env=os.environ | (environment or {}))
    try:
        port = listening_port(process)
        if port is None:
            sys.exit(f"{DAEMON} did not start: exit {process.wait()}")
        yield Server(port)
    finally:
        code = stop(process)
    if code != 0:
        sys.exit(f"{DAEMON} ended with {code} after SIGTERM")


def isas(runner=()):
    """Instruction sets that this machine and build have, as the command lists them when
    TENSORINIT_ISA names none of them."""
    done = subprocess.run([*runner, COMMAND, "generate", "--shape=2", "--scheme=ones"],
                          env=os.environ | {"TENSORINIT_ISA": "none"}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != NO_SUCH_ISA:
        sys.exit(f"TENSORINIT_ISA=none: exit {done.returncode}: {done.stderr}")
    return done.stderr.rpartition(": ")[2].strip().split(", ")


def output_of(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=True).stdout


def help_of(command):
    return output_of(*command, "--help")


def options(command):
    """The long options that its --help lists: {"--listen", ...}."""
    return set(re.findall(r"^ .*?(--[a-z][a-z_-]*)", help_of(command), re.MULTILINE))


def verbs():
    """Those of the command, as its --help lists them."""
    told = help_of([COMMAND]).partition("verbs:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\w+) ", told, re.MULTILINE)


def command_options():
    """The long options of all verbs, and the parameters."""
    told = output_of(COMMAND, "help", "parameters")
    found = set(re.findall(r"^  (--[a-z_]+)", told, re.MULTILINE))
    return found.union(*(options([COMMAND, *verb]) for verb in [[], *([v] for v in verbs())]))


def version():
    """As --version says it: 0.1.0."""
    done = subprocess.run([DAEMON, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"\d+\.\d+\.\d+\S*", done.stdout)[0]
