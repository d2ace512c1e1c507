# SPDX-License-Identifier: MIT
"""
FSDP2 (PyTorch 2.6 or later): the model is made without memory, sharded, and then each rank
fills what it holds. The weights are those of the model on one device.

    torchrun --nproc_per_node 8 fsdp2.py

Not run by the tests, whose PyTorch has no DTensor: they fill stand-ins with its interface.
"""
import tensorinit
import torch
import torch.distributed
from torch.distributed.fsdp import fully_shard

torch.distributed.init_process_group()
with torch.device("meta"):
    model = torch.nn.Sequential(torch.nn.Linear(784, 512), torch.nn.ReLU(),
                                torch.nn.Linear(512, 10))
for layer in model:
    fully_shard(layer)
fully_shard(model)
model.to_empty(device="cuda" if torch.cuda.is_available() else "cpu")

# DTensors say which part a rank holds.
tensorinit.init_(model, [("*.bias", "scheme=zeros"), ("*", "scheme=he_normal")], seed=42)
torch.distributed.destroy_process_group()
