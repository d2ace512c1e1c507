# SPDX-License-Identifier: MIT
"""A page of another origin reads a tensor by ranges, in Chromium: page.html."""
import functools
import hashlib
import html
import http.server
import json
import pathlib
import re
import subprocess
import threading
import urllib.parse

from support import Case, program, target

TENSOR = {"shape": "300,400", "seed": "4", "name": "w", "format": "npy"}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Browser(Case):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(__file__).parent
        pages = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=pages.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(pages.server_close)
        self.addCleanup(pages.shutdown)
        self.origin = f"http://127.0.0.1:{pages.server_port}"

    def results(self, url):
        """What the page writes."""
        page = self.origin + "/page.html?" + urllib.parse.urlencode({"target": url})
        done = subprocess.run(
            [program("chromium"), "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-proxy-server", "--no-first-run",
             f"--user-data-dir={self.scratch}", "--virtual-time-budget=60000", "--dump-dom",
             page], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        found = re.search(r"<pre>(\{.*\})</pre>", done.stdout, re.DOTALL)
        self.assertTrue(found, done.stdout + done.stderr)
        return json.loads(html.unescape(found[1]))

    def test_fetch(self):
        whole = self.get(TENSOR)
        results = self.results(self.server.url + target(TENSOR))
        self.assertNotIn("error", results, results)

        def check(name, status, body):
            self.assertEqual((results[name]["status"], results[name]["sha256"]),
                             (status, hashlib.sha256(body).hexdigest()), name)
            return results[name]["fields"]

        fields = check("whole", 200, whole)
        self.assertEqual((fields["tensor-shape"], fields["accept-ranges"]), ("300,400", "bytes"))
        self.assertEqual(fields["content-length"], str(len(whole)))
        fields = check("100-70000", 206, whole[100:70001])
        self.assertEqual(fields["content-range"], f"bytes 100-70000/{len(whole)}")
        check("-9", 206, whole[-9:])
        self.assertIn("multipart/byteranges", results["5-9,400-499"]["fields"]["content-type"])
        check("same", 304, b"")
        self.assertEqual(results["wrong"]["status"], 400)
        self.assertIn("application/problem+json", results["wrong"]["fields"]["content-type"])
