#!/usr/bin/env python3
"""The peer of `mae pretrain`: the same recipe in PyTorch, with the masked autoencoder of Hugging Face transformers, on grey images
of an IDX file. It begins with exported weights, so that both begin alike; masks, crops and order are its own.

    mae export --checkpoint FIRST --format hf --output first
    python launch/peers/torch_pretrain.py --weights first --images train-images-idx3-ubyte.gz --epochs 6 --output trained

It writes the trained model for `mae import` and prints a line of JSON for each epoch: its mean loss and its seconds. It
needs the packages of launch/peers/requirements.txt."""
import argparse
import gzip
import json
import math
import time

import numpy
import torch
import transformers
from PIL import Image


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="what `mae export --format hf` wrote")
    parser.add_argument("--images", required=True, help="an IDX file of grey images, gzip")
    parser.add_argument("--output", required=True, help="a folder for the trained model")
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--base-learning-rate", type=float, default=2e-3, help="for 256 images")
    parser.add_argument("--warmup-epochs", type=float, default=0.4)
    parser.add_argument("--crop-scale", type=float, nargs=2, default=(0.7, 1.0))
    parser.add_argument("--mean", type=float, default=0.286)
    parser.add_argument("--std", type=float, default=0.353)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def read_images(path):
    content = gzip.open(path).read()
    count, height, width = numpy.frombuffer(content[4:16], ">u4")
    return numpy.frombuffer(content[16:], numpy.uint8).reshape(count, height, width)


def crop(image, scale, random):
    """torchvision's RandomResizedCrop (ratio 3/4 to 4/3, bicubic) and a horizontal flip."""
    height, width = image.shape
    for _ in range(10):
        area = height * width * random.uniform(*scale)
        ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top, left = random.integers(height - h + 1), random.integers(width - w + 1)
            break
    else:
        w, h, top, left = width, height, 0, 0
    cropped = Image.fromarray(image[top : top + h, left : left + w]).resize((width, height), Image.BICUBIC)
    result = numpy.asarray(cropped)
    return result[:, ::-1] if random.random() < 0.5 else result


def make_optimizer(model):
    """Decays every tensor of two or more dimensions, as the reference does."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0},
        ],
        betas=(0.9, 0.95),
    )


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    random = numpy.random.default_rng(options.seed)
    images = read_images(options.images)
    model = transformers.ViTMAEForPreTraining.from_pretrained(options.weights).train()
    # They are sines that stay as they are, as the reference has them; transformers 5 forgets it where it loads weights.
    model.vit.embeddings.position_embeddings.requires_grad_(False)
    model.decoder.decoder_pos_embed.requires_grad_(False)
    optimizer = make_optimizer(model)
    steps = len(images) // options.batch_size
    peak = options.base_learning_rate * options.batch_size / 256
    for epoch in range(options.epochs):
        start, losses = time.monotonic(), []
        order = random.permutation(len(images))
        for step in range(steps):
            at = epoch + step / steps
            if at < options.warmup_epochs:
                rate = peak * at / options.warmup_epochs
            else:
                done = (at - options.warmup_epochs) / (options.epochs - options.warmup_epochs)
                rate = peak * 0.5 * (1 + math.cos(math.pi * done))
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen = order[step * options.batch_size : (step + 1) * options.batch_size]
            batch = numpy.stack([crop(images[index], options.crop_scale, random) for index in chosen])
            pixels = (torch.from_numpy(batch).float().unsqueeze(1) / 255 - options.mean) / options.std
            loss = model(pixel_values=pixels).loss
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        line = {"epoch": epoch + 1, "mean_loss": sum(losses) / steps, "seconds": time.monotonic() - start}
        print(json.dumps(line), flush=True)
    model.save_pretrained(options.output)


if __name__ == "__main__":
    main()
