# SPDX-License-Identifier: MIT
"""CROWD connections (200) that stay open, each with a request now and then, and 300 of
slowhttptest, where that is installed: slow headers, bodies and readers, and many ranges.
Others are served meanwhile, and nothing is left afterwards."""
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from aborts import open_files, rss_kib, settled
from wire import SANITIZED, Connection, Ended, daemon

CROWD = int(os.environ.get("CROWD", "200"))
SLOW = 300
BOUND = 20 if SANITIZED else 3  # seconds of the slowest probe
TENSOR = "/v1/tensor?shape=1000,1000&name=w"
# How, and what ends all of them: deadlines, or at once.
SLOW_CLIENTS = {
    "-H": ["-i", "1"], "-B": ["-i", "1"], "-R": [],
    "-X": ["-w", "200", "-y", "512", "-n", "1", "-z", "5"]}


def start():
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--max-connections",
                            str(CROWD + SLOW + 10), "--header-timeout", "3", "--idle-timeout",
                            "60"])
    port = daemon.listening_port(process)
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, port


def probe(port):
    """Seconds until /healthz is answered; more than any bound if it is not."""
    begin = time.monotonic()
    try:
        connection = Connection(port)
        connection.send(b"GET", b"/healthz")
        status = connection.read().status
        connection.close()
    except (Ended, OSError):
        status = 0
    return time.monotonic() - begin if status == 200 else 1000


def check_crowd():
    """Each connection is served again and again."""
    process, port = start()
    files, before = open_files(process.pid), rss_kib(process.pid)
    connections = [Connection(port) for _ in range(CROWD)]
    for turn in range(3):
        begin = time.monotonic()
        for number, connection in enumerate(connections):
            connection.send(b"GET", b"/v1/tensor?shape=16,9&seed=%d" % number)
        if any(connection.read().status != 200 for connection in connections):
            yield "crowd: not answered"
        took = time.monotonic() - begin
    grown = rss_kib(process.pid) - before
    slowest = probe(port)
    for connection in connections:
        connection.close()
    left = settled(lambda: open_files(process.pid), files)
    print(f"crowd: {CROWD} connections, {turn + 1} turns, the last {took:.2f} s; "
          f"{grown} KiB more; descriptors {files}, {left} left")
    if slowest > BOUND or left > files:
        yield f"crowd: a probe took {slowest:.1f} s, {left - files} descriptors are left"
    if grown > 2048 + 40 * CROWD and not SANITIZED:
        yield f"crowd: {grown} KiB more"
    if daemon.stop(process) != 0:
        yield "crowd: exit"


def check_slow(option):
    """slowhttptest: others are served, and its clients end."""
    process = daemon.start([daemon.DAEMON, "--listen", "127.0.0.1:0", "--header-timeout", "3",
                            "--idle-timeout", "3"])
    port = daemon.listening_port(process)
    threading.Thread(target=process.stderr.read, daemon=True).start()
    files = open_files(process.pid)
    slow = subprocess.Popen(
        ["slowhttptest", option, "-c", str(SLOW), "-r", "300", "-l", "20", "-p", "5",
         *SLOW_CLIENTS[option], "-u", f"http://127.0.0.1:{port}{TENSOR}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output, took, begin, max_open = [], [], time.monotonic(), 0
    reader = threading.Thread(target=lambda: output.append(slow.stdout.read()))
    reader.start()
    while slow.poll() is None:
        took.append(probe(port))
        max_open = max(max_open, open_files(process.pid) - files)
        time.sleep(0.05)
    ran = time.monotonic() - begin
    reader.join()
    left = settled(lambda: open_files(process.pid), files)
    ended = re.findall(r"tensorinit_connections_ended_total\{reason=\"(\w+)\"\} ([1-9]\d*)",
                       metrics(port))
    print(f"slowhttptest {option}: {ran:.1f} s, at most {max_open} connections, slowest probe of "
          f"{len(took)} {max(took):.2f} s, {left - files} left; {dict(ended)}")
    if max(took) > BOUND or left > files:
        yield f"slowhttptest {option}: probe {max(took):.1f} s, {left - files} left"
    if daemon.stop(process) != 0:
        yield f"slowhttptest {option}: exit"


def metrics(port):
    connection = Connection(port)
    connection.send(b"GET", b"/metrics")
    text = connection.read().body.decode()
    connection.close()
    return text


def main():
    wrong = list(check_crowd())
    if shutil.which("slowhttptest"):
        for option in SLOW_CLIENTS:
            wrong += check_slow(option)
    else:
        print("note: no slowhttptest here")
    for why in wrong:
        print(f"FAIL {why}")
    print(f"crowd: {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
