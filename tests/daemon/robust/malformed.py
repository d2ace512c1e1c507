# SPDX-License-Identifier: MIT
"""Every malformed value of every parameter, with some schemes that take it; parameters that
a scheme does not take, twice, unknown; and a list by hand of what goes not together: 400
with the right field over HTTP, the same field and text from 'tensorinit plan'."""
import json
import os
import re
import subprocess
import urllib.parse

from values import NEEDS, Parameters
from wire import SANITIZED, Connection, daemon

USAGE = 64
SCHEMES_EACH = 1 if SANITIZED else 2
COMMAND_EVERY = 10 if SANITIZED else 1  # case

# What each parameter takes, but not so: the field, and the query.
BY_HAND = """
shape        scheme=normal
shape
value        shape=2,2&scheme=constant
shape        shape=7
shape        shape=scalar&scheme=kaiming
shape        shape=7&fan_out=3
shape        shape=4611686018427387904&scheme=ones
shape        shape=9223372036854775807&scheme=ones&dtype=u8&format=npy
shape        shape=3074457345618258602,0,3&scheme=ones
groups       shape=3,2&groups=2
groups       shape=2,3&groups=2&layout=io
layout       shape=7&fan_in=3&layout=io
transposed   shape=7&fan_in=3&transposed=true
groups       shape=2,2&fan_in=2&fan_out=2&groups=2
nonlinearity shape=2,2&scheme=xavier_uniform&gain=2&nonlinearity=relu
slope        shape=2,2&scheme=kaiming&gain=2&slope=0.1
slope        shape=2,2&scheme=kaiming&nonlinearity=tanh&slope=0.1
slope        shape=2,2&scheme=xavier&slope=0.1
truncation   shape=2,2&scheme=variance_scaling&distribution=uniform&truncation=2
corrected    shape=2,2&scheme=variance_scaling&distribution=untruncated_normal&corrected=true
truncation   shape=2,2&scheme=truncated_normal&low=-1&truncation=2
corrected    shape=2,2&scheme=truncated_normal&high=1&corrected=true
corrected    shape=2,2&truncation=-1,2&corrected=true
std          shape=2,2&scheme=truncated_normal&low=-1&std=0
high         shape=2,2&scheme=truncated_normal&low=1&high=1
high         shape=2,2&scheme=truncated_normal&low=1&high=-1
high         shape=2,2&scheme=uniform&low=1&high=0.5
high         shape=2,2&scheme=uniform&low=1&high=1.00000001
low          shape=2,2&scheme=truncated_normal&low=7
high         shape=2,2&scheme=truncated_normal&high=-7
low          shape=2,2&scheme=uniform&low=2
high         shape=2,2&scheme=uniform&high=-1
dtype        shape=2,2&dtype=i8
dtype        shape=2,2&scheme=normal&dtype=bool
value        shape=2&scheme=constant&value=128&dtype=i8
value        shape=2&scheme=constant&value=-1&dtype=u64
value        shape=2&scheme=constant&value=18446744073709551616&dtype=u64
value        shape=2&scheme=constant&value=9223372036854775808&dtype=i64
value        shape=2&scheme=constant&value=1.5&dtype=i32
value        shape=2&scheme=constant&value=2&dtype=bool
dtype        shape=2&scheme=constant&value=65520&dtype=f16
dtype        shape=2&scheme=constant&value=465&dtype=f8_e4m3
dtype        shape=2&scheme=constant&value=1e39
distribution shape=2,2&scheme=variance_scaling&distribution=normal
mode         shape=2,2&scheme=he_normal&mode=fanIn
mode         shape=2,2&scheme=keras.VarianceScaling&mode=fan_geo_avg
mode         shape=2,2&scheme=torch.kaiming_normal_&mode=fan_avg
distribution shape=2,2&scheme=tfjs.varianceScaling&distribution=truncated_normal
a            shape=2,2&scheme=torch.kaiming_normal_&a=1&nonlinearity=relu
a            shape=2,2&scheme=torch.uniform_&a=2
b            shape=2,2&scheme=torch.uniform_&b=-1
minval       shape=2,2&scheme=keras.RandomUniform&minval=0.06
mean         shape=2,2&scheme=torch.trunc_normal_&mean=100
std          shape=2,2&scheme=torch.trunc_normal_&std=0
upper        shape=2,2&scheme=jax.truncated_normal&upper=-2
lower        shape=2,2&scheme=jax.truncated_normal&lower=2
stddev       shape=2,2&scheme=jax.normal&stddev=-1
scale        shape=2,2&scheme=jax.uniform&scale=-1
constant     shape=2,2&scheme=haiku.Constant
val          shape=2,2&scheme=torch.constant_
val          shape=2,2&scheme=torch.constant_&val=1.5&dtype=i8
gain         shape=2,2&scheme=keras.Identity&gain=1.5&dtype=i8
gain         shape=2,2&scheme=identity&gain=2&dtype=bool
value        shape=4&scheme=lstm_forget_bias&value=-1&dtype=u8
dtype        shape=2,2&scheme=sparse&sparsity=0&dtype=i32
dtype        shape=4,2&scheme=zero_hadamard&dtype=i32
shape        shape=2,3&scheme=tfjs.identity
shape        shape=2&scheme=jax.he_normal
shape        shape=2&scheme=torch.xavier_normal_
shape        shape=2&scheme=identity
shape        shape=2,2&scheme=dirac
shape        shape=6&scheme=lstm_forget_bias
shape        shape=2,2,3,4&scheme=bilinear
groups       shape=3,2,3&scheme=dirac&groups=2
sparsity     shape=2,2&scheme=sparse
layers       shape=2,2&scheme=wang_init
omega        shape=2,2&scheme=siren&first=true&omega=30
fan_in       shape=2,2&scheme=mitchell&d_model=2&fan_in=2
input_axes   shape=2,2&output_axes=0
output_axes  shape=2,2&input_axes=0
in_axis      shape=2,2&in_axis=2
in_axis      shape=2,2&layout=io&in_axis=0
batch_axis   shape=2,2&batch_axis=0
in_axis      shape=scalar&in_axis=none
in_axis      shape=2,2&in_axis=0,0&out_axis=1
batch_axis   shape=2,2&in_axis=0&out_axis=1&batch_axis=0
input_axes   shape=2,2&in_axis=0&out_axis=1&input_axes=0&output_axes=1
name         shape=2,2&name=__metadata__&format=safetensors
json         shape=2,2&json=flat
json         shape=2,2&json=flat&format=npy
metadata     shape=2,2&metadata=full
metadata     shape=2,2&metadata=none&format=json
shard        shape=4,4&slice=0:1&shard=0:0/2
slice        shape=2,2&slice=0,0,0
slice        shape=2,2&permute=1,0&slice=...,2
permute      shape=scalar&scheme=ones&permute=0
shard        shape=scalar&scheme=ones&shard=0:0/1
slice        shape=scalar&scheme=ones&slice=0
"""


# Spellings of another parameter.
OTHER = {("low", "-inf"): ("truncation", "none"), ("high", "inf"): ("truncation", "none")}


def plain(name, value):
    """How docs/SPELLINGS.md rewrites a value: blanks, brackets, 2x3, capitals."""
    if isinstance(value, bytes):
        return value
    value = value.strip()
    if value in ("()", "[]"):
        return "none"
    if value[:1] + value[-1:] in ("()", "[]"):
        value = value[1:-1]
    if name == "scheme":
        return value
    value = value.lower().replace("infinity", "inf").replace(" ", "")
    return re.sub(r"(?<=\d)x(?=\d)", ",", value)


def as_options(detail):
    """A hint names parameters over HTTP, and options in the command."""
    return re.sub(r"(did you mean | or )'(\w+=[^']*)'",
                  lambda hint: hint[1] + "--" + hint[2].replace("&", " --"), detail)


def quoted(text):
    return urllib.parse.quote_from_bytes(os.fsencode(text) if isinstance(text, str) else text)


class Checker:
    def __init__(self, port):
        self.connection = Connection(port)
        self.over_http = self.by_command = 0

    def refused(self, field, pairs, command=True):
        """Both refuse it alike; returns what is wrong, or None."""
        query = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)
        for target in (b"/v1/tensor?", b"/v1/plan?"):
            self.connection.send(b"GET", target + query.encode())
            response = self.connection.read()
            self.over_http += 1
            if response.status != 400:
                if response.status == 200 and self.is_spelling(pairs):
                    return None
                return f"{query[:300]}: status {response.status}"
            problem = json.loads(response.body)
            if problem.get("field") != field:
                if self.is_spelling(pairs):
                    return None
                return f"{query[:300]}: field {problem.get('field')}, not {field}: {problem}"
            if response.fields[b"content-type"] != b"application/problem+json":
                return f"{query[:300]}: {response.fields}"
        if command and not any(b"\0" in os.fsencode(value) for _, value in pairs):
            return self.command_refuses(field, pairs, problem["detail"])
        return None

    def is_spelling(self, pairs):
        """Whether the plain form of these is another query, with the same plan or error."""
        results = []
        joined = {}  # a list that comes item by item
        for name, value in ((name, plain(name, value)) for name, value in pairs):
            name, value = OTHER.get((name, value), (name, value))
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        for query in (pairs, [*joined.items()]):
            text = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query)
            self.connection.send(b"GET", b"/v1/plan?" + text.encode())
            document = json.loads(self.connection.read().body)
            results.append((document.get("query"), document.get("detail")))
        return results[0] == results[1] and query != pairs

    def command_refuses(self, field, pairs, detail):
        """By the same field, in the same words."""
        options = [os.fsencode(f"--{name}=") + os.fsencode(value) for name, value in pairs]
        done = subprocess.run([daemon.COMMAND, "plan", *options], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        self.by_command += 1
        wanted = f"tensorinit: --{field}: {as_options(detail)}\n"
        if done.returncode != USAGE or done.stdout or done.stderr.decode() != wanted:
            return f"{options}: {done}, not {wanted!r}"
        return None


def cases(parameters):
    """Field, query, and whether the command is run as well (where it does not depend on
    the scheme, once is enough)."""
    for name, values in parameters.malformed.items():
        for i, scheme in enumerate(parameters.taking(name)[:SCHEMES_EACH]):
            for value in values:
                query = parameters.base(scheme) | NEEDS.get(name, {}) | {name: value}
                yield name, [*query.items()], i == 0
    for scheme, row in parameters.schemes.items():
        of_framework = "stands_for" in row
        fans = {"fan_in", "fan_out"} if of_framework else set()  # these are everybody's
        not_taken = set(parameters.valid) - set(row["parameters"]) - fans
        for i, name in enumerate(sorted(not_taken)):
            pair = name, parameters.valid[name][0]
            command = not of_framework and (i + len(scheme)) % 5 == 0  # a process takes its time
            yield name, [*parameters.base(scheme).items(), pair], command
    for name in parameters.valid:
        query = parameters.base(parameters.taking(name)[0]) | NEEDS.get(name, {})
        query.setdefault(name, parameters.valid[name][0])
        yield name, [*query.items(), (name, query[name])], True
        for wrong in (name.upper(), name + "s", name[:-1], " " + name):
            if wrong:
                yield wrong, [("shape", "2,2"), (wrong, parameters.valid[name][0])], False
    for line in BY_HAND.strip().splitlines():
        field, _, query = line.partition(" ")
        yield field, urllib.parse.parse_qsl(query.strip(), keep_blank_values=True), True


def main():
    with daemon.running() as server:
        parameters = Parameters(json.loads(server.get("/v1/schemes")[0]))
        checker = Checker(server.port)
        wrong = []
        for i, (field, query, command) in enumerate(cases(parameters)):
            why = checker.refused(field, query, command and i % COMMAND_EVERY == 0)
            wrong += [why] if why else []
        checker.connection.close()
    for why in wrong[:40]:
        print(f"FAIL {why}")
    print(f"malformed: {checker.over_http} refused over HTTP, {checker.by_command} by the "
          f"command; {len(wrong)} wrong")
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
