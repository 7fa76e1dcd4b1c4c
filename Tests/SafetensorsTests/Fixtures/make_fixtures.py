"""Writes python.safetensors with PyPI's safetensors and torch, and the values that a reader must find in it.

    python make_fixtures.py            writes the two files beside this script
    python make_fixtures.py FILE       prints what the Python library reads from FILE, one tensor a line
"""

import json
import pathlib
import struct
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def float_bits(tensor):
    return [struct.unpack("<I", struct.pack("<f", x))[0] for x in tensor.float().flatten().tolist()]


def describe(path):
    with safe_open(path, "pt") as file:
        tensors = {}
        for name in file.keys():
            tensor = file.get_tensor(name)
            tensors[name] = {"shape": list(tensor.shape), "bits": float_bits(tensor)}
        return {"metadata": file.metadata(), "tensors": tensors}


def main():
    if len(sys.argv) > 1:
        print(json.dumps(describe(sys.argv[1]), sort_keys=True))
        return
    here = pathlib.Path(__file__).parent
    generator = torch.Generator().manual_seed(7)
    values = torch.randn(40, generator=generator) * torch.logspace(-6, 6, 40)
    edges = torch.tensor([0.0, -0.0, 1.0, float("inf"), -float("inf"), 3.4028235e38, 1.1754944e-38, 1.4e-45, 1 / 3])
    halfway = torch.tensor([0x3F808000, 0x3F818000, 0x3F808001, 0x3F80FFFF, 0x7F7FFFFF], dtype=torch.int32)
    halfway = halfway.view(torch.float32)
    tensors = {
        "vit.größe \u2028 \U0001F600": values.reshape(5, 8),
        "single": torch.cat([edges, halfway]),
        "brain": torch.cat([values, edges, halfway]).to(torch.bfloat16),
        "half": torch.cat([values, edges[:5], edges[6:]]).to(torch.float16),
        "scalar": torch.tensor(0.1),
        "empty": torch.zeros(3, 0, 2),
        "counts": torch.arange(-2, 3, dtype=torch.int64),
        "flags": torch.tensor([True, False, True]),
    }
    path = here / "python.safetensors"
    save_file(tensors, path, metadata={"format": "pt", 'a "quoted"\tkey': "\\ \x01 é"})
    (here / "python.json").write_text(json.dumps(describe(path), sort_keys=True) + "\n")


main()
