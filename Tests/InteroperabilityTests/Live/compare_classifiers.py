#!/usr/bin/env python3
"""Holds the `mae` binary against classifiers of transformers and timm: random ones of several shapes.

Needs: pip install torch torchvision transformers timm safetensors pillow
Run:   python3 compare_classifiers.py path/to/mae

For each: import, logits, loss and gradients, export, loading of the exported folder without a missing or unexpected key,
the same logits there, and the code of the model card, whose class must be that of the logits. Ends with 1 if one of them
is off, and with the worst of each in the last line.
"""
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import torchvision_for_cpu  # noqa: F401  before all that imports torchvision
import numpy
import timm
import torch
from PIL import Image
from transformers import ViTForImageClassification
from transformers.utils import logging

from classifier_oracle import logits_of, make_hf, make_timm, results, save_hf, save_timm
from oracle import distance, load_file, save_file, sides

LIMITS = {"logits": 1e-5, "loss": 1e-5, "gradient": 1e-4, "exported": 1e-5, "card": 1e-5}
NAMES = ["T-shirt/top", "größe", "ankleBoot", "a_b", "7", "Ω", "red fox"]
CASES = [
    dict(image_size=32, patch_size=8, channels=3, width=48, depth=3, heads=3, hidden=100, classes=7),
    dict(image_size=28, patch_size=4, channels=1, width=36, depth=2, heads=2, hidden=144, classes=2),
    dict(image_size=42, patch_size=14, channels=3, width=40, depth=1, heads=4, hidden=60, classes=33),
    dict(image_size=[16, 40], patch_size=8, channels=3, width=24, depth=2, heads=3, hidden=64, classes=5),
]
worst, failures, pieces = {}, [], 0


def mae(*arguments):
    done = subprocess.run([MAE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mae {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")


def check(kind, value, where):
    worst[kind] = max(worst.get(kind, 0.0), value)
    if not value <= LIMITS[kind]:
        failures.append(f"{where}: {kind} differs by {value:.2e}, more than {LIMITS[kind]:.0e}")


def compare_numbers(model, work, where):
    config = CONFIG
    height, width = sides(config["image_size"])
    pixels, labels = torch.randn(6, config["channels"], height, width), torch.randint(config["classes"], (6,))
    save_file({"pixel_values": pixels, "labels": labels.float()}, work / "batch.safetensors")
    mae("parity", "--model", work / "run", "--batch", work / "batch.safetensors", "--output", work / "parity.safetensors")
    mine, theirs = load_file(work / "parity.safetensors"), results(model, pixels, labels)
    if mine.keys() != theirs.keys():
        failures.append(f"{where}: parity has other names: {sorted(mine.keys() ^ theirs.keys())[:4]}")
    for name in mine.keys() & theirs.keys():
        if name in ("logits", "loss"):
            check(name, distance(mine[name], theirs[name]), where)
        else:
            scale = theirs[name.replace("key.bias", "query.bias")].norm()
            check("gradient", ((mine[name] - theirs[name]).norm() / scale).item(), f"{where}: {name}")
    return pixels


def load(folder, form, epsilon):
    if form == "timm":
        norm = functools.partial(torch.nn.LayerNorm, eps=epsilon)
        return timm.create_model(f"local-dir:{folder}", pretrained=True, norm_layer=norm).eval()
    model, report = ViTForImageClassification.from_pretrained(folder, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[key]:
            failures.append(f"{folder.name}: {key} {sorted(map(str, report[key]))[:4]}")
    return model.eval()


def run_card(folder, model, form, names, where):
    """The class of the card's code is the largest logit's, of images that need no resampling but what the code does."""
    global pieces
    text = (folder / "README.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.S)
    scope = {}
    os.chdir(folder)
    for piece in code:
        exec(piece, scope)
        pieces += 1
    os.chdir("/")
    if len(code) != 1 or "classify" not in scope:
        return failures.append(f"{where}: the card has {len(code)} pieces of Python")
    draw = numpy.random.default_rng(4)
    for _ in range(5):
        image = Image.fromarray(draw.integers(0, 256, (60, 80, 3), dtype=numpy.uint8))
        prepared = scope["prepare"](scope["flatten"](image))
        pixels = prepared[None] if form == "timm" else scope["prepare"](
            scope["flatten"](image), return_tensors="pt").pixel_values
        with torch.no_grad():
            likely = logits_of(model, pixels)[0].softmax(0)
        name, share = scope["classify"](image)
        check("card", abs(share - likely.max().item()), where)
        index = likely.argmax().item()
        expected = names[index] if names else (f"LABEL_{index}" if form == "hf" else index)
        if name != expected:
            failures.append(f"{where}: the card says {name}, and {expected} has the largest logit")


def compare_export(pixels, model, work, forms, names, epsilon, where):
    for form in forms:
        folder = work / form
        mae("export", "--checkpoint", work / "run", "--format", form, "--output", folder)
        loaded = load(folder, form, epsilon)
        with torch.no_grad():
            check("exported", distance(logits_of(loaded, pixels), logits_of(model, pixels)), f"{where} to {form}")
        if form == "hf" and [loaded.config.id2label[index] for index in range(len(names))] != names:
            failures.append(f"{where}: other names: {loaded.config.id2label}")
        square = isinstance(CONFIG["image_size"], int)
        if square:
            run_card(folder, loaded, form, names, f"{where} to {form}")


def main():
    global MAE, CONFIG
    MAE = str(pathlib.Path(sys.argv[1]).resolve())
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for number, CONFIG in enumerate(CASES):
        names = NAMES[:CONFIG["classes"]] if CONFIG["classes"] <= len(NAMES) else []
        for kind in ("hf", "token", "avg"):
            where = f"case {number}, {kind}"
            torch.manual_seed(number)
            with tempfile.TemporaryDirectory() as folder:
                work = pathlib.Path(folder)
                epsilon = 1e-6
                if kind == "hf":
                    epsilon = 1e-5
                    labels = names or [f"LABEL_{index}" for index in range(CONFIG["classes"])]
                    model = make_hf(number, labels, layer_norm_eps=epsilon, **CONFIG)
                    save_hf(model, work / "source", [0.4] * CONFIG["channels"], [0.3] * CONFIG["channels"])
                else:
                    labels = names
                    model = make_timm(number, kind, **CONFIG)
                    save_timm(model, work / "source", kind, names, **CONFIG)
                mae("import", "--from", work / "source", "--classifier", "--output", work / "run",
                    "--set", f"model.encoder.heads={CONFIG['heads']}")
                pixels = compare_numbers(model, work, where)
                forms = ["timm"] if kind == "avg" else ["hf", "timm"]
                compare_export(pixels, model, work, forms, labels, epsilon, where)
        print(f"case {number}: {CONFIG}")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        CONFIG = CASES[0]
        model = make_hf(5, NAMES, **CONFIG)
        model.save_pretrained(work / "source")
        mae("import", "--from", work / "source", "--classifier", "--output", work / "run")
        compare_numbers(model, work, "transformers' own folder")
    for failure in failures:
        print("FAILED", failure)
    print(f"{pieces} cards; worst", ", ".join(f"{kind} {value:.1e} (limit {LIMITS[kind]:.0e})" for kind, value in worst.items()))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
