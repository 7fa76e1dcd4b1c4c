"""Makes the fixtures of DatasetsTests with torch, torchvision and numpy: `python make_fixtures.py` in this folder.

Made with torchvision 0.28.0, of which only Python code is used. Beside a torch built for CPUs, PyPI's torchvision does not
import until operators `torchvision::nms` and `torchvision::qnms` are declared with `torch.library`.

`epoch_order.json`: permutations by a second implementation of the Feistel network and of Philox 4x32-10.
`crops.json`: boxes that torchvision's RandomResizedCrop chooses when it is fed the numbers of our random streams.
`normalized.raw`: all 256 sample values in three channels through torchvision's ToTensor and Normalize, as float32.
`*-idx*`: a small data set in the format of MNIST.
"""

import gzip
import json
import math
import struct
import types
from unittest import mock

import numpy as np
import torch
import torchvision.transforms as transforms
from PIL import Image

CROP, ORDER = 3, 2
WORD = 0xFFFFFFFF


def philox(key, counter):
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [second >> 32 ^ c[1] ^ k[0], second & WORD, first >> 32 ^ c[3] ^ k[1], first & WORD]
        k = [k[0] + 0x9E3779B9 & WORD, k[1] + 0xBB67AE85 & WORD]
    return c


# Known answers of the generator's authors (Random123, kat_vectors).
assert philox([0, 0], [0, 0, 0, 0]) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox([WORD] * 2, [WORD] * 4) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


class Stream:
    def __init__(self, seed, purpose, epoch, sample):
        self.key = [seed & WORD, seed >> 32]
        self.counter = [0, sample & WORD, epoch, purpose << 24 | sample >> 32]
        self.words = []

    def word(self):
        if not self.words:
            self.words = philox(self.key, self.counter)
            self.counter[0] += 1
        return self.words.pop(0)

    def uniform(self, low, high):
        bits = (self.word() >> 6) << 27 | self.word() >> 5
        return low + (high - low) * (bits * 2.0**-53)

    def below(self, bound):
        product = self.word() * bound
        while product & WORD < (2**32 - bound) % bound:
            product = self.word() * bound
        return product >> 32


def epoch_order(count, seed, epoch):
    bits = (count - 1).bit_length()
    high_bits = bits // 2
    low_bits = bits - high_bits

    def once(value):
        low, high = value % 2**low_bits, value >> low_bits
        for step in range(16):
            half = high if step % 2 == 0 else low
            word = Stream(seed, ORDER, epoch, step << 32 | half).word()
            if step % 2 == 0:
                low ^= word % 2**low_bits
            else:
                high ^= word % 2**high_bits
        return high << low_bits | low

    order = []
    for position in range(count):
        value = once(position)
        while value >= count:
            value = once(value)
        order.append(value)
    assert sorted(order) == list(range(count))
    return order


orders = []
for count, seed, epoch in [(1, 0, 0), (2, 1, 5), (3, 7, 1), (10, 0, 0), (100, 2**40 + 3, 799), (129, 42, 3)]:
    orders.append({"count": count, "seed": seed, "epoch": epoch, "order": epoch_order(count, seed, epoch)})
with open("epoch_order.json", "w") as file:
    json.dump(orders, file)


class Scalar(float):
    def item(self):
        return float(self)


def torchvision_crop(width, height, scale, ratio, stream):
    """torchvision's own choice, drawing from `stream` and computing in double."""

    class Empty:
        def uniform_(self, low, high):
            return Scalar(stream.uniform(float(low), float(high)))

    fake = types.SimpleNamespace(
        tensor=lambda value: value,
        log=lambda values: [math.log(value) for value in values],
        exp=lambda value: Scalar(math.exp(value)),
        empty=lambda size: Empty(),
        randint=lambda low, high, size: Scalar(low + stream.below(high - low)),
    )
    image = Image.new("L", (width, height))
    with mock.patch("torchvision.transforms.transforms.torch", fake):
        top, left, h, w = transforms.RandomResizedCrop.get_params(image, scale, ratio)
    return [int(left), int(top), int(w), int(h)]


crops = []
generator = np.random.default_rng(7)
for number in range(200):
    width, height = (int(side) for side in generator.integers(1, 700, 2))
    scale = [(0.2, 1.0), (0.08, 1.0), (0.9, 1.0), (1.0, 1.0)][number % 4]
    ratio = (3 / 4, 4 / 3)
    seed, epoch, sample = int(generator.integers(0, 2**63)), number % 5, int(generator.integers(0, 2**40))
    box = torchvision_crop(width, height, scale, ratio, Stream(seed, CROP, epoch, sample))
    crops.append(
        {"width": width, "height": height, "scale": scale, "ratio": ratio, "seed": seed, "epoch": epoch,
         "sample": sample, "box": box}
    )
with open("crops.json", "w") as file:
    json.dump(crops, file)

values = np.arange(256, dtype=np.uint8).reshape(16, 16)
image = Image.fromarray(np.stack([values, values, values], -1))
mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
tensor = transforms.Normalize(mean, deviation)(transforms.ToTensor()(image))
with open("normalized.raw", "wb") as file:
    file.write(tensor.numpy().astype("<f4").tobytes())

images = generator.integers(0, 256, (6, 5, 4), dtype=np.uint8)
labels = np.array([3, 0, 2, 2, 1, 0], dtype=np.uint8)


def write_idx(name, array):
    content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    with open(name, "wb") as file:
        file.write(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)


write_idx("train-images-idx3-ubyte.gz", images)
write_idx("train-images-idx3-ubyte", images)
write_idx("train-labels-idx1-ubyte.gz", labels)
