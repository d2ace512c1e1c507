# SPDX-License-Identifier: MIT
"""100,000 random queries, most of them valid ones that were damaged: 200 or 400, and 400
with a field that is in the query or missing from it. All come over connections that last,
but what is too long or does not fit into a request's line."""
import json
import random
import re
import sys
import urllib.parse

from values import NEEDS, Parameters
from wire import Connection, Ended, daemon, scaled

COUNT = scaled(100000)
BATCH = 50
GET_SHARE = 0.1
SMALL_BYTES = 1 << 16

# What may stand in a query: no space, control character or beginning of a fragment.
LETTERS = bytes(b for b in range(0x21, 0x100) if b not in b"#\x7f")
NASTY = [b"%", b"%0", b"%zz", b"%00", b"%0a", b"%ff", b"%C0%80", b"%u0041", b"&", b"&&", b"=",
         b"==", b"+", b"%2B", b"%26", b"%3D", b";", b"?", b"%23", b"/../", b"//", b"\\", b"'",
         b'"', b"<", b",", b",,", b":", b"-", b"\xff", b"\xc3\xa4", b"...", b"1e999", b"nan"]


def encoded(rng, value):
    """The bytes of a value, each as it is or by %XX, now and then all of them."""
    data = value if isinstance(value, bytes) else value.encode()
    share = rng.choice([0, 0, 0, 0.3, 1])
    style = rng.choice(["%%%02X", "%%%02x"])
    return b"".join(
        style.encode() % byte if byte not in LETTERS or byte in b"%&+=" or
        share and rng.random() < share else bytes([byte]) for byte in data)


def valid_pairs(rng, parameters):
    scheme = rng.choice(list(parameters.schemes))
    query = parameters.base(scheme) | {"shape": rng.choice(parameters.valid["shape"])}
    takes = parameters.schemes[scheme]["parameters"]
    for name in rng.sample(takes, rng.randrange(5)):
        if name not in ("shape", "scheme"):
            query |= NEEDS.get(name, {}) | {name: rng.choice(parameters.valid[name])}
    pairs = list(query.items())
    rng.shuffle(pairs)
    return pairs


def damage_pairs(rng, parameters, pairs):
    place = rng.randrange(len(pairs))
    name, value = pairs[place]
    names = list(parameters.valid)
    kind = rng.randrange(7)
    if kind == 0:
        pairs[place] = name, rng.choice(parameters.malformed.get(name, [""]))
    elif kind == 1:
        pairs[place] = name, rng.choice(parameters.valid[rng.choice(names)])
    elif kind == 2:
        del pairs[place]
    elif kind == 3:
        pairs.insert(rng.randrange(len(pairs) + 1), pairs[place])
    elif kind == 4:
        pairs[place] = rng.choice([name.upper(), name[1:], name + " ", "x", *names]), value
    elif kind == 5:
        other = rng.choice(names)
        pairs.append((other, rng.choice(parameters.valid[other])))
    else:
        pairs[place] = name, rng.randbytes(rng.randrange(12))


def damage_bytes(rng, query):
    for _ in range(rng.choice([1, 1, 2, 5])):
        first = rng.randrange(len(query) + 1)
        last = first + rng.choice([0, 0, 1, 1, 3])
        new = rng.choice(NASTY) if rng.random() < 0.5 else bytes([rng.choice(LETTERS)])
        query = query[:first] + rng.choice([new, new, b""]) + query[last:]
    return query


def random_query(rng, parameters):
    kind = rng.random()
    if kind < 0.05:
        return bytes(rng.choices(LETTERS, k=rng.randrange(60)))
    if kind < 0.1:
        return b"".join(rng.choices([*NASTY, b"shape=", b"1", b"seed"], k=rng.randrange(9)))
    pairs = valid_pairs(rng, parameters)
    while pairs and rng.random() < 0.4:
        damage_pairs(rng, parameters, pairs)
    query = b"&".join(encoded(rng, name) + b"=" + encoded(rng, value)
                      for name, value in pairs)
    return damage_bytes(rng, query) if rng.random() < 0.3 else query


def names_in(query):
    """What the query names, as a problem writes it; and what a problem may name though the
    query does not: what is missing, defaults that do not go with the rest, the query."""
    keys = (pair.partition(b"=")[0].replace(b"+", b" ") for pair in query.split(b"&"))
    names = {re.sub(r"[^ -~]", "?", urllib.parse.unquote_to_bytes(key).decode("latin-1"))
             for key in keys}
    return names | {"shape", "value", "dtype", "corrected", "query", "layers", "layer", "sparsity",
                    "input_axes", "output_axes", "val", "constant", "low", "high", "role",
                    "d_kv", "width_multiplier"}


class Checker:
    def __init__(self, port):
        self.port = port
        self.connection = Connection(port)
        self.wrong, self.statuses, self.fetched = [], {}, 0

    def fail(self, query, why):
        self.wrong.append(f"{query[:300]!r}: {why}")

    def responses(self, method, queries, read):
        """One for each, pipelined, over one connection as long as it lasts. It may end after
        HEAD of what has no known length (libmicrohttpd), and that response says so; but the
        reset that follows may take it and others along, which are then requested singly."""
        responses, at_once, lost = [], len(queries), False
        while left := queries[len(responses):]:
            left = left[:at_once]
            self.connection.send(method, *(b"/v1/tensor?" + query for query in left))
            try:
                for query in left:
                    responses.append(read(self.connection))
                    if responses[-1].closes:
                        self.judge_close(method, query, responses[-1])
                        lost = False
                        break
            except Ended:
                if at_once == 1:
                    self.fail(left[0], "the connection ended")
                    return responses
                at_once, lost = 1, True
                self.reconnect()
        if lost:
            self.fail(queries[-1], f"the connection of {len(queries)} ended, not so singly")
        return responses

    def judge_close(self, method, query, response):
        if method != b"HEAD" or response.status != 200 or response.length is not None:
            self.fail(query, f"closes: {response.status} {response.fields}")
        self.reconnect()

    def reconnect(self):
        self.connection.close()
        self.connection = Connection(self.port)

    def batch(self, rng, queries):
        """HEAD for all of them, and then GET for some that have little to send."""
        again = []
        for query, head in zip(queries, self.responses(b"HEAD", queries, Connection.read_head)):
            self.statuses[head.status] = self.statuses.get(head.status, 0) + 1
            if head.status not in (200, 400):
                self.fail(query, f"HEAD {head.status} {head.fields}")
            elif (head.length or SMALL_BYTES) < SMALL_BYTES and rng.random() < GET_SHARE:
                again.append((query, head))
        responses = self.responses(b"GET", [query for query, _ in again], Connection.read)
        for (query, head), response in zip(again, responses):
            self.compare(query, head, response)

    def compare(self, query, head, response):
        self.fetched += 1
        for name in (b"date", b"x-request-id"):
            head.fields.pop(name)
            response.fields.pop(name)
        if (head.status, head.fields) != (response.status, response.fields):
            self.fail(query, f"HEAD {head.fields}, GET {response.fields}")
        if response.status == 400:
            problem = json.loads(response.body)
            kind = response.fields[b"content-type"]
            if kind != b"application/problem+json" or problem["status"] != 400:
                self.fail(query, f"{kind} {problem}")
            names = names_in(query)
            # A long name is cut.
            if not any(name.startswith(problem.get("field", "?")) for name in names):
                self.fail(query, f"no field of the query in {problem}")

    def alone(self, query, statuses):
        """On a connection of its own, that may be closed after a response."""
        connection = Connection(self.port)
        try:
            connection.send(b"GET", b"/v1/tensor?" + query)
            response = connection.read()
            if response.status not in statuses:
                self.fail(query, response.status)
        except (Ended, BrokenPipeError, ConnectionResetError) as error:
            self.fail(query, repr(error))
        connection.close()


def long_queries(rng):
    for bytes_more in [5000, 8000, 8192, 15000, 16384, 32768, 65536, 200000]:
        for start in (b"shape=2,2&name=", b"shape=", b"shape=2,2&", b""):
            for repeated in (b"a", b"%41", b"1,", b"&", b"a=1&", b"="):
                query = start + repeated * (bytes_more // len(repeated))
                yield query + bytes(rng.choices(LETTERS, k=rng.randrange(3)))


def main():
    rng = random.Random(10)
    with daemon.running() as server:
        parameters = Parameters(json.loads(server.get("/v1/schemes")[0]))
        checker = Checker(server.port)
        for _ in range(COUNT // BATCH):
            checker.batch(rng, [random_query(rng, parameters) for _ in range(BATCH)])
        unfit = [b" ", b"\t", b"\0", b"\x01", b"\x7f", b"\r", b"a b", b"#", b"a HTTP/1.1 "]
        for text in unfit:
            checker.alone(b"shape=2,2&name=" + text, {400})
        longest = list(long_queries(rng))
        for query in longest:
            # Empty pairs are nothing, however many they are.
            is_valid = re.fullmatch(rb"shape=2,2(&name=)?&+", query)
            checker.alone(query, {200, 414, 431} if is_valid else {400, 414, 431})
        checker.connection.close()
    for why in checker.wrong[:40]:
        print(f"FAIL {why}")
    print(f"queries: {checker.statuses}, {checker.fetched} compared with GET, {len(longest)} "
          f"long and {len(unfit)} unfit ones; {len(checker.wrong)} wrong")
    return bool(checker.wrong)


if __name__ == "__main__":
    sys.exit(main())
