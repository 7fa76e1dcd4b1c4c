"""Erases parts of images with timm: `python make_erasing_fixtures.py` in this folder.

What timm draws is kept: areas and logarithms of ratios in the order of the attempts, the place, and the noise.
"""

import json
import pathlib
import random
import sys
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "InteroperabilityTests/Live"))
import torchvision_for_cpu  # noqa: F401
from timm.data.random_erasing import RandomErasing

random.seed(3)
torch.manual_seed(3)
drawn, places = [], []
uniform, randint = random.uniform, random.randint


def record(list, draw):
    def recorded(*arguments):
        list.append(draw(*arguments))
        return list[-1]
    return recorded


cases = []
for channels, height, width in [(3, 12, 9), (1, 5, 31), (13, 8, 8), (3, 4, 4), (1, 2, 2)] * 4 + [(1, 2, 300)]:
    drawn.clear(), places.clear()
    noise = np.float32(np.random.default_rng(len(cases)).integers(-200, 200, (channels, height, width)) / 64)
    erasing = RandomErasing(probability=1, mode="pixel", device="cpu")
    pixels = np.arange(channels * height * width, dtype=np.float32)
    with mock.patch("random.uniform", record(drawn, uniform)), mock.patch("random.randint", record(places, randint)), \
            mock.patch("timm.data.random_erasing._get_pixels",
                       lambda per_pixel, rand_color, size, **_: torch.from_numpy(noise[:size[0], :size[1], :size[2]])):
        erased = erasing(torch.from_numpy(pixels.copy()).reshape(channels, height, width)).numpy()
    cases.append({
        "channels": channels, "height": height, "width": width, "drawn": drawn[:], "place": places[:],
        "noise": noise.flatten().tolist(), "erased": erased.flatten().tolist()})
with open("erasing.json", "w") as file:
    json.dump(cases, file)
