#!/usr/bin/env python3
"""Makes the JPEG files of which parts are decoded: noise on waves, so that no two blocks are alike.

    python3 make_crop_fixtures.py      needs numpy and Pillow
"""
from pathlib import Path

import numpy
from PIL import Image

here = Path(__file__).resolve().parent
other = here.parent.parent / "DatasetsTests/Fixtures"


def waves(width, height):
    y, x = numpy.mgrid[:height, :width]
    random = numpy.random.default_rng(5)
    channels = [
        127 + 70 * numpy.sin(x / 11 + y / (17 + 5 * channel)) + 40 * numpy.cos((x * y) ** 0.5 / (5 + channel))
        for channel in range(3)]
    noise = random.normal(0, 6, (height, width, 3))
    return Image.fromarray(numpy.clip(numpy.stack(channels, axis=-1) + noise, 0, 255).astype(numpy.uint8))


waves(61, 47).save(here / "baseline_422.jpg", quality=85, subsampling="4:2:2")
waves(400, 300).save(here / "photograph.jpg", quality=85, subsampling="4:2:0")
# 4:4:0 is what Pillow does not write. It is 4:2:2 whose factors of the luma change places in the header: what was coded for two
# blocks side by side then stands for two blocks one above the other, and 3 x 8 units of 16 x 8 pixels are 6 x 4 of 8 x 16.
path = here / "baseline_440.jpg"
waves(48, 64).save(path, quality=85, subsampling="4:2:2")
content = bytearray(path.read_bytes())
factors = content.index(b"\xff\xc0") + 11
assert content[factors] == 0x21
content[factors] = 0x12
path.write_bytes(bytes(content))
# Parts of the photograph, resized after it was decoded at 1 / reduction of its size.
for reduction in (2, 4, 8):
    side = 80 // reduction
    rows = []
    for left, top in ((0, 0), (37, 20), (101, 60), (297, 203)):
        right, bottom = left + 101, top + 97
        image = Image.open(here / "photograph.jpg")
        image.draft("RGB", (image.width // reduction, image.height // reduction))
        assert image.size == (-(-400 // reduction), -(-300 // reduction))
        first = (left // reduction, top // reduction)
        image = image.crop((*first, -(-right // reduction), -(-bottom // reduction)))
        box = (left / reduction - first[0], top / reduction - first[1],
               right / reduction - first[0], bottom / reduction - first[1])
        rows.append(numpy.asarray(image.resize((side, side), Image.BICUBIC, box=box)).transpose(2, 0, 1))
    numpy.stack(rows).tofile(here / f"photograph_fast_{reduction}.raw")
exif = Image.Exif()
exif[0x0112] = 6
waves(40, 30).save(other / "asks_for_turn.jpg", quality=85, exif=exif)
