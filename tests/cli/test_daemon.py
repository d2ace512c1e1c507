# SPDX-License-Identifier: MIT
"""The same bytes and errors as the daemon, by generate and by get."""
import json
import os
import re
import urllib.error
import urllib.parse

from support import USAGE, Case, daemon, generate, raw, tensorinit


# The field at fault and the daemon's query; the command gets the same as options.
BAD = """
shape        shape=
shape        shape=,
shape        shape=2,
shape        shape=-2
shape        shape=2x3,4
shape        shape=2.0
shape        shape=%2B2
shape        shape=2%203
shape        shape=0x10
shape        shape=18446744073709551616
shape        shape=4294967296,4294967296
shape        shape=2305843009213693952
shape        shape=2,2&shape=2,2
shape        shape=Scalar
scheme       shape=2,2&scheme=hee_normal
scheme       shape=2,2&scheme=
scheme       shape=2,2&scheme=HE_NORMAL
seed         shape=2,2&seed=18446744073709551616
seed         shape=2,2&seed=-9223372036854775809
seed         shape=2,2&seed=1.0
seed         shape=2,2&seed=0x
seed         shape=2,2&seed=0x10000000000000000
seed         shape=2,2&seed=
name         shape=2,2&name=%C0%80
name         shape=2,2&name=%ED%A0%80
name         shape=2,2&name=%FF
dtype        shape=2,2&dtype=float
dtype        shape=2,2&dtype=F128
format       shape=2,2&format=tiff
layout       shape=2,2&layout=oihw
groups       shape=4,2&groups=3
groups       shape=4,2&groups=0
fan_in       shape=2,2&fan_in=0
shape        shape=7
shape        shape=scalar
mode         shape=2,2&mode=fan
transposed   shape=2,2&transposed=yes
std          shape=2,2&std=0.02
std          shape=2,2&scheme=normal&std=-1
std          shape=2,2&scheme=normal&std=0x1p-3
std          shape=2,2&scheme=normal&std=inf
mean         shape=2,2&scheme=normal&mean=nan
mean         shape=2,2&scheme=normal&mean=1,5
gain         shape=2,2&scheme=xavier&gain=-1
nonlinearity shape=2,2&scheme=xavier&gain=1&nonlinearity=tanh
nonlinearity shape=2,2&scheme=kaiming&nonlinearity=swish
slope        shape=2,2&scheme=kaiming&nonlinearity=relu&slope=0.1
truncation   shape=2,2&truncation=0
truncation   shape=2,2&truncation=2,1
truncation   shape=2,2&scheme=truncated_normal&low=-1&high=1&truncation=2
corrected    shape=2,2&corrected=maybe
value        shape=2,2&scheme=constant
scale        shape=2,2&scheme=variance_scaling&scale=0
distribution shape=2,2&scheme=variance_scaling&distribution=normal
dtype        shape=2,2&scheme=constant&value=1e6&dtype=f16
dtype        shape=2,2&dtype=i8
value        shape=2&scheme=constant&value=128&dtype=i8
value        shape=2&scheme=constant&value=0.5&dtype=bool
slice        shape=2,2&slice=0,0,0
slice        shape=2,2&slice=2,:
slice        shape=2,2&slice=::0
shard        shape=2,2&slice=0:1&shard=0:1/2
shard        shape=2,2&shard=2:0/2
shard        shape=2,2&shard=0:2/2
permute      shape=2,2&permute=0,0
json         shape=2,2&json=nested
"""

# Valid queries: the same bytes from the command and the daemon.
GOOD = """
shape=512,784&scheme=he_normal&seed=42&name=fc1.weight&format=npy
shape=784,512&layout=io&seed=42&name=dense/kernel&format=npy
shape=1023,65&seed=-1&name=a
shape=1023,65&seed=0xffffffffffffffff&name=a
shape=3,4,5,6&scheme=xavier_normal&mode=fan_in&name=conv&dtype=f16
shape=64,3,7,7&scheme=kaiming_uniform&slope=2.23606797749979&name=conv1&dtype=bf16
shape=8,2,3,3&groups=4&scheme=glorot_uniform&name=g&dtype=f64&format=npy
shape=5,7&transposed=1&scheme=lecun_normal&name=t
shape=5,7&scheme=he&truncation=none&corrected=false&name=n
shape=scalar&scheme=uniform&name=s&format=npy
shape=0,7&name=empty&format=npy
shape=9&scheme=he_uniform&fan_in=9&name=bias
shape=33,31&scheme=variance_scaling&scale=0.5&distribution=uniform&name=v
shape=33,31&scheme=normal&mean=1&std=0.02&name=wte&dtype=bf16
shape=100001&scheme=truncated_normal&std=0.02&low=-2&high=2&name=pos
shape=100001&scheme=truncated_normal&truncation=1,inf&name=tail&dtype=f64
shape=257&scheme=uniform&low=-0.1&high=0.3&name=u&dtype=f16
shape=17&scheme=constant&value=1.1&dtype=bf16
shape=17&scheme=zeros&dtype=f64
shape=17&scheme=ones&format=npy
shape=64,784&name=fc1.weight&shard=0:3/8&format=npy
shape=33,31&name=p&permute=1,0&slice=::-2,3
shape=3,5&name=fc1.weight&format=safetensors&dtype=f8_e4m3
shape=40,50&name=%C3%BCber%2Fgewicht+%F0%9F%A7%A0
shape=40,50&name=a%26b%3Dc%25
"""


def options_of(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, encoding="utf-8",
                                   errors="surrogateescape")
    return [f"--{name}={value}" for name, value in pairs]


def as_options(text):
    """Parameters in a text, 'a=1&b=2', as the command writes them."""
    return re.sub(r"'([a-z][a-z0-9_]*=[^']*)'",
                  lambda found: "--" + found[1].replace("&", " --"), text)


class AgainstDaemon(Case):
    @classmethod
    def setUpClass(cls):
        running = daemon.running()
        cls.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)

    def get(self, *arguments):
        return tensorinit("get", "--server", self.server.url, *arguments)

    def test_bad_values(self):
        """Exit code 64, the field, and the daemon's text."""
        bad = [tuple(line.split()) for line in BAD.strip().splitlines()]
        bad += [("shape", ""), ("shape", "shape=" + ",".join(["1"] * 33)),
                ("name", "shape=2,2&name=" + "n" * 1025)]
        by_get = daemon.sample("the bad values by get", bad)
        for field, query in bad:
            with self.subTest(query):
                done = generate(*options_of(query), "-o", self.out)
                self.fails(USAGE, f"--{field}: ", done)
                self.assertEqual(os.listdir(self.scratch), [])
                with self.assertRaises(urllib.error.HTTPError) as caught:
                    self.server.get("/v1/tensor?" + query)
                with caught.exception as response:
                    self.assertEqual(response.code, 400)
                    problem = json.load(response)
                self.assertEqual(problem["field"], field)
                self.assertEqual(done.stderr.decode(),
                                 f"tensorinit: --{field}: {as_options(problem['detail'])}\n")
                if (field, query) in by_get:
                    got = self.get(*options_of(query), "-o", self.out)
                    self.assertEqual((got.returncode, got.stderr), (USAGE, done.stderr))
                    self.assertEqual(os.listdir(self.scratch), [])

    def test_bytes(self):
        for query in [*GOOD.split(), "shape=70000,10&name=" + "n" * 1024]:
            with self.subTest(query):
                body, _ = self.server.get("/v1/tensor?" + query)
                self.assertEqual(raw(*options_of(query)), body)
                got = self.get("-q", *options_of(query))
                self.succeeds(got)
                self.assertEqual(got.stdout, body)
