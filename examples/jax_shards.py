# SPDX-License-Identifier: MIT
"""
JAX: each device gets its own part of a kernel, and no host ever holds the full tensor.

Not run by the tests, which have no JAX: they call tensorinit.callback() with the indices
that jax.make_array_from_callback passes.
"""
import jax
import numpy
import tensorinit
from jax.sharding import Mesh, NamedSharding, PartitionSpec

SHAPE = (784, 512)

mesh = Mesh(numpy.array(jax.devices()), ("data",))
sharding = NamedSharding(mesh, PartitionSpec("data", None))
# layout=io: a kernel is (inputs, units) in JAX.
part = tensorinit.callback("dense.kernel", SHAPE, "scheme=lecun_normal&layout=io",
                           seed=42, dtype="bf16")
kernel = jax.make_array_from_callback(SHAPE, sharding, part)
print(kernel.dtype, kernel.shape, kernel.sharding)
