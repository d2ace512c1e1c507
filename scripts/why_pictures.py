#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Draws the pictures of docs/WHY.md from /v1/propagation: why_pictures.py TENSORINITD FOLDER.

The numbers are the same on every machine, and so are the files: 'make pictures' writes them
to docs/, tests/lint/docs/pictures compares. Python's standard library only.
"""
import json
import math
import pathlib
import re
import subprocess
import sys
import urllib.request

RELU = "activation=relu&depth=30&width=256&seed=1"
TANH = "activation=tanh&depth=30&width=256&seed=1"
# file: title of each panel and what it shows, a curve's label and query
PICTURES = {
    "why-relu": [
        ("30 ReLU layers: activations", "activation", RELU, [
            ("std 0.01", "scheme=normal&std=0.01"),
            ("1/n (Xavier by fan_in)", "scheme=xavier_normal&mode=fan_in"),
            ("2/n (He)", "scheme=he_normal"),
            ("8/n", "scheme=kaiming_normal&gain=2.8284271247461903")]),
        ("gradients", "input_gradient", RELU, [
            ("std 0.01", "scheme=normal&std=0.01"),
            ("1/n (Xavier by fan_in)", "scheme=xavier_normal&mode=fan_in"),
            ("2/n (He)", "scheme=he_normal"),
            ("8/n", "scheme=kaiming_normal&gain=2.8284271247461903")])],
    "why-tanh": [
        ("30 tanh layers: activations", "activation", TANH, [
            ("1/n (Xavier)", "scheme=xavier_normal"),
            ("gain 5/3", "scheme=xavier_normal&gain=1.6666666666666667"),
            ("gain 5", "scheme=xavier_normal&gain=5")]),
        ("gradients", "input_gradient", TANH, [
            ("1/n (Xavier)", "scheme=xavier_normal"),
            ("gain 5/3", "scheme=xavier_normal&gain=1.6666666666666667"),
            ("gain 5", "scheme=xavier_normal&gain=5")])],
    "why-truncation": [
        ("50 ReLU layers: activations", "activation", "activation=relu&depth=50&width=256&seed=1", [
            ("corrected", "scheme=he_normal"),
            ("not corrected", "scheme=he_normal&corrected=false")]),
        ("He, 8 seeds, width 64", "activation", "activation=relu&depth=50&width=64", [
            (f"seed {seed}", f"scheme=he_normal&seed={seed}") for seed in range(1, 9)])],
}
COLOURS = ["#4c78a8", "#c2571a", "#2f7d4f", "#8a4fa0", "#a08a2c", "#4a8a8a", "#a0506a", "#707070"]
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM, GAP = 380, 250, 56, 34, 12, 36, 8


def fetch(url, path):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url + path, timeout=60) as response:
        return json.load(response)


def curve(url, name, stack, query):
    layers = fetch(url, f"/v1/propagation?{stack}&{query}")["runs"][0]["layers"]
    return [math.sqrt(layer[f"{name}_second_moment"]) for layer in layers]


def panel(x0, title, curves, with_legend):
    values = [y for _, ys in curves for y in ys]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    low, high = (low, high) if high > low else (low - 1, high + 1)
    depth = len(curves[0][1])
    left, right, bottom = x0 + LEFT, x0 + WIDTH - RIGHT, HEIGHT - BOTTOM

    def place(layer, y):
        return (left + (right - left) * (layer - 1) / (depth - 1),
                bottom - (bottom - TOP) * (math.log10(y) - low) / (high - low))

    out = [f'<text x="{left}" y="20" font-weight="600">{title}</text>']
    step = math.ceil((high - low) / 7)
    for exponent in range(low, high + 1, step):
        y = place(1, 10.0 ** exponent)[1]
        out.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#e2e0da"/>')
        out.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#56606b">'
                   f'{f"1e{exponent}" if exponent else "1"}</text>')
    for layer in [1, *range(10, depth + 1, 10)]:
        out.append(f'<text x="{place(layer, 10.0 ** low)[0]:.1f}" y="{bottom + 16}" '
                   f'text-anchor="middle" fill="#56606b">{layer}</text>')
    out.append(f'<text x="{(left + right) / 2:.1f}" y="{bottom + 31}" text-anchor="middle" '
               f'fill="#56606b">layer</text>')
    for (_, ys), colour in zip(curves, COLOURS):
        points = " ".join("{:.1f},{:.1f}".format(*place(i + 1, y)) for i, y in enumerate(ys))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    if with_legend:
        x = x0 + LEFT
        for (label, _), colour in zip(curves, COLOURS):
            out.append(f'<path d="M{x} {HEIGHT + 4}h18" stroke="{colour}" stroke-width="3"/>')
            out.append(f'<text x="{x + 24}" y="{HEIGHT + 8}">{label}</text>')
            x += 44 + 7 * len(label)
    return out


def picture(url, panels):
    width, height = len(panels) * WIDTH + GAP, HEIGHT + 18
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             f'width="{width}" height="{height}" font-family="sans-serif" font-size="12" '
             'fill="#1d2329">',
             "<!-- SPDX-License-Identifier: MIT; made by scripts/why_pictures.py -->",
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for i, (title, name, stack, queries) in enumerate(panels):
        curves = [(label, curve(url, name, stack, query)) for label, query in queries]
        lines += panel(i * WIDTH, title, curves, i == 0)
    return "\n".join([*lines, "</svg>", ""])


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    daemon = subprocess.Popen([program, "--listen", "127.0.0.1:0"], text=True,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        found = None
        while not found:
            line = daemon.stderr.readline()
            if not line:
                sys.exit(f"{program} did not start")
            found = re.search(r"listening on (http://[^\"\s]+)", line)
        for name, panels in PICTURES.items():
            (folder / f"{name}.svg").write_text(picture(found[1], panels), encoding="utf-8")
    finally:
        daemon.terminate()
        daemon.communicate()


main()
