#!/usr/bin/env python3
"""Makes the linear probe's oracle fixture beside this file with implementations that this project did not write:
transformers' ViTModel for the features, torch's BatchNorm1d without weights, and timm's Lars.

Needs: pip install torch transformers timm safetensors
Run:   python3 make_probe_oracle.py

The file holds the random weights of a small encoder, which stay as they are, those of the head, the batches of five steps
with their labels; the losses, and the head's weights and the running statistics after the steps; and the logits that the
first batch then has by the running statistics. Names are timm's, and `head_norm` for the batch's normalisation.
"""
import pathlib

import torch
from safetensors.torch import save_file
from timm.optim import Lars

from make_classifier_oracle import CLASSES, HERE, ViTConfig, ViTForImageClassification, positions, timm_names

STEPS, BATCH, LEARNING_RATE = 5, 6, 3.0

torch.manual_seed(7)
config = ViTConfig(layer_norm_eps=1e-6, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_labels=CLASSES,
                   hidden_act="gelu", image_size=16, patch_size=8, num_channels=3, hidden_size=32, num_hidden_layers=2,
                   num_attention_heads=4, intermediate_size=128)
model = ViTForImageClassification(config).eval().requires_grad_(False)
for name, value in model.named_parameters():
    if value.ndim == 1:
        value.copy_(0.1 * torch.randn_like(value) + (1.0 if "norm" in name and "weight" in name else 0.0))
    else:
        value.copy_(torch.randn_like(value) * 0.7 / value.flatten(1).shape[1] ** 0.5)
model.vit.embeddings.position_embeddings.copy_(positions(2, 32))
frozen = {n: p for n, p in model.named_parameters() if not n.startswith("classifier")}
head_norm = torch.nn.BatchNorm1d(32, affine=False, eps=1e-6)
head = torch.nn.Linear(32, CLASSES)
with torch.no_grad():
    head.weight.normal_(std=0.1)
    head.bias.normal_(std=0.1)
pixels = torch.randn(STEPS, BATCH, 3, 16, 16)
labels = torch.randint(CLASSES, (STEPS, BATCH))
tensors = {"pixel_values": pixels, "labels": labels.float()}
tensors |= {f"weight.{n}": v for n, v in timm_names(frozen).items()}
tensors |= {"weight.head.weight": head.weight.detach().clone(), "weight.head.bias": head.bias.detach().clone()}
# timm adapts the rate of what decays, unless it is told to adapt all: of matrices then, and of no vector.
optimizer = Lars([{"params": [head.weight], "always_adapt": True}, {"params": [head.bias], "always_adapt": False}],
                 lr=LEARNING_RATE, momentum=0.9, weight_decay=0.0, trust_coeff=0.001)


def features(images):
    return model.vit(images).last_hidden_state[:, 0]


losses = []
head_norm.train()
for step in range(STEPS):
    loss = torch.nn.functional.cross_entropy(head(head_norm(features(pixels[step]))), labels[step])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
tensors |= {"after.head.weight": head.weight, "after.head.bias": head.bias,
            "after.head_norm.running_mean": head_norm.running_mean,
            "after.head_norm.running_var": head_norm.running_var, "losses": torch.tensor(losses)}
head_norm.eval()
tensors["logits"] = head(head_norm(features(pixels[0])))
path = HERE / "probe.safetensors"
save_file({n: v.detach().float().contiguous() for n, v in tensors.items()}, path, metadata={"format": "pt"})
print(path.name, path.stat().st_size, losses)
