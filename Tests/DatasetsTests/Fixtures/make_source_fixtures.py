"""Makes the arrays and shards of DatasetsTests with numpy, Pillow, tarfile, GNU tar and PyPI's webdataset:
`python make_source_fixtures.py` in this folder.

Image i of every shard is a grey PNG of 3 x 2 pixels that are all 10 * i; its label is i % 3.
"""

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile

import numpy as np
import webdataset
from PIL import Image

# Arrays: number n, row y, column x and channel c of an image hold 1000 n + 100 y + 10 x + c.
n, y, x, c = np.mgrid[0:5, 0:4, 0:6, 0:3]
values = 1000 * n + 100 * y + 10 * x + c
np.save("array_last.npy", values.astype(np.uint16))
np.save("array_last_labels.npy", np.array([2, 0, 1, 1, 0], np.int64))
np.save("array_first.npy", np.moveaxis(values, -1, 1).astype(np.float32))
np.save("array_double.npy", values[..., 0].astype(np.float64) / 4)
np.save("array_byte_images.npy", (values[..., 0] % 256).astype(np.uint8))
np.save("array_byte_labels.npy", np.array([[0], [1], [2], [3], [4]], np.uint8))
np.save("array_ambiguous.npy", values[:, :3, :, :].astype(np.uint16))
with open("array_version_2.npy", "wb") as file:
    np.lib.format.write_array(file, values.astype(np.uint16), version=(2, 0))
np.save("array_fortran.npy", np.asfortranarray(values.astype(np.uint16)))
np.save("array_big_endian.npy", values.astype(">u2"))
np.save("array_objects.npy", np.array([{}, {}, {}], object), allow_pickle=True)
np.save("array_records.npy", np.zeros(3, [("a", "<f4"), ("b", "<i8")]))
np.save("array_int64.npy", values)


def png(index):
    buffer = io.BytesIO()
    Image.fromarray(np.full((2, 3), 10 * index, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def add(tar, name, content, kind=None):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    if kind is not None:
        info.type, info.size, content = kind, 0, b""
        info.linkname = "000.png"
    tar.addfile(info, io.BytesIO(content))


def shard(file, members, format):
    with tarfile.open(file, "w", format=format) as tar:
        for member in members:
            add(tar, *member)


long = "deep/" + "x" * 120 + "/"
numbers = [member for i in range(4) for member in [(f"{i:03}.png", png(i)), (f"{i:03}.cls", str(i % 3).encode())]]
shard("shard_ustar.tar", numbers, tarfile.USTAR_FORMAT)
shard("shard_pax.tar", [(long + name, content) for name, content in numbers], tarfile.PAX_FORMAT)
shard("shard_gnu.tar", [(long + name, content) for name, content in numbers], tarfile.GNU_FORMAT)
# What WebDataset's rules have to tell apart: members of a key that lie apart, folders with dots, two images under one
# key, labels in JSON, and what is to be passed over.
shard(
    "shard_odd.tar",
    [
        ("a.b", b"", tarfile.DIRTYPE),
        ("a.b/002.json", json.dumps({"label": 2, "caption": "two"}).encode()),
        ("a.b/000.cls", b"0\n"),
        ("a.b/001.png", png(1)),
        ("a.b/._001.png", b"\0\5\26\7macOS"),
        ("a.b/000.PNG", png(0)),
        ("a.b/001.right.png", png(9)),
        ("a.b/link.png", b"", tarfile.SYMTYPE),
        ("a.b/002.png", png(2)),
        ("a.b/001.cls", b"1"),
        ("a.b/002.txt", b"a caption"),
        ("a.b/lonely.cls", b"7"),
        ("README", b"no dot"),
        ("é/003.png", png(3)),
        ("é/003.json", b'{"class": 0}'),
    ],
    tarfile.PAX_FORMAT,
)
# By other programs.
with webdataset.TarWriter("shard_webdataset.tar", mtime=0) as sink:
    for i in range(4):
        sink.write({"__key__": f"{i:03}", "png": png(i), "cls": i % 3})
with tempfile.TemporaryDirectory() as folder:
    names = []
    for name, content in numbers:
        path = os.path.join(folder, long, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        names.append(long + name)
    for format in ["gnu", "posix"]:
        subprocess.run(
            ["tar", f"--format={format}", "--mtime=@0", "--owner=0", "--group=0", "--blocking-factor=1", "-cf",
             f"shard_tar_{format}.tar", "-C", folder, *names], check=True)
