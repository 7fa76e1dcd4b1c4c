"""Makes the JPEG images of the tests: python make_fixtures.py, with Pillow and numpy."""

import pathlib

import numpy
from PIL import Image

FOLDER = pathlib.Path(__file__).parent


def random_image(seed, width, height):
    """Waves of three colours: smooth enough to be small, and different in every place."""
    phases = numpy.random.default_rng(seed).uniform(0, 2 * numpy.pi, (3, 3))
    y, x = numpy.mgrid[0:height, 0:width]
    channels = [
        127 + 60 * numpy.sin(x / 5 + a) + 60 * numpy.cos(y / 4 + x / 11 + b) * numpy.sin(y / 9 + c) for a, b, c in phases
    ]
    return Image.fromarray(numpy.stack(channels, axis=-1).clip(0, 255).astype(numpy.uint8))


for index, (width, height, settings) in enumerate(
    [
        (40, 30, {"subsampling": "4:2:0"}),
        (24, 37, {"subsampling": "4:4:4"}),
        (33, 33, {"subsampling": "4:2:2", "progressive": True}),
        (28, 26, {"grey": True}),
        (45, 21, {"subsampling": "4:2:0", "restart_marker_blocks": 1}),
    ]
):
    image = random_image(index, width, height)
    if settings.pop("grey", False):
        image = image.convert("L")
    image.save(FOLDER / f"waves{index}.jpg", quality=80, **settings)
