# SPDX-License-Identifier: MIT
"""Runs HTTP cases against the daemon over raw sockets, so that a case can send what no HTTP
library would.

A case is a text file. '#' starts a comment line; every other line is one of

    daemon OPTION...      start a daemon of its own with these options (first line)
    env NAME=VALUE        ... and this in its environment (before 'daemon')
    fails STATUS OPTION... ~ REGEX    a daemon with these options does not start; its log
    send METHOD TARGET    a request; HTTP/1.1 and Host are added ...
    field NAME: VALUE     ... and this field as well
    post TARGET JSON      a POST request with this body
    raw TEXT              these bytes instead; \\r \\n \\0 \\t \\\\ \\xHH and {N*c}, N times c
    connect               go on with a new connection, leaving the old one open
    hangup                close the connection
    pause SECONDS

    expect STATUS         reads a response; what follows is about it
    head STATUS           reads its header only; 'rest' reads the body
    rest
    header NAME: VALUE    exactly;  NAME ~ REGEX  to search
    no-header NAME
    body TEXT             exactly, with escapes;  ~ REGEX  to search
    body-bytes N
    body-sha256 HEX
    part N RANGE = TEXT   part N of a multipart/byteranges body; RANGE is its Content-Range
    parts N               how many there are
    range-sets N TARGET   N random Range fields of several ranges; the bytes are the body's
    digest TARGET         /v1/digest has the digest of what TARGET, a /v1/tensor, sends
    json KEY... = VALUE   member of the document, VALUE in JSON;  KEY... ~ REGEX  on its text
    problem STATUS TYPE FIELD    a problem document and its header; FIELD - for none

    keeps                 the connection still answers
    closes                the server closes it, before any of its timeouts
    await TARGET ~ REGEX  asks for it, until the body has it, within some seconds
    refused               the server takes no new connections
    crowd N TARGET        N connections ask for it at the very same time and are answered
    signal NAME           sends the daemon a signal
    exits STATUS          the daemon ends, within some seconds
    log REGEX             its log has such a line by now

Bytes go out when a response is awaited, so that several requests before the first 'expect'
are pipelined.

Cases run side by side: most of their time they wait. Those without a daemon of their own share
one, of which they may not ask what others change.
"""
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

AT_ONCE = 4
CLOSE_SECONDS = 8  # less than --header-timeout, which is 10
PATIENCE = float(os.environ.get("HTTP_PATIENCE", "60"))  # seconds; sanitizers are slow


class Failure(Exception):
    pass


def check(holds, text):
    if not holds:
        raise Failure(text)


def unescape(text):
    """Bytes of a case's text, with its escapes and repetitions resolved."""
    text = re.sub(r"\{(\d+)\*(.)\}", lambda m: m[2] * int(m[1]), text)
    named = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out = b""
    for part in re.findall(r"\\x[0-9a-fA-F]{2}|\\.|[^\\]+", text):
        if part.startswith("\\x"):
            out += bytes([int(part[2:], 16)])
        elif part.startswith("\\"):
            check(part[1] in named, "unknown escape " + part)
            out += named[part[1]]
        else:
            out += part.encode()
    return out


def random_range(numbers, length):
    """A satisfiable range of a body, as Range has it."""
    first = numbers.randrange(length)
    return numbers.choice((f"{first}-{numbers.randint(first, length + 9)}",
                           f"{first}-{first}", f"{first}-", f"-{numbers.randint(1, 99)}"))


def requested(spec, length):
    """The positions that one range of a Range field means (RFC 9110 section 14.1.2)."""
    first, _, last = spec.partition("-")
    if not first:
        return range(max(0, length - int(last)), length)
    return range(int(first), min(int(last) + 1, length) if last else length)


def bounds(content_range):
    """First position and the one behind the last."""
    first, last, _ = map(int, re.findall(r"\d+", content_range))
    return first, last + 1


class Daemon:
    def __init__(self, program, options, extra_env):
        env = {k: v for k, v in os.environ.items() if not k.startswith("TENSORINIT")}
        env.update(extra_env)
        self.process = subprocess.Popen(
            [program, "--listen", "127.0.0.1:0", *options], env=env,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")
        self.log = []
        self.listening = threading.Event()
        self.port = None
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.listening.wait(PATIENCE)
        if self.port is None:
            self.process.kill()
            raise Failure("the daemon did not start: " + " | ".join(self.log))

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))
            found = re.search(r'listening on http://127\.0\.0\.1:(\d+)"$', line.rstrip())
            if found:
                self.port = int(found[1])
                self.listening.set()
        self.listening.set()

    def exit_status(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure("the daemon did not end")
        finally:
            self.reader.join(1)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.exit_status()


class Response:
    def __init__(self, status, fields):
        self.status = status
        self.fields = fields
        self.body = b""

    def get(self, name):
        found = [v for k, v in self.fields if k.lower() == name.lower()]
        check(len(found) <= 1, f"{name} is there {len(found)} times")
        return found[0] if found else None


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.received = bytearray()  # += of bytes would copy all of them each time
        self.outgoing = b""
        self.methods = []

    def queue(self, data, method):
        self.outgoing += data
        self.methods.append(method)

    def flush(self):
        data, self.outgoing = self.outgoing, b""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the response may have been sent before

    def more(self):
        """Receives something; False at the end of the stream."""
        try:
            data = self.socket.recv(1 << 20)
        except socket.timeout:
            raise Failure(f"no response; so far: {self.received[:200]!r}")
        except ConnectionResetError:
            data = b""
        self.received += data
        return bool(data)

    def read_head(self):
        self.flush()
        while b"\r\n\r\n" not in self.received:
            check(self.more(), f"the connection ended; so far: {self.received[:200]!r}")
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        found = re.fullmatch(r"HTTP/1\.[01] (\d{3}) .+", lines[0])
        check(found, f"bad status line {lines[0]!r}")
        fields = []
        for line in lines[1:]:
            check(re.fullmatch(r"[!-9;-~]+: [ -~]*", line), f"bad header line {line!r}")
            fields.append(tuple(line.split(": ", 1)))
        return Response(int(found[1]), fields)

    def read_body(self, response):
        method = self.methods.pop(0) if self.methods else "GET"
        if method == "HEAD" or response.status in (204, 304):
            return
        length = response.get("Content-Length")
        if length is not None:
            response.body = self.take(int(length))
        elif response.get("Transfer-Encoding") == "chunked":
            response.body = b"".join(iter(self.read_chunk, b""))
        else:
            check(response.get("Connection") == "close", "nothing says where the body ends")
            while self.more():
                pass
            response.body, self.received = self.received, b""

    def take(self, count):
        while len(self.received) < count:
            check(self.more(), f"the body ended after {len(self.received)} of {count} bytes")
        data, self.received = self.received[:count], self.received[count:]
        return data

    def read_chunk(self):
        while b"\r\n" not in self.received:
            check(self.more(), "the body ended before a chunk")
        size, self.received = self.received.split(b"\r\n", 1)
        data = self.take(int(size, 16))
        check(self.take(2) == b"\r\n", "no CR LF after a chunk")
        return data

    def read(self):
        response = self.read_head()
        self.read_body(response)
        return response


class Case:
    def __init__(self, path, shared, program):
        with open(path, encoding="utf-8") as file:
            self.lines = [line.rstrip("\n") for line in file]
        self.shared = shared
        self.program = program
        self.own = None
        self.env = {}
        self.connection = None
        self.abandoned = []
        self.response = None

    def daemon(self):
        return self.own or self.shared

    def connected(self):
        if self.connection is None:
            self.connection = Connection(self.daemon().port)
        return self.connection

    def run(self):
        """None, or where and why the case failed."""
        number = 0
        try:
            for number, line in enumerate(self.lines, 1):
                if line.strip() and not line.startswith("#"):
                    word, _, rest = line.partition(" ")
                    step = getattr(self, "do_" + word.replace("-", "_"), None)
                    check(step, f"unknown word {word!r}")
                    step(rest)
            number += 1
            if self.own and self.own.process.poll() is None:
                self.do_exits("0", stop=True)
        except (Failure, OSError) as failure:
            log = "".join(f"\n        {text}" for text in self.own.log) if self.own else ""
            return f"line {number}: {failure}{log}"
        finally:
            for connection in [self.connection, *self.abandoned]:
                if connection:
                    connection.socket.close()
            if self.own:
                self.own.stop()
        return None

    # What is sent.

    def do_env(self, rest):
        name, _, value = rest.partition("=")
        self.env[name] = value

    def do_daemon(self, rest):
        self.own = Daemon(self.program, rest.split(), self.env)

    def do_fails(self, rest):
        options, _, wanted = rest.partition(" ~ ")
        status, *options = options.replace("PORT", str(self.shared.port)).split()
        done = subprocess.run([self.program, *options], env={**os.environ, **self.env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        check(done.returncode == int(status), f"exit status {done.returncode}: {done.stderr}")
        check(re.search(wanted, done.stderr), f"log: {done.stderr}")

    def do_send(self, rest):
        method, _, target = rest.partition(" ")
        self.connected().queue(
            unescape(f"{method} {target} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"), method)

    def do_post(self, rest):
        target, _, body = rest.partition(" ")
        body = unescape(body)
        self.do_send("POST " + target)
        self.do_field("Content-Type: application/json")
        self.do_field(f"Content-Length: {len(body)}")
        self.connection.outgoing += body

    def do_field(self, rest):
        head, end, body = self.connected().outgoing.rpartition(b"\r\n\r\n")
        check(end, "'field' goes after 'send'")
        self.connection.outgoing = head + b"\r\n" + unescape(rest) + end + body

    def do_raw(self, rest):
        data = unescape(rest)
        method = data.split(b" ")[0].decode("latin-1") if b" HTTP/" in data else None
        self.connected().outgoing += data
        if method:
            self.connection.methods.append(method)

    def do_connect(self, _):
        if self.connection:
            self.connection.flush()
            self.abandoned.append(self.connection)
        self.connection = None
        self.connected()

    def do_hangup(self, _):
        self.connection.flush()
        self.connection.socket.close()
        self.connection = None

    def do_pause(self, rest):
        if self.connection:
            self.connection.flush()
        time.sleep(float(rest))

    # What is received.

    def do_expect(self, rest):
        self.response = self.connected().read()
        check(self.response.status == int(rest), f"status {self.response.status}")

    def do_head(self, rest):
        self.response = self.connected().read_head()
        check(self.response.status == int(rest), f"status {self.response.status}")

    def do_rest(self, _):
        self.connection.read_body(self.response)

    def do_header(self, rest):
        found = re.fullmatch(r"([\w-]+)(: | ~ )(.*)", rest)
        check(found, "expected NAME: VALUE or NAME ~ REGEX")
        name, how, wanted = found.groups()
        value = self.response.get(name)
        check(value is not None, f"no {name}")
        matches = value == wanted if how == ": " else re.search(wanted, value)
        check(matches, f"{name}: {value}")

    def do_no_header(self, rest):
        check(self.response.get(rest) is None, f"{rest}: {self.response.get(rest)}")

    def do_body(self, rest):
        body = self.response.body
        if rest.startswith("~ "):
            text = body.decode("utf-8", "backslashreplace")
            check(re.search(rest[2:], text), f"body {body[:300]!r}")
        else:
            check(body == unescape(rest), f"body {body[:300]!r}")

    def do_body_bytes(self, rest):
        check(len(self.response.body) == int(rest), f"{len(self.response.body)} bytes")

    def do_body_sha256(self, rest):
        digest = hashlib.sha256(self.response.body).hexdigest()
        check(digest == rest, f"sha256 {digest}")

    def parts(self):
        """[(Content-Range, bytes)] of a body of multipart/byteranges (RFC 2046, 5.1.1)."""
        found = re.fullmatch(r"multipart/byteranges; boundary=(\w+)",
                             self.response.get("Content-Type"))
        check(found, f"Content-Type: {self.response.get('Content-Type')}")
        check(self.response.get("Content-Range") is None, "Content-Range beside parts")
        delimiter = b"--" + found[1].encode()
        blocks = (b"\r\n" + self.response.body).split(b"\r\n" + delimiter)
        check(blocks[0] == b"" and blocks[-1] == b"--\r\n", f"delimiters: {blocks!r:.300}")
        parts = []
        for block in blocks[1:-1]:
            head, _, body = block.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            check(set(fields) == {"Content-Type", "Content-Range"}, f"part's fields {fields}")
            parts.append((fields["Content-Range"], body))
        return parts

    def do_part(self, rest):
        found = re.fullmatch(r"(\d+) (bytes \S+) = (.*)", rest)
        check(found, "expected N RANGE = TEXT")
        content_range, body = self.parts()[int(found[1])]
        check(content_range == found[2], f"Content-Range: {content_range}")
        check(body == unescape(found[3]), f"part {body[:300]!r}")

    def do_parts(self, rest):
        check(len(self.parts()) == int(rest), f"{len(self.parts())} parts")

    def do_range_sets(self, rest):
        count, _, target = rest.partition(" ")
        numbers = random.Random(target)
        self.do_send("GET " + target)
        whole = self.connected().read().body
        for _ in range(int(count)):
            value = ",".join(random_range(numbers, len(whole))
                             for _ in range(numbers.randint(2, 16)))
            self.do_send("GET " + target)
            self.do_field(f"Range: bytes={value}")
            self.response = self.connected().read()
            check(self.response.status == 206, f"{value}: {self.response.status}")
            content_range = self.response.get("Content-Range")
            parts = [(content_range, self.response.body)] if content_range else self.parts()
            for part_range, body in parts:
                first, last, total = map(int, re.findall(r"\d+", part_range))
                check(total == len(whole) and body == whole[first:last + 1],
                      f"{value}: {part_range} has other bytes")
            covered = {i for r, _ in parts for i in range(*bounds(r))}
            wanted = {i for spec in value.split(",") for i in requested(spec, len(whole))}
            check(covered == wanted, f"{value}: {[r for r, _ in parts]}")

    def do_digest(self, rest):
        self.do_send("GET " + rest)
        body = self.connected().read().body
        self.do_send("GET " + rest.replace("/v1/tensor", "/v1/digest"))
        self.do_expect("200")
        document = self.document()
        check(document["sha256"] == hashlib.sha256(body).hexdigest(), document["sha256"])
        check(document["bytes"] == len(body), document["bytes"])

    def document(self):
        try:
            return json.loads(self.response.body)
        except ValueError as error:
            raise Failure(f"no JSON: {error}: {self.response.body[:200]!r}")

    def do_json(self, rest):
        found = re.fullmatch(r"(.*?) (=|~) (.*)", rest)
        check(found, "expected KEY... = VALUE or KEY... ~ REGEX")
        keys, how, wanted = found.groups()
        value = self.document()
        for key in keys.split():
            try:
                value = value[int(key) if isinstance(value, list) else key]
            except (KeyError, IndexError, TypeError):
                check(how == "=" and wanted == "(none)", f"no {key}")
                return
        matches = value == json.loads(wanted) if how == "=" else re.search(wanted, str(value))
        check(matches, f"{keys} is {value!r}")

    def do_problem(self, rest):
        status, kind, field = rest.split()
        document = self.document()
        self.do_header("Content-Type: application/problem+json")
        self.do_header("Cache-Control: no-store")
        check(self.response.status == int(status), f"status {self.response.status}")
        check(document["status"] == int(status), f"document's status {document['status']}")
        check(document["type"] == "/problems/" + kind, f"type {document['type']}")
        check(document.get("field", "-") == field, f"field {document.get('field')}")
        check(document["title"] and document["detail"], "no title or detail")
        check(document.get("request_id") == self.response.get("X-Request-Id"),
              f"request_id {document.get('request_id')}")
        if status in ("429", "503"):
            self.do_header(r"Retry-After ~ ^\d+$")
        self.check_explained(document)

    def check_explained(self, document):
        """The type leads to a page about it (RFC 9457 section 3.1.1)."""
        connection = Connection(self.shared.port)
        try:
            connection.queue(f"GET {document['type']} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                             "GET")
            page = connection.read()
            check(page.status == 200, f"{document['type']} leads to {page.status}")
            head = page.body.decode().splitlines()[0]
            check(head.endswith(f": {document['status']}, {document['title']}"), head)
        finally:
            connection.socket.close()

    # Connection and process.

    def do_keeps(self, _):
        self.connection.queue(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "GET")
        check(self.connection.read().body == b"ok\n", "no second response")

    def do_await(self, rest):
        target, _, wanted = rest.partition(" ~ ")
        end = time.monotonic() + PATIENCE
        while True:
            self.do_send("GET " + target)
            self.response = self.connected().read()
            if self.response.get("Connection") == "close":  # beyond --max-connections
                self.do_hangup("")
            if self.response.status == 200 and re.search(wanted, self.response.body.decode()):
                return
            check(time.monotonic() < end, f"{self.response.status} {self.response.body[:300]!r}")
            time.sleep(0.05)

    def do_closes(self, _):
        self.connection.flush()
        self.connection.socket.settimeout(CLOSE_SECONDS)
        while self.connection.more():
            pass
        check(not self.connection.received,
              f"more came before the end: {self.connection.received[:200]!r}")

    def do_crowd(self, rest):
        count, _, target = rest.partition(" ")
        request = unescape(f"GET {target} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        crowd = [Connection(self.own.port) for _ in range(int(count))]
        self.abandoned += crowd
        for stopped in (False, True):
            if stopped:
                self.own.process.send_signal(signal.SIGSTOP)
            for connection in crowd:
                connection.queue(request, "GET")
                connection.flush()
            if stopped:
                self.own.process.send_signal(signal.SIGCONT)
            for connection in crowd:
                check(connection.read().status == 200, "not all were answered")

    def do_refused(self, _):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                Connection(self.daemon().port).socket.close()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                pass  # still in the listener's queue when that closed
            time.sleep(0.05)
        raise Failure("still accepts")

    def do_signal(self, rest):
        self.own.process.send_signal(getattr(signal, "SIG" + rest))

    def do_exits(self, rest, stop=False):
        status = self.own.stop() if stop else self.own.exit_status()
        check(status == int(rest), f"exit status {status}")

    def do_log(self, rest):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if any(re.search(rest, line) for line in self.daemon().log):
                return
            time.sleep(0.05)
        raise Failure("log: " + " | ".join(self.daemon().log))


def main():
    program, folder = sys.argv[1:3]
    wanted = sys.argv[3:] or ["*"]
    names = [name[:-5] for name in sorted(os.listdir(folder)) if name.endswith(".case")]
    names = [name for name in names if any(fnmatch.fnmatch(name, p) for p in wanted)]
    shared = Daemon(program, [], {})

    def run(name):
        return Case(os.path.join(folder, name + ".case"), shared, program).run()

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for name, why in zip(names, pool.map(run, names)):
            if why is not None:
                failed += 1
                print(f"FAIL {name}: {why}")
    if shared.process.poll() is not None:
        failed += 1
        print(f"FAIL the daemon died: {shared.process.returncode}: " + " | ".join(shared.log))
    status = shared.stop()
    if status != 0:
        failed += 1
        print(f"FAIL the daemon's exit status is {status}: " + " | ".join(shared.log))
    print(f"{len(names)} cases, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
