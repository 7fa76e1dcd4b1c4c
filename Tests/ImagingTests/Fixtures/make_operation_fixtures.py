"""Changes images with Pillow as timm's RandAugment does: `python make_operation_fixtures.py` in this folder.

Of each operation there are several magnitudes, both signs, and for those that move pixels both interpolations. The
results, 8-bit and plane after plane, lie one after another in operations.raw; the images themselves come first.
"""

import json
import pathlib
import sys
from unittest import mock

import numpy as np
import PIL
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "InteroperabilityTests/Live"))
import torchvision_for_cpu  # noqa: F401
from timm.data import auto_augment

generator = np.random.default_rng(9)


def smooth(height, width, channels):
    """Waves with some noise: uses few and many levels, has edges and no symmetry."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        wave = 110 + 70 * np.sin(x / (3 + channel)) * np.cos(y / (4 - channel)) + generator.normal(0, 12, (height, width))
        planes.append(np.clip(wave + 15 * channel, 0, 255))
    return np.stack(planes, -1).astype(np.uint8)


images = [
    smooth(15, 21, 3), smooth(15, 21, 1), generator.integers(0, 256, (11, 8, 3), dtype=np.uint8),
    # Of one sample, of two, and too small to be smoothed.
    np.full((4, 4, 3), 77, np.uint8), np.uint8(generator.integers(0, 2, (7, 7, 1)) * 3 + 250),
    generator.integers(0, 256, (2, 5, 3), dtype=np.uint8),
    # So large that its histogram is spread in steps of several samples; for what has no magnitude alone.
    smooth(33, 35, 1),
]
FILL = [124, 116, 104]
MOVING = {"Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel"}
NAMES = auto_augment._RAND_INCREASING_TRANSFORMS
FIXED = {"AutoContrast", "Equalize", "Invert"}
ONE_WAY = {"PosterizeIncreasing", "SolarizeIncreasing", "SolarizeAdd"}


def as_image(pixels):
    return Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0])


def planes(image):
    pixels = np.asarray(image)
    return (pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)).tobytes()


raw = b"".join(planes(as_image(image)) for image in images)
cases, levels = [], []
for name in NAMES:
    for magnitude in [0] if name in FIXED else [0.0, 0.7, 4.25, 8.6180339887, 9.9999]:
        for negated in [False] if name in FIXED | ONE_WAY else [False, True]:
            level = auto_augment.LEVEL_TO_ARG[name]
            with mock.patch("random.random", lambda: 0.75 if negated else 0.25):
                arguments = level(magnitude, {}) if level else ()
            for index, pixels in enumerate(images):
                channels = pixels.shape[2]
                if index == 6 and name not in FIXED:
                    continue
                for interpolation in ["bilinear", "bicubic"] if name in MOVING else ["bicubic"]:
                    options = dict(
                        fillcolor=tuple(FILL) if channels == 3 else FILL[0],
                        resample=getattr(Image.Resampling, interpolation.upper()))
                    result = auto_augment.NAME_TO_OP[name](as_image(pixels), *arguments, **options)
                    cases.append({
                        "name": name, "magnitude": magnitude, "negated": negated, "image": index,
                        "interpolation": interpolation, "offset": len(raw)})
                    raw += planes(result)
with open("operations.raw", "wb") as file:
    file.write(raw)
with open("operations.json", "w") as file:
    json.dump({
        "pillow": PIL.__version__, "fill": FILL,
        "images": [{"height": image.shape[0], "width": image.shape[1], "channels": image.shape[2]} for image in images],
        "cases": cases}, file)
print(len(cases), "cases,", len(raw), "bytes")
