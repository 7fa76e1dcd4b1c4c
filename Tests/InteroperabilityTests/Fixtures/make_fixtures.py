#!/usr/bin/env python3
"""Makes the fixtures beside this file with implementations that this project did not write: transformers, torch and,
for the resampling of position tables, torch's antialiased bicubic interpolation as timm calls it.

Needs: pip install torch transformers safetensors pillow
Run:   python3 make_fixtures.py
"""
import json
import pathlib
import shutil
import sys

import numpy
import torch
from PIL import Image

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Live"))
from oracle import make_model, results, save, save_file

SETTINGS = dict(
    image_size=28, patch_size=7, num_channels=3, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
    intermediate_size=40, decoder_hidden_size=16, decoder_num_hidden_layers=2, decoder_num_attention_heads=2,
    decoder_intermediate_size=24, mask_ratio=0.6, norm_pix_loss=True)
MEAN, STD = [0.45, 0.5, 0.55], [0.2, 0.25, 0.3]
STEPS, LEARNING_RATE = 10, 1e-3

torch.set_num_threads(1)
for folder in ("hf", "hf_sharded", "timm", "images"):
    shutil.rmtree(HERE / folder, ignore_errors=True)

# Position tables that are not the sine-cosine ones, and an epsilon that is not the usual one.
model = make_model(5, random_positions=True, layer_norm_eps=1e-5, **SETTINGS)
tensors = save(model, HERE / "hf", MEAN, STD)
save(model, HERE / "hf_sharded", MEAN, STD, shards=3)

# The same encoder as timm keeps it.
encoder = {
    "cls_token": tensors["vit.embeddings.cls_token"], "pos_embed": tensors["vit.embeddings.position_embeddings"],
    "patch_embed.proj.weight": tensors["vit.embeddings.patch_embeddings.projection.weight"],
    "patch_embed.proj.bias": tensors["vit.embeddings.patch_embeddings.projection.bias"],
    "norm.weight": tensors["vit.layernorm.weight"], "norm.bias": tensors["vit.layernorm.bias"]}
for block in range(SETTINGS["num_hidden_layers"]):
    for kind in ("weight", "bias"):
        theirs, mine = f"vit.encoder.layer.{block}", f"blocks.{block}"
        encoder[f"{mine}.attn.qkv.{kind}"] = torch.cat(
            [tensors[f"{theirs}.attention.attention.{part}.{kind}"] for part in ("query", "key", "value")])
        encoder[f"{mine}.attn.proj.{kind}"] = tensors[f"{theirs}.attention.output.dense.{kind}"]
        encoder[f"{mine}.norm1.{kind}"] = tensors[f"{theirs}.layernorm_before.{kind}"]
        encoder[f"{mine}.norm2.{kind}"] = tensors[f"{theirs}.layernorm_after.{kind}"]
        encoder[f"{mine}.mlp.fc1.{kind}"] = tensors[f"{theirs}.intermediate.dense.{kind}"]
        encoder[f"{mine}.mlp.fc2.{kind}"] = tensors[f"{theirs}.output.dense.{kind}"]
(HERE / "timm").mkdir()
save_file({name: value.contiguous() for name, value in encoder.items()}, HERE / "timm/model.safetensors")
(HERE / "timm/config.json").write_text(json.dumps({
    "architecture": "vit_base_patch16_224", "num_classes": 0, "num_features": 24, "global_pool": "token",
    "model_args": {"img_size": 28, "patch_size": 7, "embed_dim": 24, "depth": 2, "num_heads": 3, "mlp_ratio": 40 / 24},
    "pretrained_cfg": {"input_size": [3, 28, 28], "mean": MEAN, "std": STD}}, indent=2))

# Features of images of the model's size, before steps of training change the weights.
images = numpy.random.default_rng(1).integers(0, 256, (11, 28, 28, 3), numpy.uint8)
(HERE / "images").mkdir()
for index, image in enumerate(images):
    Image.fromarray(image).save(HERE / f"images/{index:02}.png")
pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
pixels = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
with torch.no_grad():
    model.vit.config.mask_ratio = 0.0
    states = model.vit(pixels, noise=torch.arange(16).float().expand(11, -1)).last_hidden_state
    model.vit.config.mask_ratio = SETTINGS["mask_ratio"]
features = {"features.cls": states[:, 0].contiguous(), "features.mean": states[:, 1:].mean(1)}

# Loss, gradients and ten steps.
torch.manual_seed(6)
batch = {"pixel_values": torch.randn(3, 3, 28, 28), "noise": torch.rand(STEPS, 3, 16)}
save_file(batch, HERE / "batch.safetensors")
oracle = results(model, batch["pixel_values"], batch["noise"], LEARNING_RATE)
save_file(oracle | features, HERE / "oracle.safetensors")

# The position table of a 4 x 4 grid for others.
table = tensors["vit.embeddings.position_embeddings"]
resized = {}
for height, width in ((7, 7), (2, 3), (5, 4), (3, 9)):
    grid = table[:, 1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=(height, width), mode="bicubic", antialias=True)
    resized[f"{height}x{width}"] = torch.cat([table[:, :1], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1).contiguous()
save_file(resized, HERE / "bicubic.safetensors")
