"""Makes files with EXIF orientations with Pillow: `python make_orientation_fixtures.py` in this folder."""

import json

import numpy as np
from PIL import Image, ImageOps

pixels = np.random.default_rng(5).integers(0, 256, (3, 5, 3), dtype=np.uint8)
cases = []
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Odd orientations in the other byte order.
    if orientation % 2:
        exif.endian = ">"
    for ending, options in [
        ("png", {}), ("jpg", {"quality": 100, "subsampling": 0}), ("webp", {"lossless": True}), ("tif", {}),
    ]:
        file = f"upright_{orientation}.{ending}"
        if ending == "tif":
            Image.fromarray(pixels).save(file, tiffinfo={274: orientation})
        else:
            Image.fromarray(pixels).save(file, exif=exif.tobytes(), **options)
        upright = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB"))
        with open(file + ".raw", "wb") as raw:
            raw.write(upright.tobytes())
        cases.append({"file": file, "raw": file + ".raw", "width": upright.shape[1], "height": upright.shape[0], "channels": 3})
with open("orientation.json", "w") as file:
    json.dump(cases, file, indent=1)
