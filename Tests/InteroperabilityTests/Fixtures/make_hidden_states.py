#!/usr/bin/env python3
"""Makes hidden_states.safetensors beside this file: the streams between the blocks of the encoder in `hf`, over the
images in `images`, as transformers has them.

Needs: pip install torch transformers safetensors pillow
Run:   python3 make_hidden_states.py
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Live"))
import torchvision_for_cpu

import numpy
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import ViTMAEModel

HERE = pathlib.Path(__file__).parent
MEAN, STD = [0.45, 0.5, 0.55], [0.2, 0.25, 0.3]

model = ViTMAEModel.from_pretrained(HERE / "hf").eval()
images = numpy.stack([numpy.asarray(Image.open(path)) for path in sorted((HERE / "images").glob("*.png"))])
pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
pixels = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
streams = []
for layer in model.layers:
    layer.register_forward_hook(lambda _, inputs, output: streams.append((inputs[0], output)))
with torch.no_grad():
    model.config.mask_ratio = 0.0
    last = model(pixels, noise=torch.arange(16).float().expand(11, -1)).last_hidden_state
first = lambda value: value[0] if isinstance(value, tuple) else value
tensors = {"stream.0": streams[0][0]} | {f"stream.{n + 1}": first(s[1]) for n, s in enumerate(streams)}
tensors["patches"] = last[:, 1:]
save_file({name: value.contiguous().clone() for name, value in tensors.items()}, HERE / "hidden_states.safetensors")
