# SPDX-License-Identifier: MIT
"""Prints the seconds that torch takes to initialize the tensors of GPT-2: what transformers'
GPT2PreTrainedModel._init_weights() does to tensors that exist. Argument: threads."""
import math
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(42)
shapes = {"wte.weight": (50257, 768), "wpe.weight": (1024, 768)}
for layer in range(12):
    at = f"h.{layer}."
    shapes |= {at + "attn.c_attn.weight": (768, 2304), at + "attn.c_attn.bias": (2304,),
               at + "attn.c_proj.weight": (768, 768), at + "attn.c_proj.bias": (768,),
               at + "mlp.c_fc.weight": (768, 3072), at + "mlp.c_fc.bias": (3072,),
               at + "mlp.c_proj.weight": (3072, 768), at + "mlp.c_proj.bias": (768,)}
    shapes |= {at + name: (768,) for name in ("ln_1.weight", "ln_1.bias", "ln_2.weight",
                                              "ln_2.bias")}
shapes |= {"ln_f.weight": (768,), "ln_f.bias": (768,)}
tensors = {name: torch.zeros(shape) for name, shape in shapes.items()}
assert sum(tensor.numel() for tensor in tensors.values()) == 124439808
start = time.perf_counter()
for name, tensor in tensors.items():
    if name.endswith("bias"):
        tensor.zero_()
    elif "ln_" in name:
        tensor.fill_(1)
    else:
        tensor.normal_(mean=0, std=0.02 / math.sqrt(24) if "c_proj" in name else 0.02)
print(time.perf_counter() - start)
