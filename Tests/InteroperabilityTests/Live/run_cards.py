#!/usr/bin/env python3
"""Runs every piece of Python in the model cards that `mae export` writes, as it stands, and the Python that `mae import`
prints for a pickle.

Needs: pip install torch torchvision transformers timm safetensors pillow
Run:   python3 run_cards.py path/to/mae

`features` of a card must give what `mae embed` writes. Where a card says that transformers cuts an image elsewhere, it
must do so, and nowhere else. Ends with 1 if something is off; the last line says what was run.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import torchvision_for_cpu  # before all that imports torchvision
import numpy
import torch
from PIL import Image
from transformers.utils import logging

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from oracle import distance, load_file, make_model, save

LIMIT = 1e-5
failures, counts, worst = [], {"pieces": 0, "features": 0, "cut elsewhere": 0}, 0.0
MODELS = {
    "colour": dict(image_size=32, patch_size=8, num_channels=3, layer_norm_eps=1e-5),
    "grey": dict(image_size=28, patch_size=4, num_channels=1, norm_pix_loss=True),
    "alpha": dict(image_size=32, patch_size=8, num_channels=4),
    # transformers makes a model of a rectangle where the number of patches is a square.
    "rectangle": dict(image_size=[16, 64], patch_size=8, num_channels=3),
}
SIDES = (32, 28)
EXPORTS = [("hf", []), ("hf", ["--encoder-only"]), ("timm", []), ("facebook", []), ("facebook", ["--encoder-only"])]


def mae(*arguments, code=0):
    done = subprocess.run([MAE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != code:
        raise SystemExit(f"mae {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
    return done


def is_resized_across_first(image):
    """From version 13 on Pillow begins with the direction that is cheaper, and rounds in between."""
    for side in SIDES:
        scale = round(side / 0.875) / min(image.size)
        width, height = (int(length * scale + 1e-9) for length in image.size)
        across_first = image.resize((width, image.height), Image.BICUBIC).resize((width, height), Image.BICUBIC)
        if image.resize((width, height), Image.BICUBIC) != across_first:
            return False
    return True


def make_images(folder):
    """Of many proportions; one has an alpha channel, one a palette."""
    folder.mkdir()
    draw, index = numpy.random.default_rng(5), 0
    while index < 40:
        width, height = draw.integers(30, 120, 2)
        small = draw.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), numpy.uint8)
        image = Image.fromarray(small).resize((int(width), int(height)), Image.BICUBIC)
        if not is_resized_across_first(image):
            continue
        if index == 3:
            image.putalpha(Image.fromarray(draw.integers(0, 2, (height, width), numpy.uint8) * 255))
        if index == 4:
            image = image.convert("P")
        image.save(folder / f"{index:02}.png")
        index += 1
    return sorted(folder.iterdir())


def is_cut_elsewhere(path, side):
    """Whether an image is longer than the cut by 3, 7, 11 ... pixels after its shorter side became `side` / 0.875."""
    width, height = Image.open(path).size
    shorter = round(side / 0.875)
    longer = shorter * max(width, height) // min(width, height)
    return any((length - side) % 4 == 3 for length in (shorter, longer))


def check_features(features, images, folder, where, side):
    global worst
    rows = numpy.load(folder / "features.npy")
    for path, row in zip(images, rows, strict=True):
        off = distance(features(Image.open(path)), torch.from_numpy(row))
        counts["features"] += 1
        if where.startswith("hf") and is_cut_elsewhere(path, side):
            counts["cut elsewhere"] += 1
            if off <= LIMIT:
                failures.append(f"{where}: {path.name} is not cut elsewhere")
        else:
            worst = max(worst, off)
            if not off <= LIMIT:
                failures.append(f"{where}: features of {path.name} differ by {off:.1e}")


def run_card(folder, images, work, where, settings):
    text = (folder / "README.md").read_text()
    pieces = re.findall(r"```python\n(.*?)```", text, re.S)
    os.chdir(folder)
    for piece in pieces:
        names = {}
        try:
            exec(piece, names)
        except Exception as error:
            failures.append(f"{where}: {error!r} in\n{piece}")
            continue
        counts["pieces"] += 1
        if "features" in names:
            check_features(names["features"], images, work, where, settings["image_size"])
    os.chdir("/")
    plain = settings["num_channels"] != 4 and isinstance(settings["image_size"], int)
    expected = 2 if plain and not where.startswith("facebook") else 1
    if len(pieces) != expected:
        failures.append(f"{where}: {len(pieces)} pieces of Python, not {expected}")


def run_cards(name, settings, images, work):
    model = make_model(11, hidden_size=48, num_attention_heads=3, num_hidden_layers=2, intermediate_size=100,
                       decoder_hidden_size=32, decoder_num_attention_heads=2, decoder_num_hidden_layers=1,
                       decoder_intermediate_size=64 if name != "grey" else 66, **settings)
    channels = settings["num_channels"]
    save(model, work / "source", [0.5] * channels, [0.25] * channels)
    mae("import", "--from", work / "source", "--output", work / "run")
    mae("embed", "--checkpoint", work / "run", "--data", images[0].parent, "--output", work / "features.npy")
    for form, options in EXPORTS:
        if form == "facebook" and not isinstance(settings["image_size"], int):
            continue
        where = " ".join([form, *options, name])
        folder = work / where.replace(" ", "_")
        mae("export", "--checkpoint", work / "run", "--format", form, *options, "--output", folder)
        run_card(folder, images, work, where, settings)


def convert_pickle(work):
    """What the authors' trainer leaves, by the lines that the refusal prints."""
    model = make_model(12, image_size=32, patch_size=8, hidden_size=48, num_attention_heads=3, num_hidden_layers=1,
                       intermediate_size=192, decoder_hidden_size=32, decoder_num_attention_heads=2,
                       decoder_num_hidden_layers=1, decoder_intermediate_size=128)
    save(model, work / "source")
    mae("import", "--from", work / "source", "--output", work / "run")
    mae("export", "--checkpoint", work / "run", "--format", "facebook", "--output", work / "facebook")
    weights = load_file(work / "facebook/model.safetensors")
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))])
    checkpoint = work / 'of the "authors".pth'
    torch.save({"model": weights, "optimizer": optimizer.state_dict(), "epoch": 799, "scaler": {"scale": 65536.0},
                "args": argparse.Namespace(batch_size=64, blr=1.5e-4, output_dir="./output_dir")}, checkpoint)
    refusal = mae("import", "--from", checkpoint, "--output", work / "none", code=1).stderr
    piece = refusal[refusal.index("import argparse"):]
    subprocess.run([sys.executable, "-c", piece], check=True)
    converted = load_file(checkpoint.with_suffix(".safetensors"))
    if converted.keys() != weights.keys() or not all(torch.equal(converted[key], weights[key]) for key in weights):
        failures.append("the converted pickle holds other weights")
    counts["pieces"] += 1


def main():
    global MAE
    MAE = str(pathlib.Path(sys.argv[1]).resolve())
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        images = make_images(work / "images")
        for name, settings in MODELS.items():
            (work / name).mkdir()
            run_cards(name, settings, images, work / name)
        (work / "pickle").mkdir()
        convert_pickle(work / "pickle")
    for failure in failures:
        print("FAILED", failure)
    print(f"worst features {worst:.1e} (limit {LIMIT:.0e});", ", ".join(f"{value} {name}" for name, value in counts.items()))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
