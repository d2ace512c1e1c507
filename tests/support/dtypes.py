# SPDX-License-Identifier: MIT
"""
The element types as others define them: the tests' only list in Python. of(server) fails if
a daemon has a type that is not here, or the other way round.
"""
import sys
from typing import NamedTuple


class Dtype(NamedTuple):
    item_bytes: int
    numpy: str  # of a type that numpy has not: an unsigned integer of its bits
    npy: str  # descr of a npy file
    safetensors: str
    # IEEE 754 binary32, binary64, binary16; bfloat16; OCP 8-bit floating point (OFP8)
    exponent_bits: int = 0
    fraction_bits: int = 0
    has_infinity: bool = True

    @property
    def is_float(self):
        return self.exponent_bits > 0

    @property
    def is_native(self):
        """Whether numpy has it."""
        return not self.is_float or self.numpy[-2] == "f"

    @property
    def bias(self):
        return 2 ** (self.exponent_bits - 1) - 1

    @property
    def largest(self):
        """The largest finite number."""
        if not self.is_float:
            return 1 if self.numpy == "|b1" else 2 ** (8 * self.item_bytes - self.is_signed) - 1
        # OFP8 E4M3 has no infinities, and of the top exponent only the last code is NaN.
        top = 2 - 2.0 ** -self.fraction_bits if self.has_infinity else \
            2 - 2.0 ** (1 - self.fraction_bits)
        return top * 2.0 ** (self.bias + (not self.has_infinity))

    @property
    def smallest(self):
        """The smallest positive number; of integers, the smallest."""
        if not self.is_float:
            return -(2 ** (8 * self.item_bytes - 1)) if self.is_signed else 0
        return 2.0 ** (1 - self.bias - self.fraction_bits)

    @property
    def is_signed(self):
        return self.is_float or self.numpy[-2] == "i"


DTYPES = {
    "f32": Dtype(4, "<f4", "<f4", "F32", 8, 23),
    "f64": Dtype(8, "<f8", "<f8", "F64", 11, 52),
    "f16": Dtype(2, "<f2", "<f2", "F16", 5, 10),
    "bf16": Dtype(2, "<u2", "|V2", "BF16", 8, 7),
    "f8_e4m3": Dtype(1, "|u1", "|V1", "F8_E4M3", 4, 3, has_infinity=False),
    "f8_e5m2": Dtype(1, "|u1", "|V1", "F8_E5M2", 5, 2),
    "i8": Dtype(1, "|i1", "|i1", "I8"),
    "i16": Dtype(2, "<i2", "<i2", "I16"),
    "i32": Dtype(4, "<i4", "<i4", "I32"),
    "i64": Dtype(8, "<i8", "<i8", "I64"),
    "u8": Dtype(1, "|u1", "|u1", "U8"),
    "u16": Dtype(2, "<u2", "<u2", "U16"),
    "u32": Dtype(4, "<u4", "<u4", "U32"),
    "u64": Dtype(8, "<u8", "<u8", "U64"),
    "bool": Dtype(1, "|b1", "|b1", "BOOL"),
}
FLOATS = [name for name, dtype in DTYPES.items() if dtype.is_float]
INTEGERS = [name for name, dtype in DTYPES.items() if not dtype.is_float]


def of(server):
    """The names that the daemon lists."""
    names = server.words("dtype")
    if set(names) != set(DTYPES):
        sys.exit(f"the daemon's dtypes and those of tests/support/dtypes.py differ: "
                 f"{', '.join(sorted(set(names) ^ set(DTYPES)))}")
    return names
