"""Mixes images and labels with timm: `python make_mixing_fixtures.py` in this folder.

What timm draws is replaced by numbers that the file holds too: the weight and, for CutMix, the centre of the box.
"""

import json
import pathlib
import sys
from unittest import mock

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "InteroperabilityTests/Live"))
import torchvision_for_cpu  # noqa: F401
from timm.data.mixup import Mixup

generator = np.random.default_rng(16)
height, width, channels, classes = 5, 7, 2, 5
cases = []
for images, smoothing, weight, center in [
    (2, 0.1, 0.3, None),
    (4, 0.1, 0.8123456789, None),
    (4, 0.0, 0.5, None),
    (6, 0.1, 0.64, (3, 4)),
    (4, 0.2, 0.05, (0, 0)),
    (4, 0.1, 0.37, (4, 6)),
    (2, 0.1, 0.9999, (2, 2)),
    (4, 0.1, 0.0, (1, 5)),
    (4, 0.1, 1.0, None),
]:
    pixels = np.float32(generator.integers(-200, 200, (images, channels, height, width)) / 64)
    labels = generator.integers(0, classes, images)
    mixup = Mixup(
        mixup_alpha=0.8, cutmix_alpha=1.0, prob=1.0, switch_prob=0.5, mode="batch", label_smoothing=smoothing,
        num_classes=classes)
    with mock.patch.object(mixup, "_params_per_batch", lambda: (weight, center is not None)), \
            mock.patch("numpy.random.randint", side_effect=center or ()):
        mixed, targets = mixup(torch.from_numpy(pixels.copy()), torch.from_numpy(labels))
    cases.append({
        "smoothing": smoothing, "weight": weight, "center": center, "labels": labels.tolist(),
        "images": pixels.reshape(images, -1).tolist(), "mixed": mixed.reshape(images, -1).tolist(),
        "targets": targets.tolist()})
with open("mixing.json", "w") as file:
    json.dump({"height": height, "width": width, "channels": channels, "classes": classes, "cases": cases}, file)
