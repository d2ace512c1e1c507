# SPDX-License-Identifier: MIT
"""
A tensorinitd for tests, on a port that was free: used by the steps of tests/lint/docs
and by tests/cli/run.

    with daemon.running() as server:
        body, headers = server.get("/v1/tensor?shape=2,3")
"""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or ROOT / "build/release")
DAEMON = BUILD / "tensorinitd"
COMMAND = BUILD / "tensorinit"

# A machine's proxy is not for 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def get(self, target):
        """Body and headers; urllib.error.HTTPError for a status of 400 and more."""
        with _opener.open(self.url + target, timeout=60) as response:
            return response.read(), response.headers


def listening_port(process):
    """The port that a starting daemon says it listens on; None if it ends instead."""
    for line in process.stderr:
        if match := re.search(r"listening on http://\S+:(\d+)$", line.strip()):
            return int(match[1])
        print(line, end="")
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
def running(*options):
    process = start([DAEMON, "--listen", "127.0.0.1:0", *options])
    try:
        port = listening_port(process)
        if port is None:
            sys.exit(f"{DAEMON} did not start: exit {process.wait()}")
        yield Server(port)
    finally:
        code = stop(process)
    if code != 0:
        sys.exit(f"{DAEMON} ended with {code} after SIGTERM")


def help_of(command):
    return subprocess.run([*command, "--help"], capture_output=True, text=True,
                          check=True).stdout


def options(command):
    """The long options that its --help lists: {"--listen", ...}."""
    return set(re.findall(r"^ .*?(--[a-z][a-z_-]*)", help_of(command), re.MULTILINE))
