# SPDX-License-Identifier: MIT
"""numpy.load, and torch after it, read npy; numpy.save writes the same bytes."""
import io

import numpy

from support import DTYPES, Case, tensors

try:
    import torch
except ImportError:
    torch = None


class Npy(Case):
    def test_numpy_loads_what_raw_has(self):
        for tensor in tensors():
            with self.subTest(**tensor):
                raw = self.raw(tensor)
                body = self.get(tensor, format="npy")
                loaded = numpy.load(io.BytesIO(body), allow_pickle=False)
                self.assertEqual(loaded.shape, raw.shape)
                self.assertEqual(loaded.dtype.str, DTYPES[tensor["dtype"]].npy)
                self.assertEqual(loaded.tobytes(), raw.tobytes())
                saved = io.BytesIO()
                numpy.save(saved, loaded)
                # The package ml_dtypes has bfloat16 saved with a byte order.
                self.assertEqual(body.replace(b"'<V2'", b"'|V2'"), saved.getvalue())

    def test_numpy_maps_a_file(self):
        for tensor in tensors():
            raw = self.raw(tensor)
            if raw.size:
                path = self.scratch / "w.npy"
                path.write_bytes(self.get(tensor, format="npy"))
                mapped = numpy.load(path, mmap_mode="r")
                self.assertEqual(mapped.tobytes(), raw.tobytes())
                del mapped

    def test_permuted_and_sliced(self):
        tensor = {"shape": "6,5,4", "name": "w", "scheme": "normal", "dtype": "f32"}
        part = self.get(tensor, format="npy", permute="2,0,1", slice="::-1,1:5:3")
        wanted = self.raw(tensor).transpose(2, 0, 1)[::-1, 1:5:3]
        numpy.testing.assert_array_equal(numpy.load(io.BytesIO(part)), wanted)

    def test_torch_takes_them(self):
        if torch is None:
            print("note: no torch here; what it would take from numpy was compared above")
            return
        for tensor in tensors():
            # Of unsigned integers torch 1 has only u8.
            if DTYPES[tensor["dtype"]].is_native and tensor["dtype"] not in ("u16", "u32", "u64"):
                loaded = numpy.load(io.BytesIO(self.get(tensor, format="npy")))
                taken = torch.from_numpy(loaded)
                self.assertEqual(tuple(taken.shape), loaded.shape)
                self.assertEqual(taken.numpy().tobytes(), loaded.tobytes())
