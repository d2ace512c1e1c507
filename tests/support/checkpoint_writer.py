# SPDX-License-Identifier: MIT
"""
A checkpoint written as the documents of others say, by nothing of this project: safetensors'
format (https://github.com/huggingface/safetensors, README.md and safetensors/src/tensor.rs) and
huggingface_hub's split_state_dict_into_shards_factory() and save_torch_state_dict().
"""
import json
import struct

# safetensors' enum Dtype from the last to the first: the order of tensors in a file.
DTYPES = ["U64", "I64", "F64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16", "F8_E4M3",
          "F8_E5M2", "I8", "U8", "BOOL"]


def split(sizes, max_shard_size):
    """[[name, ...], ...]: the tensors of each file; 'sizes' is {name: bytes} in their order."""
    shards, current, current_size = [], [], 0
    for name, size in sizes.items():
        if size > max_shard_size:
            shards.append([name])
            continue
        if current_size + size > max_shard_size:
            shards.append(current)
            current, current_size = [], 0
        current.append(name)
        current_size += size
    if current:
        shards.append(current)
    return shards


def beginning(tensors):
    """
    The bytes of a file before the first element, and the names in the order of elements:
    'tensors' is {name: (dtype, shape, number of bytes)}.
    """
    ordered = sorted(tensors, key=lambda name: (DTYPES.index(tensors[name][0]), name.encode()))
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name in ordered:
        dtype, shape, size = tensors[name]
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, ordered


def safetensors(tensors):
    """The bytes of a file: 'tensors' is {name: (dtype, shape, bytes)}."""
    first, names = beginning({name: (dtype, shape, len(data))
                              for name, (dtype, shape, data) in tensors.items()})
    return b"".join([first, *(tensors[name][2] for name in names)])


def checkpoint(tensors, max_shard_size):
    """{file name: bytes} of all files."""
    sizes = {name: len(data) for name, (_, _, data) in tensors.items()}
    shards = split(sizes, max_shard_size)
    if len(shards) == 1:
        return {"model.safetensors": safetensors(tensors)}
    files, weight_map = {}, {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        files[file] = safetensors({name: tensors[name] for name in names})
        weight_map |= dict.fromkeys(names, file)
    index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": weight_map}
    files["model.safetensors.index.json"] = json.dumps(index, indent=2).encode()
    return files
