# SPDX-License-Identifier: MIT
"""
Every model of deploy/models is in models.tsv and recipes.tsv, and the other way round. Each has
the number of parameters that is published, names its sources with a commit or release, and is
served by the daemon with the distributions that the sources have: in the plan of all tensors,
and in the values of some. A config.json has the sizes of the tensors (configs.tsv).
"""
import fnmatch
import functools
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import daemon  # noqa: E402

import numpy as np  # noqa: E402

import expected  # noqa: E402

MODELS = daemon.ROOT / "deploy/models"
SOURCE = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/blob/([0-9a-f]{8,40}|v\d[\w.]*)/\S+ \(.+\)")

# The tensors whose values are computed: all of two models; of others some of each kind.
VALUES = {
    "gpt2": ["*"],
    "llama-3-8b-torchtitan": ["*.layers.31.self_attn.[ok]_proj.weight"],
    "olmo2-7b": ["*.layers.0.self_attn.q_proj.weight"],
    "mamba2-130m": ["*.layers.2?.*"],
    "bert-base": ["embeddings.*"],
    "t5-small": ["shared.weight", "*.block.0.*"],
    "whisper-tiny": ["*embed*", "*.conv?.*", "*.layers.0.*"],
    "vit-b16": ["cls_token", "*embed*", "blocks.0.*"],
    "resnet50": ["*"],
    "convnext-tiny": ["features.[0-5].*", "classifier.*"],
}

failures = []


def check(holds, text):
    if not holds:
        failures.append(text)


def rows(file, fields):
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            row = line.split("\t")
            assert len(row) == fields, f"{file}: {line}"
            yield row


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@functools.lru_cache(maxsize=None)
def evaluated(text, shape, layer):
    """The expression of a recipe: of this test's own file."""
    return eval(text, vars(expected) | {"shape": shape, "layer": layer})


class Recipes:
    """The rows of one model; remembers which of them were of use."""

    def __init__(self, recipes):
        self.recipes, self.used = recipes, set()

    def of(self, tensor):
        for pattern, text in self.recipes:
            if fnmatch.fnmatchcase(tensor["name"], pattern):
                self.used.add(pattern)
                number = re.search(r"\d+", tensor["name"])
                return evaluated(text, tuple(tensor["shape"]), int(number[0]) if number else None)
        return None


class Reader:
    """One connection, and one buffer for all tensors: 500 MB are read, a few at a time."""

    def __init__(self, connection):
        self.http, self.buffer = connection.connection, np.empty(0, np.uint8)

    def json(self, path):
        self.http.request("GET", path)
        return json.loads(self.http.getresponse().read())

    def values(self, path, tensor):
        """As f32; they are there until the next call."""
        first, count = tensor["offset"], tensor["bytes"]
        self.http.request("GET", f"{path}/{tensor['file']}",
                          headers={"Range": f"bytes={first}-{first + count - 1}"})
        response = self.http.getresponse()
        check(response.status == 206 and response.length == count, f"{path}: {tensor['name']}")
        if self.buffer.size < count:
            self.buffer = np.empty(count, np.uint8)
        data, done = memoryview(self.buffer)[:count], 0
        while (more := response.readinto(data[done:])) > 0:
            done += more
        return array(self.buffer[:done], tensor["dtype"]).reshape(tensor["shape"])


def array(data, dtype):
    if dtype == "bf16":
        return (data.view("<u2").astype("<u4") << 16).view("<f4")
    return data.view({"f32": "<f4", "i64": "<i8"}[dtype]).astype("<f4", copy=False)


def check_tensor(reader, model, tensor, wanted):
    at = f"{model['name']}: {tensor['name']}"
    if wanted is None:
        failures.append(f"{at}: no row in recipes.tsv")
        return
    wrong = wanted.plan_differs(tensor.get("mean"), tensor.get("std"))
    if not wrong and matches(tensor["name"], VALUES.get(model["name"], [])):
        wrong = wanted.values_differ(reader.values(model["path"], tensor))
    check(not wrong, f"{at}: {wrong}")


def check_model(reader, name, row, recipes, sizes):
    parameters, tensors, besides = int(row[0]), int(row[1]), row[2].split()
    model = reader.json(f"/v1/models/{name}")
    if "tensors" not in model:
        failures.append(f"{name}: {model}")
        return
    counted = sum(t["parameters"] for t in model["tensors"] if not matches(t["name"], besides))
    check(counted == parameters, f"{name}: {counted} parameters, not {parameters}")
    check(len(model["tensors"]) == tensors, f"{name}: {len(model['tensors'])} tensors, not {tensors}")
    for pattern in VALUES.get(name, []) + [p for p in besides if p != "-"]:
        check(any(matches(t["name"], [pattern]) for t in model["tensors"]), f"{name}: no {pattern}")
    for tensor in model["tensors"]:
        check_tensor(reader, model, tensor, recipes.of(tensor))
    check_config(reader, name, model, sizes)
    unused = [pattern for pattern, _ in recipes.recipes if pattern not in recipes.used]
    check(not unused, f"{name}: rows of recipes.tsv that match no tensor: {unused}")


def check_config(reader, name, model, sizes):
    """config.json is served beside the tensors, and has their sizes."""
    file = MODELS / name / "config.json"
    check(file.exists() == bool(sizes), f"{name}: config.json and configs.tsv")
    if not (file.exists() and sizes):
        return
    config = reader.json(f"/{name}/resolve/seed-42/config.json")
    check(config == json.loads(file.read_text(encoding="utf-8")), f"{name}: config.json")
    for text, pattern, axis in sizes:
        shapes = [t["shape"] for t in model["tensors"] if matches(t["name"], [pattern])]
        found = {len(shapes)} if axis == "count" else {shape[int(axis)] for shape in shapes}
        wanted = eval(text, {}, config)
        check(found == {wanted}, f"{name}: {text} is {wanted}, {pattern} has {found}")


def check_command(name, tensors):
    """The command has the same model, and finds no fault with it."""
    done = subprocess.run([daemon.COMMAND, "model", MODELS / name, "--check"], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    check(done.returncode == 0 and not done.stderr, f"{name}: {done.stderr}")
    last = done.stdout.rpartition("\n\n")[2]
    check(last.startswith(f"{tensors} tensors, "), f"{name}: {last}")


def manifest(name):
    return json.loads((MODELS / name / "manifest.json").read_text(encoding="utf-8"))


def check_sources(name):
    sources = manifest(name).get("sources")
    check(sources, f"{name}: no sources")
    for source in sources or []:
        check(SOURCE.fullmatch(source), f"{name}: no file and commit: {source}")


def check_page(models):
    """docs/MANIFEST.md has the models, their parameters and dtypes."""
    page = (daemon.ROOT / "docs/MANIFEST.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([\w-]+)` \| ([\d,]+) \| (\w+) \| .* \| .* \|$", page, re.M)
    wanted = [(name, f"{int(row[0]):,}", manifest(name)["dtype"]) for name, row in models.items()]
    check(found == wanted, f"docs/MANIFEST.md: {set(found) ^ set(wanted) or 'another order'}")


def main():
    models = {name: row for name, *row in rows("models.tsv", 5)}
    recipes = {}
    for name, pattern, text in rows("recipes.tsv", 3):
        recipes.setdefault(name, []).append((pattern, text))
    sizes = list(rows("configs.tsv", 4))
    folders = {path.name for path in MODELS.iterdir()}
    for what, names in (("models.tsv", models), ("recipes.tsv", recipes)):
        check(set(names) == folders, f"{what} and deploy/models: {set(names) ^ folders}")
    check(set(VALUES) <= folders, f"VALUES: {set(VALUES) - folders}")
    with daemon.running("--models", MODELS) as server, server.connect() as connection:
        reader = Reader(connection)
        listed = {m["name"] for m in reader.json("/v1/models")["models"]}
        check(listed == folders, f"served: {listed}")
        for name in sorted(folders & set(models) & set(recipes)):
            check_model(reader, name, models[name], Recipes(recipes[name]),
                        [row for models_of, *row in sizes if name in models_of.split()])
    for name in sorted(folders & set(models)):
        check_command(name, models[name][1])
        check_sources(name)
        check("/blob/" not in models[name][3] or re.search("/blob/[0-9a-f]{40}/", models[name][3]),
              f"models.tsv: {name}: no commit")
    check_page(models)
    print(f"{len(folders)} models", *failures, sep="\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
