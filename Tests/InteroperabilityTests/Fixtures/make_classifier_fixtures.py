#!/usr/bin/env python3
"""Makes the fixtures of classifiers with transformers and timm: a folder of each, and what they compute.

Needs: pip install torch transformers timm safetensors
Run:   python3 make_classifier_fixtures.py
"""
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Live"))
import torchvision_for_cpu  # noqa: F401  before all that imports torchvision
import torch

from classifier_oracle import make_hf, make_timm, results, save_hf, save_timm
from oracle import save_file

NAMES = ["T-shirt/top", "größe", "ankleBoot", "a b", "7"]
torch.set_num_threads(1)
for folder in ("hf_classifier", "timm_classifier"):
    shutil.rmtree(HERE / folder, ignore_errors=True)
settings = dict(image_size=28, patch_size=7, channels=3, width=24, depth=2, heads=3, hidden=40, classes=len(NAMES))
torch.manual_seed(3)
pixels, labels = torch.randn(4, 3, 28, 28), torch.tensor([4, 0, 2, 2])
out = {"pixel_values": pixels, "labels": labels.float()}
hf = make_hf(8, NAMES, layer_norm_eps=1e-5, **settings)
save_hf(hf, HERE / "hf_classifier", [0.45, 0.5, 0.55], [0.2, 0.25, 0.3])
out |= {f"hf.{name}": value for name, value in results(hf, pixels, labels).items()}
timm = make_timm(9, "avg", **settings)
save_timm(timm, HERE / "timm_classifier", "avg", NAMES, **settings)
out |= {f"timm.{name}": value for name, value in results(timm, pixels, labels).items()}
save_file(out, HERE / "classifier_oracle.safetensors")
print(json.dumps({name: list(value.shape) for name, value in out.items() if "grad" not in name}))
