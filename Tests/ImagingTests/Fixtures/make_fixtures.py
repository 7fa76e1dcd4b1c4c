"""Makes the fixtures of ImagingTests with Pillow and numpy: `python make_fixtures.py` in this folder.

`decode.json` lists image files with what Pillow decodes them to (`.raw`: rows, columns, channels; 16-bit PNG as they were
written, since Pillow keeps 8 bits of RGB).
`resize.json` lists resizes with what Pillow makes of them (`.raw`, channels last).
"""

import io
import json
import struct
import zlib

import numpy as np
from PIL import Image

generator = np.random.default_rng(20240229)


def random_image(width, height, channels):
    """Smooth waves, one sharp edge and some noise: all that a resampling kernel can get wrong."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for channel in range(channels):
        wave = 127 + 90 * np.sin(x / (3 + channel) + channel) * np.cos(y / (4 + channel))
        wave[(x + 2 * y) > width] += 60
        planes.append(wave + generator.normal(0, 12, (height, width)))
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return pixels[:, :, 0] if channels == 1 else pixels


def write_raw(name, pixels):
    with open(name, "wb") as file:
        file.write(np.ascontiguousarray(pixels).tobytes())


decoded = []


def expect(file, pixels):
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    raw = file.rsplit(".", 1)[0] + "." + file.rsplit(".", 1)[1] + ".raw"
    write_raw(raw, pixels)
    height, width, channels = pixels.shape
    decoded.append(
        {"file": file, "raw": raw, "width": width, "height": height, "channels": channels, "kind": str(pixels.dtype)}
    )


# JPEG
rgb = Image.fromarray(random_image(37, 29, 3))
grey = Image.fromarray(random_image(37, 29, 1))
rgb.save("baseline_420.jpg", quality=85, subsampling="4:2:0")
rgb.save("baseline_444.jpg", quality=95, subsampling="4:4:4")
rgb.save("progressive.jpg", quality=85, progressive=True)
rgb.save("restarts.jpg", quality=85, restart_marker_rows=1)
grey.save("grey.jpg", quality=85)
Image.fromarray(random_image(19, 17, 4), mode="CMYK").save("cmyk.jpg", quality=90)
for name in ["baseline_420", "baseline_444", "progressive", "restarts", "cmyk"]:
    expect(name + ".jpg", np.asarray(Image.open(name + ".jpg").convert("RGB")))
expect("grey.jpg", np.asarray(Image.open("grey.jpg")))

# PNG
grey.save("grey.png")
expect("grey.png", np.asarray(grey))
rgb.save("rgb.png")
expect("rgb.png", np.asarray(rgb))
rgba = Image.fromarray(random_image(23, 19, 4), mode="RGBA")
rgba.save("rgba.png")
expect("rgba.png", np.asarray(rgba))
grey_alpha = Image.fromarray(random_image(23, 19, 4)[:, :, :2].copy(), mode="LA")
grey_alpha.save("grey_alpha.png")
expect("grey_alpha.png", np.asarray(grey_alpha.convert("RGBA")))
palette = rgb.quantize(23)
palette.save("palette.png")
expect("palette.png", np.asarray(palette.convert("RGB")))
palette.save("palette_transparent.png", transparency=bytes(range(0, 230, 10)))
expect("palette_transparent.png", np.asarray(Image.open("palette_transparent.png").convert("RGBA")))
one_bit = grey.convert("1")
one_bit.save("one_bit.png")
expect("one_bit.png", np.asarray(one_bit.convert("L")))


def write_png(name, pixels, bits, colour_type, interlaced):
    """A PNG of 16-bit or interlaced samples, which Pillow reads but does not write."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width = pixels.shape[:2]
    sample = ">u2" if bits == 16 else "u1"
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for left, top, across, down in passes:
        part = pixels[top::down, left::across]
        if part.size:
            rows += b"".join(b"\0" + row.astype(sample).tobytes() for row in part)
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


deep = generator.integers(0, 65536, (13, 21, 3), dtype=np.uint16)
write_png("rgb_16.png", deep, 16, 2, False)
expect("rgb_16.png", deep)
assert (np.asarray(Image.open("rgb_16.png")) == deep >> 8).all()
write_png("grey_16.png", deep[:, :, 0], 16, 0, False)
expect("grey_16.png", deep[:, :, 0])
write_png("interlaced.png", np.asarray(rgb), 8, 2, True)
expect("interlaced.png", np.asarray(rgb))
assert (np.asarray(Image.open("interlaced.png")) == np.asarray(rgb)).all()

# Conversions of channels
conversions = {
    "rgb.png": {"1": np.asarray(rgb.convert("L")), "4": np.asarray(rgb.convert("RGBA"))},
    "grey.png": {"3": np.asarray(grey.convert("RGB")), "4": np.asarray(grey.convert("RGBA"))},
}
white = Image.new("RGB", rgba.size, "white")
white.paste(rgba.convert("RGB"), mask=rgba.getchannel("A"))
conversions["rgba.png"] = {"3": np.asarray(white), "1": np.asarray(white.convert("L"))}
converted = []
for file, targets in conversions.items():
    for channels, pixels in targets.items():
        raw = f"{file}.to{channels}.raw"
        write_raw(raw, pixels)
        converted.append({"file": file, "raw": raw, "channels": int(channels)})

# Resizes
resized = []
Image.fromarray(random_image(67, 53, 3)).save("large_rgb.png")
Image.fromarray(random_image(67, 53, 1)).save("large_grey.png")
wide = Image.fromarray(np.where(np.mgrid[0:40, 0:61][1] % 7 < 3, 255, 0).astype(np.uint8))
wide.save("stripes.png")


def resize(file, size, box=None, crop=None, center=None, flipped=False):
    image = Image.open(file)
    case = {"file": file, "raw": f"resize_{len(resized):02}.raw", "width": size[0], "height": size[1], "flipped": flipped}
    if center is not None:
        # torchvision's Resize(shorter side) and CenterCrop, for a square target.
        shorter = round(size[0] / center)
        width, height = image.size
        if width <= height:
            scaled = (shorter, int(shorter * height / width))
        else:
            scaled = (int(shorter * width / height), shorter)
        left, top = int(round((scaled[0] - size[0]) / 2.0)), int(round((scaled[1] - size[1]) / 2.0))
        result = image.resize(scaled, Image.BICUBIC).crop((left, top, left + size[0], top + size[1]))
        case["center"] = center
    elif crop is not None:
        left, top, width, height = crop
        result = image.crop((left, top, left + width, top + height)).resize(size, Image.BICUBIC)
        case["crop"] = crop
    else:
        result = image.resize(size, Image.BICUBIC, box=box)
        case["box"] = box if box is not None else [0, 0, *image.size]
    pixels = np.asarray(result)
    write_raw(case["raw"], pixels[:, ::-1] if flipped else pixels)
    resized.append(case)


for file in ["large_rgb.png", "large_grey.png"]:
    resize(file, (20, 20))
    resize(file, (67, 53))
    resize(file, (97, 80))
    resize(file, (16, 31), box=[10, 5, 50, 45])
    resize(file, (33, 17), box=[3.25, 7.5, 60.125, 40.75])
    resize(file, (40, 40), box=[20.5, 20.25, 29.75, 27.5])
    resize(file, (24, 24), crop=[10, 5, 50, 45])
    resize(file, (24, 18), crop=[31, 17, 11, 9], flipped=True)
    resize(file, (5, 3), crop=[0, 0, 67, 53])
    resize(file, (1, 1))
    resize(file, (28, 28), center=0.875)
    resize(file, (32, 32), center=1.0, flipped=True)
    resize(file, (9, 9), crop=[66, 52, 1, 1])
resize("stripes.png", (23, 150))
resize("stripes.png", (140, 11), box=[0.5, 0, 60.5, 40])

with open("decode.json", "w") as file:
    json.dump(decoded, file, indent=1)
with open("convert.json", "w") as file:
    json.dump(converted, file, indent=1)
with open("resize.json", "w") as file:
    json.dump(resized, file, indent=1)
