# SPDX-License-Identifier: MIT
"""A model as a client of the Hugging Face Hub reads it: what it downloads are the files that
'tensorinit model' writes."""
import json
import os
import pathlib
import subprocess
import unittest

from support import Case, daemon
from test_safetensors import HERE, installed_parser

MANIFEST = {"dtype": "bf16", "tensors": {"layers.{0..3}.weight": [256, 300], "bias": [300]},
            "rules": [["bias", "scheme=zeros"], ["*", "scheme=normal&std=0.02"]]}


class Hub(Case):
    def read(self, server, revision):
        entry = installed_parser()
        done = subprocess.run(
            [os.environ["NODE"], HERE / "hub_model.mjs", entry.as_uri(), server.url, "org/m",
             revision, self.scratch / revision],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        # The package writes its progress there as well.
        return json.loads(done.stdout.splitlines()[-1])

    def test_snapshot(self):
        folder = self.scratch / "models/org--m"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps(MANIFEST))
        (folder / "config.json").write_text("{}")
        with daemon.running("--models", folder.parent) as server:
            for revision, options in (("seed-5", ()),
                                      ("seed-5-f32-400KB", ("--dtype=f32", "--max-shard-size=400KB"))):
                with self.subTest(revision=revision):
                    out = self.scratch / f"out-{revision}"
                    subprocess.run([daemon.COMMAND, "model", folder / "manifest.json", "--seed=5",
                                    *options, "-o", out], check=True, capture_output=True)
                    expected = {p.name: p.read_bytes() for p in (*out.iterdir(), *folder.iterdir())}
                    found = self.read(server, revision)
                    self.assertEqual(found["files"], {n: len(b) for n, b in expected.items()})
                    self.assertEqual(found["sharded"], len(expected) > 3)
                    self.assertEqual(sum(found["parameterCount"].values()), 4 * 256 * 300 + 300)
                    self.assertFalse(found["absent"])
                    got = {p.name: p.read_bytes() for p in pathlib.Path(found["folder"]).iterdir()}
                    self.assertEqual(got, expected)


if __name__ == "__main__":
    unittest.main()
