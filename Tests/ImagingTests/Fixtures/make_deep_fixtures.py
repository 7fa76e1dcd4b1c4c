"""Makes the fixtures of more than 8 bits with numpy and Pillow: `python make_deep_fixtures.py` in this folder.

`deep.json` lists resizes of raw samples (channels last, little-endian): floats as Pillow's mode F has them, every bit;
16 bits as double precision has them (`.raw` holds doubles), before any rounding.
"""

import json
import math

import numpy as np
from PIL import Image

generator = np.random.default_rng(16)
cases = []


def waves(width, height, channels):
    """Smooth waves, one sharp edge and some noise in 0 ... 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for channel in range(channels):
        wave = 0.5 + 0.35 * np.sin(x / (3 + channel % 4) + channel) * np.cos(y / (4 + channel % 3))
        wave[(x + 2 * y) > width] += 0.2
        planes.append(wave + generator.normal(0, 0.05, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 1)


def write(name, array):
    with open(name, "wb") as file:
        file.write(np.ascontiguousarray(array).tobytes())
    return name


def cubic(x):
    x = abs(x)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    if x < 2:
        return (((x - 5) * x + 8) * x - 4) * -0.5
    return 0.0


def matrix(size_in, size_out):
    """The weights of an antialiased bicubic resize: a row for each output position."""
    result = np.zeros((size_out, size_in))
    scale = size_in / size_out
    stretch = max(scale, 1.0)
    for position in range(size_out):
        center = (position + 0.5) * scale
        first = max(0, int(center - 2 * stretch + 0.5))
        last = min(size_in, int(center + 2 * stretch + 0.5))
        for sample in range(first, last):
            result[position, sample] = cubic((sample - center + 0.5) / stretch)
    return result / result.sum(1, keepdims=True)


def resize(file, kind, samples, crop, size, flipped):
    left, top, width, height = crop
    part = samples[top : top + height, left : left + width]
    if kind == "float32":
        planes = [
            np.asarray(Image.fromarray(np.ascontiguousarray(part[:, :, channel])).resize(size, Image.BICUBIC))
            for channel in range(part.shape[2])
        ]
        result = np.stack(planes, -1)
        assert result.dtype == np.float32
    else:
        across, down = matrix(width, size[0]), matrix(height, size[1])
        result = np.einsum("yr,rcn,xc->yxn", down, part.astype(np.float64), across, optimize=True)
        result = np.clip(result, 0, 65535)
    if flipped:
        result = result[:, ::-1]
    raw = write(f"deep_{len(cases):02}.raw", result)
    cases.append(
        {
            "file": file, "kind": kind, "sourceWidth": samples.shape[1], "sourceHeight": samples.shape[0],
            "channels": samples.shape[2], "crop": list(crop), "width": size[0], "height": size[1], "flipped": flipped,
            "raw": raw,
        }
    )


for channels in [1, 2, 3, 13, 20]:
    for kind in ["uint16", "float32"]:
        samples = waves(31, 27, channels)
        samples = (samples * 65535).round().astype(np.uint16) if kind == "uint16" else (samples * 40 - 7).astype(np.float32)
        file = write(f"deep_{kind}_{channels}.raw", samples)
        resize(file, kind, samples, (0, 0, 31, 27), (12, 9), False)
        resize(file, kind, samples, (3, 5, 20, 11), (17, 18), True)

with open("deep.json", "w") as file:
    json.dump(cases, file, indent=1)
