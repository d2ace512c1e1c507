# SPDX-License-Identifier: MIT
"""init_(): rules, names under wrappers, parts of ranks, and what is refused."""
import copy
import unittest

from support import Http, Native, need, tensorinit, torch

RULES = [("*.norm.weight", "scheme=ones"), ("*.bias", "scheme=zeros"),
         ("layers.{l}.out.weight", "scheme=mitchell&layer={l}"),
         ("*", {"scheme": "truncated_normal", "std": 0.02})]


def model():
    """Two layers, with parameters that are NaN until they are initialized."""
    def layer():
        return torch.nn.ModuleDict({"norm": torch.nn.LayerNorm(8), "in": torch.nn.Linear(8, 6),
                                    "out": torch.nn.Linear(6, 8, bias=False)})

    made = torch.nn.Module()
    made.embed = torch.nn.Embedding(10, 8)
    made.layers = torch.nn.ModuleList([layer(), layer()])
    with torch.no_grad():
        for param in made.parameters():
            param.fill_(float("nan"))
    return made


def wrap(inner, name):
    outer = torch.nn.Module()
    outer.add_module(name, inner)
    return outer


class NativeModules(Native):
    @classmethod
    def setUpClass(cls):
        need(torch, "torch")
        super().setUpClass()

    def test_rules(self):
        made = model()
        queries = tensorinit.init_(made, RULES, seed=5)
        params = dict(made.named_parameters())
        self.assertEqual(set(queries), set(params))
        for layer in ("0", "1"):
            self.assertTrue((params[f"layers.{layer}.norm.weight"] == 1).all())
            self.assertTrue((params[f"layers.{layer}.norm.bias"] == 0).all())
            self.assertTrue((params[f"layers.{layer}.in.bias"] == 0).all())
            for name, query in ((f"layers.{layer}.out.weight", f"scheme=mitchell&layer={layer}"),
                                (f"layers.{layer}.in.weight",
                                 "scheme=truncated_normal&std=0.02")):
                wanted = tensorinit.tensor(name, params[name].shape, query, seed=5)
                self.assertTrue((params[name].detach().numpy() == wanted).all(), name)
        self.assertEqual(queries["embed.weight"],
                         "shape=10,8&scheme=truncated_normal&seed=5&name=embed.weight&std=0.02")

    def test_wrappers(self):
        """Names, and so values, are those of the model without its wrappers."""
        plain = model()
        tensorinit.init_(plain, RULES, seed=5)
        wrapped = {
            "DataParallel": torch.nn.DataParallel(model()),
            "module.module": wrap(torch.nn.DataParallel(model()), "module"),
            "compile": wrap(model(), "_orig_mod"),
            "fsdp": wrap(model(), "_fsdp_wrapped_module"),
            "all": wrap(wrap(wrap(model(), "_fsdp_wrapped_module"), "_orig_mod"), "module"),
        }
        inner = model()
        inner.layers[1] = wrap(wrap(inner.layers[1], "_checkpoint_wrapped_module"),
                               "_fsdp_wrapped_module")
        wrapped["inside"] = inner
        for name, made in wrapped.items():
            tensorinit.init_(made, RULES, seed=5)
            for left, right in zip(plain.parameters(), made.parameters()):
                self.assertTrue(torch.equal(left, right), name)
        self.assertEqual(tensorinit.plain_name("a.module.b_orig_mod.weight"),
                         "a.module.b_orig_mod.weight")

    def test_dtype_of_parameters(self):
        """A model in bf16 is the f32 model, rounded."""
        one, other = model(), model().bfloat16()
        tensorinit.init_(one, RULES)
        tensorinit.init_(other, RULES)
        for left, right in zip(one.parameters(), other.parameters()):
            self.assertTrue(torch.equal(left.bfloat16(), right))

    def test_seeds(self):
        one, other = model(), model()
        tensorinit.init_(one, [("*", "scheme=normal&seed=3")], seed=5)
        tensorinit.init_(other, [("*", "scheme=normal")], seed=3)
        for left, right in zip(one.parameters(), other.parameters()):
            self.assertTrue(torch.equal(left, right))

    def test_left_alone(self):
        made = model()
        queries = tensorinit.init_(made, [("embed.weight", None), ("*", "scheme=zeros")])
        self.assertNotIn("embed.weight", queries)
        self.assertTrue(made.embed.weight.isnan().all())

    def test_refused(self):
        """And nothing is written."""
        made = model()
        for rules, field, text in (
                (RULES[:2], "rules", "no pattern matches embed.weight"),
                ([*RULES, ("head.*", "scheme=zeros")], "rules", "is left for the pattern head"),
                ([("*", "scheme=zeros"), ("embed.*", "scheme=ones")], "rules", "embed"),
                ([("layers.?", "scheme=ones"), *RULES], "rules", r"layers\.\?"),
                ([("*", "scheme=zero")], "scheme", "embed.weight: scheme does not take 'zero'"),
                ([("*", "scheme=zeros&shape=3")], "shape", "embed.weight has shape 3"),
                ([("*", "scheme=mitchell&layer={l}")], "layer", "layer"),
                ([("*", 5)], "query", "embed.weight: a query is text or a dict"),
                (["*"], "rules", "pairs"), (5, "rules", "pairs")):
            error = self.refused(field, tensorinit.init_, made, rules)
            self.assertRegex(str(error), text)
        self.assertTrue(all(param.isnan().all() for param in made.parameters()))

    def test_parts(self):
        """Each rank of tensor parallelism has its rows or columns of the one model."""
        full = model()
        tensorinit.init_(full, RULES, seed=5)
        axes = {"in.weight": 0, "in.bias": 0, "out.weight": 1}

        def part_of(rank):
            def part(name, param):
                for end, axis in axes.items():
                    if name.endswith(end):
                        shape = list(param.shape)
                        shape[axis] *= 2
                        return {"shape": shape, "shard": (axis, rank, 2)}
                return None
            return part

        for rank in range(2):
            made = copy.deepcopy(model())
            for name, param in made.named_parameters():
                for end, axis in axes.items():
                    if name.endswith(end):
                        param.data = param.data.chunk(2, axis)[rank]
            tensorinit.init_(made, RULES, seed=5, part=part_of(rank))
            for (name, param), whole in zip(made.named_parameters(), full.parameters()):
                axis = next((a for end, a in axes.items() if name.endswith(end)), None)
                wanted = whole if axis is None else whole.chunk(2, axis)[rank]
                self.assertTrue(torch.equal(param, wanted), name)

    def test_flat_parts(self):
        """A rank of the first FSDP has some elements of the flat parameter."""
        made = torch.nn.Linear(8, 6, bias=False)
        tensorinit.init_(made, [("*", "scheme=he_normal")])
        flat = torch.nn.Module()
        flat.weight = torch.nn.Parameter(torch.zeros(20))
        tensorinit.init_(flat, [("*", "scheme=he_normal")],
                         part=lambda name, param: {"shape": (6, 8), "first_elem": 13})
        self.assertTrue(torch.equal(flat.weight, made.weight.reshape(-1)[13:33]))


class HttpModules(Http, NativeModules):
    pass


class Placement:
    def __init__(self, dim=None):
        if dim is not None:
            self.dim = dim

    def is_replicate(self):
        return not hasattr(self, "dim")


class _StridedShard(Placement):
    pass


class Mesh:
    def __init__(self, sizes, coordinate):
        self.sizes, self.coordinate = sizes, coordinate

    def size(self, axis):
        return self.sizes[axis]

    def get_coordinate(self):
        return self.coordinate


class Distributed:
    """
    What is used of a DTensor, which torch 1.13 has not: the interface alone is tested, not
    DTensor itself.
    """

    def __init__(self, shape, local, mesh, placements):
        self.shape, self.local = shape, local
        self.device_mesh, self.placements = mesh, placements

    def to_local(self):
        return self.local


class Module:
    def __init__(self, param):
        self.param = param

    def named_parameters(self):
        yield "w", self.param


class DTensors(Native):
    def test_placements(self):
        need(torch, "torch")
        full = torch.from_numpy(tensorinit.tensor("w", (10, 6)))
        for rank in range(2):
            for tp in range(3):
                cases = (
                    ([Placement(), Placement()], full),
                    ([Placement(0), Placement()], full.chunk(2)[rank]),
                    ([Placement(), Placement(1)], full.chunk(3, 1)[tp]),
                    ([Placement(0), Placement(1)], full.chunk(2)[rank].chunk(3, 1)[tp]),
                    ([Placement(0), Placement(0)], full.chunk(2)[rank].chunk(3)[tp]),
                    # FSDP2 splits what tensor parallelism has split before.
                    ([_StridedShard(0), Placement(0)], full.chunk(3)[tp].chunk(2)[rank]))
                for placements, wanted in cases:
                    local = torch.zeros(wanted.shape)
                    param = Distributed((10, 6), local, Mesh((2, 3), (rank, tp)), placements)
                    tensorinit.init_(Module(param), [("*", "scheme=he_normal")])
                    self.assertTrue(torch.equal(local, wanted))
                    local.zero_()
                    self.assertIs(tensorinit.fill_(param, "w"), param)
                    self.assertTrue(torch.equal(local, wanted))


if __name__ == "__main__":
    unittest.main()
