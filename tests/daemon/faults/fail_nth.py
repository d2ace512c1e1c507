# SPDX-License-Identifier: MIT
"""A daemon of which the n-th call of a kind fails (tests/fault/fail_nth.c), requests to it,
and what a response may be then: the right one, an error, or the beginning of one of them."""
import atexit
import errno
import json
import mmap
import os
import pathlib
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "robust"))
from wire import PATIENCE, Response, daemon  # noqa: E402
import credentials  # noqa: E402, F401  (wire.py has its folder)

LIBRARY = daemon.BUILD / "tests/fault/fail_nth.so"
if not LIBRARY.exists():
    sys.exit(f"{LIBRARY} is not there: 'make programs' builds it")
KINDS = ["memory", "send", "receive", "accept", "thread", "epoll", "eventfd", "open", "option"]
CONTROL = struct.Struct("=iiqqqq")  # struct control without 'calls'
CALLS = struct.Struct(f"={len(KINDS)}q")

# Differ between two right responses. "Connection" tells that an error or a drain closes.
VARYING = {b"date", b"x-request-id", b"connection"}


class Control:
    """The memory that rules which call fails."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile()
        self.file.truncate(mmap.PAGESIZE)
        self.memory = mmap.mmap(self.file.fileno(), mmap.PAGESIZE)
        self.disarm()

    def environment(self):
        return os.environ | {"LD_PRELOAD": str(LIBRARY), "FAIL_NTH": self.file.name}

    def write(self, offset, layout, value):
        self.memory[offset:offset + struct.calcsize(layout)] = struct.pack(layout, value)

    def read(self):
        return CONTROL.unpack_from(self.memory)

    def arm(self, kind, error, after, times=1):
        """From now on 'after' calls succeed, and 'times' fail."""
        self.disarm()
        self.write(0, "=i", KINDS.index(kind))
        self.write(4, "=i", getattr(errno, error))
        self.write(16, "=q", times)
        self.write(24, "=q", 0)
        self.write(8, "=q", after)

    def disarm(self):
        self.write(8, "=q", -1)

    @property
    def failed(self):
        return self.read()[4]

    @property
    def live(self):
        return self.read()[5]

    def calls(self):
        return dict(zip(KINDS, CALLS.unpack_from(self.memory, CONTROL.size)))


class Request:
    """A request, which is sent twice on one connection, and its right response. 'fresh': each
    exchange has another Origin, so that the cache of responses does not have it."""

    def __init__(self, target, method="GET", fields="", body="", varies=False, fresh=False):
        self.target, self.method, self.varies, self.fresh = target, method, varies, fresh
        self.exchanges = 0
        if fresh:
            fields += "Origin: http://{number}.example\r\n"
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}"
        if body:
            head += f"Content-Length: {len(body)}\r\n"
        self.bytes = (f"{head}\r\n{body}{head}Connection: close\r\n\r\n{body}").encode()
        self.right = None

    def exchange(self, port, tls=None):
        """All that is received until the connection ends. None: it does not end, or the daemon
        has. 'tls' is an ssl.SSLContext."""
        received = b""
        self.exchanges += 1
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE / 6) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if tls:
                    client = tls.wrap_socket(client, server_hostname="127.0.0.1")
                with client:
                    client.sendall(self.bytes.replace(b"{number}", b"%d" % self.exchanges)
                                   if self.fresh else self.bytes)
                    while data := client.recv(1 << 18):
                        received += data
        except (ConnectionRefusedError, TimeoutError):
            return None
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # what has been received counts; an end without TLS' own is an SSLError
        return received

    def learn(self, stream):
        """Takes the responses for right; checks them against the command where it can."""
        responses, rest = split(stream, self.method == "HEAD")
        assert len(responses) == 2 and not rest, (self.target, stream[:2000])
        self.right = responses[0]
        wrong = self.judge(stream)
        assert not wrong, (self.target, wrong)
        path, _, query = self.target.partition("?")
        query = query.partition("&expires=")[0]
        if path == "/v1/tensor" and self.method == "GET" and self.right.status == 200:
            command = [daemon.COMMAND, "generate", "-o", "-"]
            for pair in ("format=raw&" * ("format=" not in query) + query).split("&"):
                name, _, value = pair.partition("=")
                command += [f"--{name}", value]
            done = subprocess.run(command, check=True, capture_output=True)
            assert done.stdout == self.right.body, self.target

    def judge(self, stream):
        """What is wrong with what was received while something failed, or None."""
        responses, rest = split(stream, self.method == "HEAD")
        for response in responses:
            wrong = self.judge_one(response)
            if wrong:
                return wrong
        return None

    def judge_one(self, response):
        if response.status != self.right.status:
            return judge_error(response)
        fields, right = ({name: value for name, value in r.fields.items()
                          if name not in VARYING} for r in (response, self.right))
        if self.varies:
            fields.pop(b"content-length", None)
            right.pop(b"content-length", None)
        if fields != right:
            return f"fields differ: {set(fields.items()) ^ set(right.items())}"
        if self.varies:
            return None if names(response.body) <= names(self.right.body) else "other metrics"
        if not response.complete and self.right.body.startswith(response.body):
            return None
        return None if response.body == self.right.body else "wrong bytes"


def names(body):
    """The metrics of a text."""
    return set(re.findall(rb"(?m)^\w+", body))


def judge_error(response):
    if response.status != 503:
        return f"status {response.status}: {response.body[:300]!r}"
    if b"retry-after" not in response.fields:
        return "503 without Retry-After"
    if not response.complete or not response.body:
        return None
    document = json.loads(response.body)
    return None if document["status"] == 503 else f"not a problem: {response.body!r}"


def split(stream, is_head):
    """Responses, the last of which may not be complete, and what is left of a header."""
    responses = []
    stream = re.sub(rb'"request_id": "\w+"', b'"request_id": "' + 16 * b"x" + b'"', stream)
    while stream:
        head, end, rest = stream.partition(b"\r\n\r\n")
        if not end:
            break
        response = Response(head)
        no_body = is_head or response.status == 304
        if no_body:
            response.complete, used = True, 0
        elif response.length is not None:
            response.body = rest[:response.length]
            used = len(response.body)
            response.complete = used == response.length
        else:
            used, response.complete = split_chunks(rest, response)
        responses.append(response)
        stream = rest[used:]
        if not response.complete:
            assert not stream
    return responses, stream


def split_chunks(stream, response):
    """Takes the body out of its chunks (RFC 9112 section 7.1)."""
    assert response.fields.get(b"transfer-encoding") == b"chunked", response.fields
    at = 0
    while (end := stream.find(b"\r\n", at)) >= 0:
        size = int(stream[at:end], 16)
        data = stream[end + 2:end + 2 + size]
        response.body += data
        if len(stream) < end + 4 + size:
            break
        assert stream[end + 2 + size:end + 4 + size] == b"\r\n", "a chunk without its end"
        at = end + 4 + size
        if size == 0:
            return at, True
    return len(stream), False


class Daemon:
    """A daemon with the library. 'port' is None if it did not start."""

    def __init__(self, control, *options):
        self.control = control
        self.process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", *options],
                                    env=control.environment())
        atexit.register(self.process.kill)
        self.lines, self.port = [], None
        for line in self.process.stderr:
            self.lines.append(line)
            if match := re.search(r'listening on https?://\S+:(\d+)"$', line.strip()):
                self.port = int(match[1])
                break

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def settles(self, live, files, seconds=2):
        """Whether nothing is left of the last requests."""
        end = time.monotonic() + seconds
        while (self.control.live, self.open_files()) != (live, files):
            if time.monotonic() > end:
                return False
            time.sleep(0.0005)
        return True

    def stop(self):
        return daemon.stop(self.process)
