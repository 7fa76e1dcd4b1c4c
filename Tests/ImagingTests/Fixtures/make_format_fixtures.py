"""Makes the TIFF, WebP and NumPy fixtures with tifffile, Pillow and numpy: `python make_format_fixtures.py` in this folder.

`formats.json` lists image files with what they hold (`.raw`: rows, columns, channels, in the file's own precision).
"""

import json

import numpy as np
import tifffile
from PIL import Image

generator = np.random.default_rng(1992)
cases = []


def noise(shape, kind):
    if np.issubdtype(kind, np.floating):
        return generator.normal(0, 100, shape).astype(kind)
    limits = np.iinfo(kind)
    return generator.integers(limits.min, limits.max + 1, shape, dtype=kind)


def expect(file, samples, alpha=False):
    samples = samples if samples.ndim == 3 else samples[:, :, None]
    with open(file + ".raw", "wb") as raw:
        raw.write(np.ascontiguousarray(samples).tobytes())
    height, width, channels = samples.shape
    cases.append(
        {
            "file": file, "raw": file + ".raw", "width": width, "height": height, "channels": channels,
            "kind": str(samples.dtype), "hasAlpha": alpha,
        }
    )


def tiff(name, samples, expected=None, alpha=False, planar=False, **options):
    """`samples` with the channels last; planar files hold one plane after another."""
    file = f"tiff_{name}.tif"
    stored = np.moveaxis(samples, -1, 0) if planar else samples
    options.setdefault("photometric", "minisblack")
    if samples.ndim == 3:
        options["planarconfig"] = "separate" if planar else "contig"
    tifffile.imwrite(file, stored, metadata=None, **options)
    expect(file, samples if expected is None else expected, alpha)


grey = noise((17, 23), np.uint8)
bands = noise((29, 35, 13), np.uint16)
floats = noise((21, 19), np.float32)
tiff("grey", grey, rowsperstrip=5)
tiff("bands", bands, rowsperstrip=7)
tiff("bands_planar", bands, planar=True, rowsperstrip=10)
tiff("bands_tiled", bands, tile=(16, 16), compression="zlib")
tiff("bands_planar_tiled", bands, planar=True, tile=(16, 32), compression="zlib")
tiff("float", floats, compression="zlib", rowsperstrip=4)
tiff("float_bands", noise((9, 11, 5), np.float32), planar=True, tile=(16, 16))
doubles = noise((9, 11, 2), np.float64)
tiff("double", doubles, doubles.astype(np.float32))
signed = noise((8, 6), np.int16)
tiff("signed", signed, signed.astype(np.float32))
tiff("big_endian", noise((8, 6, 3), np.uint16), photometric="rgb", byteorder=">")
tiff("big", grey, bigtiff=True)
tiff("white_is_zero", noise((8, 6), np.uint16), photometric="miniswhite")
with open("tiff_white_is_zero.tif.raw", "r+b") as raw:
    inverted = 65535 - np.frombuffer(raw.read(), np.uint16)
    raw.seek(0)
    raw.write(inverted.tobytes())
rgba = noise((10, 7, 4), np.uint8)
tiff("rgba", rgba, alpha=True, photometric="rgb", extrasamples=["unassalpha"])
tiff("four_bands", rgba, photometric="rgb", extrasamples=["unspecified"])
alpha = rgba[:, :, 3:].astype(np.int64)
multiplied = np.concatenate([rgba[:, :, :3] * alpha // 255, alpha], -1).astype(np.uint8)
divided = np.where(alpha > 0, (multiplied[:, :, :3].astype(np.int64) * 255 + alpha // 2) // np.maximum(alpha, 1), 0)
tiff(
    "multiplied", multiplied, np.concatenate([np.minimum(divided, 255), alpha], -1).astype(np.uint8), alpha=True,
    photometric="rgb", extrasamples=["assocalpha"])

y, x = np.mgrid[0:25, 0:31]
smooth = np.stack([x * 8, y * 10, (x + y) * 4], -1).astype(np.uint8)
image = Image.fromarray(smooth)
image.save("tiff_lzw.tif", compression="tiff_lzw", tiffinfo={317: 2})
expect("tiff_lzw.tif", smooth)
palette = image.quantize(20)
palette.save("tiff_palette.tif")
expect("tiff_palette.tif", np.asarray(palette.convert("RGB")))
bilevel = image.convert("1")
bilevel.save("tiff_bilevel.tif", compression="group4")
expect("tiff_bilevel.tif", np.asarray(bilevel.convert("L")))
cmyk = noise((8, 9, 4), np.uint8)
Image.fromarray(cmyk, mode="CMYK").save("tiff_cmyk.tif")
light = 255 - cmyk[:, :, 3:].astype(np.int64)
expect("tiff_cmyk.tif", (light * (255 - cmyk[:, :, :3].astype(np.int64)) // 255).astype(np.uint8))

image.save("lossless.webp", lossless=True)
expect("lossless.webp", smooth)
translucent = Image.fromarray(np.concatenate([smooth, (255 - x * 8)[:, :, None].astype(np.uint8)], -1))
translucent.save("alpha.webp", lossless=True, exact=True)
expect("alpha.webp", np.asarray(translucent), alpha=True)
image.save("lossy.webp", quality=80)
expect("lossy.webp", np.asarray(Image.open("lossy.webp").convert("RGB")))
image.save("animation.webp", save_all=True, append_images=[image.rotate(90)])

for name, samples, expected in [
    ("grey", grey, grey), ("bands", bands, bands), ("planes", np.moveaxis(bands, -1, 0), bands),
    ("float", floats, floats), ("double", doubles, doubles.astype(np.float32)),
]:
    np.save(f"{name}.npy", samples)
    expect(f"{name}.npy", expected)

with open("formats.json", "w") as file:
    json.dump(cases, file, indent=1)
