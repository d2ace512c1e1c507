# SPDX-License-Identifier: MIT
"""Models that the pool has to make before they can be answered: many clients at once post
manifests, ask for plans, read files by the daemon's own and by the Hub's paths, and propagate
signals, while others leave in the middle and SIGHUP reads the models again. Each response is what
the same request gave alone, and nothing is left behind."""
import collections
import hashlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

from aborts import open_files, settled
from wire import SANITIZED, Connection, Ended, daemon

SECONDS = int(os.environ.get("PLANNED_SECONDS") or (20 if SANITIZED else 3))
RULES = [["*.bias", "scheme=zeros"], ["layers.{l}.*", "scheme=depth_scaled&std=0.02&layer={l}"],
         ["*", "scheme=normal&std=0.02"]]
PROPAGATION = "/v1/propagation?depth=6&width=32&batch=8&seed=%d"
# Too many variants for the cache: they are made again and again.
VARIANTS = ["seed-%d", "seed-%d-bf16", "seed-%d-f16-10KB", "seed-%d-20KB", "seed-%d-bf16-40KB"]


def manifest(layers, width, **more):
    return json.dumps({"tensors": {
        "embed.weight": [50, width], "layers.{0..%d}.{q,k,v,o}.weight" % (layers - 1): [width, 16],
        "layers.{0..%d}.bias" % (layers - 1): [width]}, "rules": RULES, **more})


class Client(threading.Thread):
    """Makes the requests of 'choose', one after another, until the time is over."""

    def __init__(self, load, choose, number):
        super().__init__(daemon=True)
        self.load, self.choose, self.rng = load, choose, random.Random(number)

    def run(self):
        try:
            while time.monotonic() < self.load.end:
                self.choose(self.load, self.rng)
                self.load.counts[self.choose.__name__] += 1
        except Exception as error:  # pylint: disable=broad-except
            self.load.wrong.append(f"{self.choose.__name__}: {type(error).__name__} {error}")


class Load:
    def __init__(self, folder, process, port):
        self.folder, self.process, self.port = folder, process, port
        self.counts, self.wrong, self.first = collections.Counter(), [], {}
        self.lock, self.end = threading.Lock(), time.monotonic() + SECONDS

    def request(self, method, target, body=b"", fields=""):
        """The response on a connection of its own."""
        connection = Connection(self.port)
        try:
            connection.socket.sendall(head(method, target, len(body), fields) + body)
            if method != "HEAD":
                return connection.read()
            return connection.read_head()
        finally:
            connection.close()

    def same(self, what, data):
        """Whether all have the same bytes of it."""
        digest = hashlib.sha256(data).digest()
        with self.lock:
            assert self.first.setdefault(what, digest) == digest, f"{what}: other bytes"


def head(method, target, length, fields=""):
    return (f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
            f"Content-Type: application/json\r\n{fields}\r\n").encode()


def post(load, rng):
    """A manifest that no one has sent before, perhaps with an error, and then its files."""
    layers, width = rng.randrange(1, 60), rng.randrange(1, 9)
    body = manifest(layers, width, seed=rng.randrange(1 << 30))
    if rng.random() < 0.2:
        response = load.request("POST", "/v1/models", body.replace("zeros", "zero").encode())
        assert response.status == 400 and b"rule" in response.body, response.status
        return
    response = load.request("POST", "/v1/models", body.encode())
    assert response.status == 201, (response.status, response.body)
    place = response.fields[b"location"].decode()
    response = load.request("GET", place)
    assert response.status == 200, (response.status, response.body)
    plan = json.loads(response.body)
    assert len(plan["tensors"]) == 5 * layers + 1, len(plan["tensors"])
    variant = rng.choice(VARIANTS) % rng.randrange(9)
    assert load.request("GET", f"{place}/{variant}").status == 200


def plan(load, rng):
    name, variant = rng.choice("ab"), rng.choice(VARIANTS) % rng.randrange(9)
    response = load.request("GET", f"/v1/models/{name}/{variant}")
    assert response.status == 200, (response.status, response.body)
    load.same(("plan", name, variant), response.body)
    assert load.request("GET", f"/v1/models/{name}/{variant}x").status == 404


def read(load, rng):
    """The same bytes by both kinds of paths."""
    name, revision = rng.choice("ab"), f"seed-{rng.randrange(9)}-bf16"
    targets = [f"/v1/models/{name}/{revision}/model.safetensors",
               f"/{name}/resolve/{revision}/model.safetensors"]
    for target in rng.sample(targets, 2):
        response = load.request("GET", target, fields="Range: bytes=5-30000\r\n")
        assert response.status == 206, (target, response.status, response.body)
        load.same(("bytes", name, revision), response.body)
        response = load.request("HEAD", target)
        assert response.status == 200 and response.length > 0, response.status


def hub(load, rng):
    name, revision = rng.choice("ab"), f"seed-{rng.randrange(9)}"
    for target in (f"/api/models/{name}", f"/api/models/{name}/revision/{revision}",
                   f"/api/models/{name}/tree/{revision}"):
        response = load.request("GET", target)
        assert response.status == 200, (target, response.status, response.body)
        load.same(target, response.body)
    response = load.request("POST", f"/api/models/{name}/paths-info/{revision}",
                            b'{"paths": ["model.safetensors"]}')
    assert response.status == 200 and b"model.safetensors" in response.body, response.status
    assert load.request("GET", "/api/models/none").status == 404


def propagate(load, rng):
    target = PROPAGATION % rng.randrange(3)
    response = load.request("GET", target)
    assert response.status == 200, (response.status, response.body)
    load.same(target, response.body.strip())


def leave(load, rng):
    """Within the request, while the model is made, or within the response."""
    body = manifest(rng.randrange(700, 800), 8, seed=rng.randrange(1 << 40)).encode()
    data = rng.choice([head("POST", "/v1/models", len(body)) + body,
                       head("GET", f"/v1/models/a/{rng.choice(VARIANTS) % 99}", 0),
                       head("GET", "/b/resolve/seed-%d-f64/model.safetensors" % rng.randrange(1 << 40), 0),
                       head("GET", PROPAGATION % rng.randrange(1 << 40), 0)])
    # Another address: they have no part of the others' share.
    connection = Connection(load.port, "127.0.0.2")
    connection.socket.sendall(data[:rng.choice([len(data)] * 4 + [rng.randrange(len(data))])])
    time.sleep(rng.choice([0, 0.001, rng.uniform(0, 0.05)]))
    if rng.random() < 0.5:  # RST, not FIN
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     struct.pack("ii", 1, 0))
    connection.close()
    time.sleep(rng.uniform(0, 0.1))


def reload(load, rng):
    """The models are what they were; a third that is wrong at times, or has gone."""
    folder = load.folder / "c"
    folder.mkdir(exist_ok=True)
    new = folder / "new.json"
    new.write_text(rng.choice([manifest(3, 4), manifest(20, 2), '{"tensors": 5}']))
    new.rename(folder / "manifest.json")
    load.process.send_signal(signal.SIGHUP)
    time.sleep(0.05)
    response = load.request("GET", "/v1/models/c")
    assert response.status in (200, 404), response.status
    models = json.loads(load.request("GET", "/v1/models").body)["models"]
    assert {"a", "b"} <= {model["name"] for model in models}, models


def at_rest(port):
    connection = Connection(port)
    connection.send(b"GET", b"/metrics")
    text = connection.read().body.decode()
    connection.close()
    return sum(float(value) for value in re.findall(
        r"(?m)^tensorinit_(?:compute_queue|compute_running|computations) (\S+)$", text))


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        for name, layers in (("a", 3), ("b", 60)):
            (folder / name).mkdir()
            (folder / name / "manifest.json").write_text(manifest(layers, 8))
        process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--models", folder,
                                "--memory", "64M", "--workers", "2", "--compute-threads", "2"])
        port = daemon.listening_port(process)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        at_rest(port)
        files = open_files(process.pid)
        load = Load(folder, process, port)
        kinds = [post, plan, read, hub, propagate, leave] * 2 + [reload]
        clients = [Client(load, choose, number) for number, choose in enumerate(kinds)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        if settled(lambda: at_rest(port), 0) > 0:
            load.wrong.append("work is left")
        files_after = settled(lambda: open_files(process.pid), files)
        if files_after > files:
            load.wrong.append(f"{files} descriptors, {files_after} at the end")
        # While models are being made.
        waiting = [Connection(port) for _ in range(20)]
        for number, connection in enumerate(waiting):
            body = manifest(799, 8, seed=number).encode()
            connection.socket.sendall(head("POST", "/v1/models", len(body)) + body)
        process.terminate()
        code = process.wait(timeout=120)
        if code != 0:
            load.wrong.append(f"exit {code}")
        for connection in waiting:
            connection.close()
    for why in load.wrong:
        print(f"FAIL {why}")
    counts = ", ".join(f"{count} x {name}" for name, count in load.counts.items())
    print(f"planned: {counts}; {len(load.wrong)} wrong")
    return bool(load.wrong) or len(load.counts) < 7


if __name__ == "__main__":
    sys.exit(main())
