#!/usr/bin/env python3
"""The peer of launch/compare-data: decodes, crops, resizes, flips and normalises images as the authors of the paper do, with
Pillow and torchvision's transforms, on one thread, and prints how many images a second of one core's time gives."""
import argparse
import json
import random
import time

import numpy
import torch
from PIL import Image
from torchvision import transforms


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", required=True, help="a text file with the path of an image on each line")
    parser.add_argument("--array", help="a .npy array of images in the place of files")
    parser.add_argument("--images", type=int, required=True, help="how many images to bring to the network")
    parser.add_argument("--size", type=int, default=224)
    return parser.parse_args()


def main():
    options = parse()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    transform = transforms.Compose([
        transforms.RandomResizedCrop(
            options.size, scale=(0.2, 1.0), interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
        transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
    ])
    array = numpy.load(options.array, mmap_mode="r") if options.array else None
    with open(options.files) as lines:
        files = lines.read().splitlines()
    count = len(array) if array is not None else len(files)

    def load(index):
        if array is not None:
            return Image.fromarray(array[index])
        with open(files[index], "rb") as file:
            return Image.open(file).convert("RGB")

    transform(load(0))
    order = [index for _ in range(options.images // count + 1) for index in random.sample(range(count), count)]
    start, wall = time.process_time(), time.perf_counter()
    for index in order[:options.images]:
        transform(load(index))
    print(json.dumps({
        "images_per_core_second": options.images / (time.process_time() - start),
        "images_per_second": options.images / (time.perf_counter() - wall)}))


if __name__ == "__main__":
    main()
