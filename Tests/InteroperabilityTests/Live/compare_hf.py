#!/usr/bin/env python3
"""Holds the `mae` binary against transformers (and timm, where it is installed): ten random configurations.

Needs: pip install torch transformers safetensors pillow [timm]
Run:   python3 compare_hf.py path/to/mae [--seed S]

For each configuration: loss, predictions, mask, latent, all gradients, the losses of ten AdamW steps; round trips
through every format, bit by bit; loading of every exported folder; features of images. Ends with 1 if one of them
is off, and with the worst of each in the last line.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import torchvision_for_cpu  # before all that imports torchvision
except ImportError:
    pass  # Nothing then does.
import numpy
import torch
from PIL import Image
from transformers import ViTMAEForPreTraining, ViTMAEModel, ViTModel
from transformers.utils import logging

from oracle import distance, grid, load_file, make_model, on_disk, results, save, save_file, sides

try:
    import timm
    from timm.models.vision_transformer import VisionTransformer
except ImportError as error:
    timm = None
    print(f"timm is not compared: {error}")

LIMITS = {"loss": 1e-5, "pred": 1e-5, "latent": 1e-5, "gradient": 1e-4, "losses": 1e-5, "weights": 1e-4, "features": 1e-5}
STEPS, LEARNING_RATE = 10, 1e-3
worst, failures = {}, []


def settings(choose):
    """Ten configurations; what a case does not fix is drawn."""
    cases = [
        dict(image_size=32, patch_size=8, num_channels=3, norm_pix_loss=True),
        dict(image_size=28, patch_size=4, num_channels=1, norm_pix_loss=False),
        dict(image_size=42, patch_size=14, num_channels=3, norm_pix_loss=True),
        dict(image_size=40, patch_size=8, num_channels=4, norm_pix_loss=False),
        dict(image_size=[16, 64], patch_size=8, num_channels=3, norm_pix_loss=True),
        dict(image_size=[72, 32], patch_size=8, num_channels=1, norm_pix_loss=False),
        dict(image_size=70, patch_size=14, num_channels=4, norm_pix_loss=True),
        dict(image_size=21, patch_size=3, num_channels=1, norm_pix_loss=True, layer_norm_eps=1e-12),
        dict(image_size=55, patch_size=5, num_channels=3, norm_pix_loss=False),
        dict(image_size=64, patch_size=16, num_channels=3, norm_pix_loss=True, hidden_size=192, num_attention_heads=3),
    ]
    for case in cases:
        heads, decoder_heads = choose.choice([2, 3, 4, 6]), choose.choice([1, 2, 4])
        width, decoder_width = heads * choose.choice([8, 12, 20]), decoder_heads * choose.choice([12, 16, 20])
        base = dict(
            hidden_size=width, num_attention_heads=heads, num_hidden_layers=choose.randint(1, 4),
            decoder_hidden_size=decoder_width, decoder_num_attention_heads=decoder_heads,
            decoder_num_hidden_layers=choose.randint(1, 3), mask_ratio=round(choose.uniform(0.4, 0.9), 2)) | case
        base["intermediate_size"] = int(base["hidden_size"] * choose.choice([1.5, 2, 8 / 3, 4]))
        base["decoder_intermediate_size"] = int(decoder_width * choose.choice([1, 2.5, 4]))
        yield base


def mae(*arguments):
    done = subprocess.run([MAE, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"mae {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def check(kind, value, where):
    worst[kind] = max(worst.get(kind, 0.0), value)
    if not value <= LIMITS[kind]:
        failures.append(f"{where}: {kind} differs by {value:.2e}, more than {LIMITS[kind]:.0e}")


def check_equal(mine, theirs, where):
    if mine.keys() != theirs.keys():
        failures.append(f"{where}: other names: {sorted(mine.keys() ^ theirs.keys())[:4]}")
    for name in mine.keys() & theirs.keys():
        same = mine[name].shape == theirs[name].shape and mine[name].dtype == theirs[name].dtype
        if not same or mine[name].numpy().tobytes() != theirs[name].numpy().tobytes():
            failures.append(f"{where}: {name} has other bits")


def load(model_class, folder, **options):
    model, report = model_class.from_pretrained(folder, output_loading_info=True, **options)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[key]:
            failures.append(f"{model_class.__name__} on {folder.name}: {key} {sorted(map(str, report[key]))[:4]}")
    return model.eval()


def compare_numbers(model, folder, work, where, seed):
    config = model.config
    height, width = sides(config.image_size)
    rows, columns = grid(config)
    torch.manual_seed(seed)
    pixels = torch.randn(3, config.num_channels, height, width)
    noise = torch.rand(STEPS, 3, rows * columns)
    save_file({"pixel_values": pixels, "noise": noise}, work / "batch.safetensors")
    mae("parity", "--model", folder, "--batch", work / "batch.safetensors", "--output", work / "parity.safetensors",
        "--steps", STEPS, "--set", f"train.base_learning_rate={LEARNING_RATE}")
    mine = load_file(work / "parity.safetensors")
    theirs = results(model, pixels, noise, LEARNING_RATE)
    if mine.keys() != theirs.keys():
        failures.append(f"{where}: parity has other names: {sorted(mine.keys() ^ theirs.keys())[:4]}")
    if not torch.equal(mine["mask"], theirs["mask"].float()):
        failures.append(f"{where}: another mask")
    for name, value in theirs.items():
        if mine[name].shape != value.shape:
            failures.append(f"{where}: {name} has shape {tuple(mine[name].shape)}, not {tuple(value.shape)}")
        elif name in ("loss", "pred", "latent"):
            check(name, distance(mine[name], value), where)
        elif name.startswith("grad."):
            # Softmax does not see a constant added to a query's scores: a key bias has no gradient but rounding, which
            # is small beside its query's.
            scale = theirs[name.replace("key.bias", "query.bias")].norm()
            check("gradient", ((mine[name] - value).norm() / scale).item(), f"{where}: {name}")
        elif name.startswith("weight.") and not name.endswith("attention.key.bias"):
            # AdamW makes a whole step of whatever sign the rounding of a key bias's gradient has.
            check("weights", distance(mine[name], value), f"{where}: {name}")
        elif name == "losses":
            check("losses", ((mine[name] - value).abs() / value).max().item(), where)


def compare_formats(tensors, folder, work, where):
    """Round trips: Hugging Face, timm and the authors' names, each there and back."""
    mae("import", "--from", folder, "--output", work / "run")
    mae("export", "--checkpoint", work / "run", "--format", "hf", "--output", work / "hf")
    check_equal(load_file(work / "hf/model.safetensors"), tensors, f"{where}: hf round trip")
    for form in ("facebook", "timm"):
        mae("export", "--checkpoint", work / "run", "--format", form, "--output", work / form)
        mae("import", "--from", work / form, "--output", work / f"{form}_run")
        mae("export", "--checkpoint", work / f"{form}_run", "--format", form, "--output", work / f"{form}_again")
        check_equal(load_file(work / f"{form}_again/model.safetensors"), load_file(work / f"{form}/model.safetensors"),
                    f"{where}: {form} round trip")
    mae("export", "--checkpoint", work / "facebook_run", "--format", "hf", "--output", work / "hf_again")
    check_equal(load_file(work / "hf_again/model.safetensors"), tensors, f"{where}: hf, facebook, hf")
    mae("export", "--checkpoint", work / "run", "--format", "hf", "--encoder-only", "--output", work / "hf_encoder")


def compare_features(config, work, mean, std, where, seed):
    """Images of exactly the model's size: no resampling stands between the two."""
    height, width = sides(config.image_size)
    images = numpy.random.default_rng(seed).integers(0, 256, (11, height, width, config.num_channels), numpy.uint8)
    (work / "images").mkdir()
    for index, image in enumerate(images):
        Image.fromarray(image.squeeze(-1) if config.num_channels == 1 else image).save(
            work / f"images/{index:02}.png")
    for pool in ("cls", "mean"):
        mae("embed", "--checkpoint", work / "run", "--data", work / "images", "--crop-fraction", 1,
            "--pool", pool, "--output", work / f"{pool}.npy")
    mine = {pool: torch.from_numpy(numpy.load(work / f"{pool}.npy")) for pool in ("cls", "mean")}
    names = (work / "cls.npy.txt").read_text().split()
    if names != [f"{index:02}.png" for index in range(11)]:
        failures.append(f"{where}: embed lists {names}")
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    pixels = (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]

    def compare(states, what):
        check("features", distance(mine["cls"], states[:, 0]), f"{where}: {what}, cls")
        check("features", distance(mine["mean"], states[:, 1:].mean(1)), f"{where}: {what}, mean")

    rows, columns = grid(config)
    order = torch.arange(rows * columns).float().expand(len(images), -1)
    with torch.no_grad():
        masked = load(ViTMAEModel, work / "hf_encoder", mask_ratio=0.0)
        compare(masked(pixels, noise=order).last_hidden_state, "ViTMAEModel")
        plain = load(ViTModel, work / "hf_encoder", add_pooling_layer=False)
        compare(plain(pixels).last_hidden_state, "ViTModel")
        if timm:
            from functools import partial
            norm = partial(torch.nn.LayerNorm, eps=config.layer_norm_eps)
            by_folder = timm.create_model(f"local-dir:{work / 'timm'}", pretrained=True, norm_layer=norm).eval()
            compare(by_folder.forward_features(pixels), "timm, local-dir")
            by_hand = VisionTransformer(
                img_size=sides(config.image_size), patch_size=config.patch_size, in_chans=config.num_channels,
                num_classes=0, embed_dim=config.hidden_size, depth=config.num_hidden_layers,
                num_heads=config.num_attention_heads, norm_layer=norm,
                mlp_ratio=(config.intermediate_size + 1e-9) / config.hidden_size).eval()
            timm.models.load_checkpoint(by_hand, str(work / "timm/model.safetensors"), strict=True)
            compare(by_hand.forward_features(pixels), "timm, VisionTransformer")


def compare_published(work):
    """A size that timm knows by name: `create_model(..., checkpoint_path=…)` as its users write it."""
    model = make_model(
        77, image_size=224, patch_size=16, hidden_size=192, num_hidden_layers=12, num_attention_heads=3,
        intermediate_size=768, decoder_hidden_size=32, decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
        decoder_intermediate_size=64)
    save(model, work / "source")
    mae("import", "--from", work / "source", "--output", work / "run")
    mae("export", "--checkpoint", work / "run", "--format", "timm", "--output", work / "timm")
    loaded = timm.create_model(
        "vit_tiny_patch16_224", checkpoint_path=str(work / "timm/model.safetensors"), num_classes=0).eval()
    pixels = torch.randn(2, 3, 224, 224)
    order = torch.arange(196).float().expand(2, -1)
    model.config.mask_ratio = 0.0
    with torch.no_grad():
        theirs = model.vit(pixels, noise=order).last_hidden_state
        check("features", distance(loaded.forward_features(pixels), theirs), "vit_tiny_patch16_224 by checkpoint_path")


def main():
    global MAE
    parser = argparse.ArgumentParser()
    parser.add_argument("mae")
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    MAE = arguments.mae
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    print(f"seed {arguments.seed}")
    choose = random.Random(arguments.seed)
    for number, chosen in enumerate(settings(choose)):
        where, seed = f"configuration {number}", arguments.seed + number
        model = make_model(seed, random_positions=number % 3 == 1, **chosen)
        mean = [round(choose.uniform(0.3, 0.6), 3) for _ in range(chosen["num_channels"])]
        std = [round(choose.uniform(0.2, 0.4), 3) for _ in range(chosen["num_channels"])]
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            tensors = save(model, work / "source", mean, std, shards=1 + number % 3)
            compare_formats(tensors, work / "source", work, where)
            compare_features(model.config, work, mean, std, where, seed)
            if isinstance(chosen["image_size"], int):
                load(ViTMAEForPreTraining, work / "hf")
            compare_numbers(model, work / "source", work, where, seed)
            model.save_pretrained(work / "own")
            mae("import", "--from", work / "own", "--output", work / "own_run")
            mae("export", "--checkpoint", work / "own_run", "--format", "hf", "--output", work / "own_again")
            now = {on_disk(name): value.detach().clone() for name, value in model.state_dict().items()}
            check_equal(load_file(work / "own_again/model.safetensors"), now, f"{where}: transformers' own folder")
        print(f"{where}: {chosen}")
    if timm:
        with tempfile.TemporaryDirectory() as folder:
            compare_published(pathlib.Path(folder))
    for failure in failures:
        print("FAILED", failure)
    print("worst", ", ".join(f"{kind} {value:.1e} (limit {LIMITS[kind]:.0e})" for kind, value in worst.items()))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
