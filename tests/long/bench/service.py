# SPDX-License-Identifier: MIT
"""
What a daemon keeps to, each beside its limit: tab-separated what, value, unit, limit. How long
the tasks are in which the dearest tensors are computed (tasks.c), and what others wait
for meanwhile; the first byte far inside a tensor; memory while many clients read.
"""
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import daemon  # noqa: E402

BENCH = daemon.BUILD / "tests/long/bench"
TASKS = ("shape=6000,6000&scheme=orthogonal", "shape=6000,6000&scheme=orthogonal&slice=:,::3",
          "shape=6000,6000&scheme=orthogonal&permute=1,0",
          "shape=2,2048,4096&layout=io&scheme=orthogonal&permute=2,1,0&dtype=f8_e4m3")
DEAR = ("shape=2,2048,4096&layout=io&scheme=orthogonal&permute=2,1,0&dtype=f8_e4m3",
        "shape=32768,32768&dtype=f64&scheme=truncated_normal&truncation=-1,2&permute=1,0",
        "shape=4096,4096&scheme=orthogonal&dtype=f64", "shape=32768,128&scheme=sparse&sparsity=0.5")
REQUESTS, PROBES, READERS = 20, 300, 64
FAR = "/v1/tensor?shape=1073741824,536870912&name=w"  # 2^59 elements
TEBI = "/v1/tensor?shape=1048576,262144&name=w"  # 1 TiB of f32


def row(what, value, unit, limit):
    print(what, value, unit, limit, sep="\t", flush=True)


def tasks():
    for query in TASKS:
        out = subprocess.run([BENCH / "tasks", query], check=True, stdout=subprocess.PIPE,
                             text=True).stdout
        row(f"longest task, {query}", float(out.split()[-1]), "ms", 5)


def readers(server, targets):
    return [subprocess.Popen([BENCH / "reader", str(server.port), target],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for target in targets]


def end(processes):
    for process in processes:
        process.kill()
        process.wait()


def probes(server):
    took = []
    for _ in range(PROBES):
        begin = time.perf_counter()
        server.get("/healthz")
        took.append((time.perf_counter() - begin) * 1e3)
        time.sleep(0.01)
    return statistics.quantiles(took, n=100)[98]


def dear():
    with daemon.running("--max-client-computations", "0") as server:
        # What the machine's other work makes of it.
        row("p99 of /healthz alone", probes(server), "ms", 20)
        clients = readers(server, [f"/v1/tensor?{DEAR[i % len(DEAR)]}&seed={i}"
                                   for i in range(REQUESTS)])
        time.sleep(1)
        row(f"p99 of /healthz beside {REQUESTS} dear requests", probes(server), "ms", 20)
        end(clients)


def first_byte():
    with daemon.running() as server, server.connect() as connection:
        took = []
        for i in range(PROBES):
            offset = 2**61 // PROBES * i + 5
            begin = time.perf_counter()
            if connection.get(FAR, Range=f"bytes={offset}-{offset + 3}").status != 206:
                sys.exit("bench: no 206")
            took.append((time.perf_counter() - begin) * 1e3)
        row("4 bytes anywhere in 2^59 elements, median", statistics.median(took), "ms", 1)


def memory():
    with daemon.running() as server:
        clients = readers(server, [TEBI] * READERS)
        worst = 0
        for _ in range(20):
            time.sleep(0.2)
            text = server.get("/metrics")[0].decode()
            found = re.search(r"^process_resident_memory_bytes (\S+)$", text, re.MULTILINE)
            worst = max(worst, float(found[1]))
        row(f"resident while {READERS} clients read 1 TiB each", worst / 2**20, "MiB", 64)
        end(clients)


for measure in (tasks, dear, first_byte, memory):
    measure()
