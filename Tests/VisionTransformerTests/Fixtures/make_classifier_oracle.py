#!/usr/bin/env python3
"""Makes the classifier's oracle fixtures beside this file with an implementation that this project did not write:
transformers' ViTForImageClassification, torch's cross-entropy of soft targets, and torch's AdamW.

Needs: pip install torch transformers safetensors
Run:   python3 make_classifier_oracle.py

Each file holds random weights, a batch, and for each of ten steps soft targets and what the branches of every block are
multiplied by (drop path); the first step's loss with all its gradients; the losses and weights of ten AdamW steps with
layer-wise decay of the learning rate. Names are timm's. transformers takes the cls token after the last norm; for the
mean of the patches' tokens its encoder is used, and torch's layer norm and linear layer behind it.
"""
import pathlib
import re

import torch
from safetensors.torch import save_file
from transformers import ViTConfig, ViTForImageClassification

HERE = pathlib.Path(__file__).parent
STEPS, LEARNING_RATE, LAYER_DECAY, WEIGHT_DECAY, CLASSES = 10, 1e-3, 0.65, 0.05, 19

BLOCK = {
    "layernorm_before": "norm1", "layernorm_after": "norm2",
    "attention.output.dense": "attn.proj", "attention.o_proj": "attn.proj",
    "intermediate.dense": "mlp.fc1", "mlp.fc1": "mlp.fc1",
    "output.dense": "mlp.fc2", "mlp.fc2": "mlp.fc2",
}
QKV = {"query": 0, "key": 1, "value": 2, "q_proj": 0, "k_proj": 1, "v_proj": 2}


def timm_names(tensors):
    """Renames and joins {HF module name: tensor} to timm's names."""
    out, parts = {}, {}
    for name, value in tensors.items():
        name = name.replace("vit.embeddings.patch_embeddings.projection", "patch_embed.proj")
        name = name.replace("vit.embeddings.cls_token", "cls_token").replace("vit.layernorm", "norm")
        name = name.replace("vit.encoder.layer.", "blocks.").replace("vit.layers.", "blocks.")
        name = name.replace("classifier.", "head.")
        if "position_embeddings" in name:
            continue
        if not name.startswith("blocks."):
            out[name] = value
            continue
        stack, index, rest = name.split(".", 2)
        module, kind = rest.rsplit(".", 1)
        leaf = module.rsplit(".", 1)[-1]
        if leaf in QKV:
            parts.setdefault(f"{stack}.{index}.attn.qkv.{kind}", {})[QKV[leaf]] = value
        else:
            out[f"{stack}.{index}.{BLOCK[module]}.{kind}"] = value
    for name, rows in parts.items():
        out[name] = torch.cat([rows[0], rows[1], rows[2]])
    return {name: value.detach().clone().contiguous() for name, value in out.items()}


def positions(grid, width):
    omega = 10_000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    y, x = torch.meshgrid(torch.arange(grid), torch.arange(grid), indexing="ij")
    x, y = x.flatten()[:, None] * omega, y.flatten()[:, None] * omega
    table = torch.cat([x.sin(), x.cos(), y.sin(), y.cos()], dim=1)
    return torch.cat([torch.zeros(1, width), table])[None].float()


class Classifier(torch.nn.Module):
    def __init__(self, model, pool):
        super().__init__()
        self.model, self.pool, self.scales = model, pool, None
        if pool == "mean":
            self.fc_norm = torch.nn.LayerNorm(model.config.hidden_size, eps=1e-6)
        for name, module in model.named_modules():
            match = re.search(r"(?:encoder\.layer|layers)\.(\d+)\.(.+)$", name)
            kind = BLOCK.get(match[2]) if match else None
            if kind in ("attn.proj", "mlp.fc2"):
                row = 2 * int(match[1]) + (kind == "mlp.fc2")
                module.register_forward_hook(lambda _m, _i, out, row=row: out * self.scales[row][:, None, None])

    def trained(self):
        skipped = {"position_embeddings"} | ({"vit.layernorm"} if self.pool == "mean" else set())
        found = {n: p for n, p in self.model.named_parameters() if not any(s in n for s in skipped)}
        if self.pool == "mean":
            found |= {f"fc_norm.{n}": p for n, p in self.fc_norm.named_parameters()}
        return found

    def forward(self, pixels, scales):
        self.scales = scales
        if self.pool == "cls":
            return self.model(pixels).logits
        captured = {}
        hook = self.model.vit.layernorm.register_forward_pre_hook(lambda _m, args: captured.update(x=args[0]))
        self.model(pixels)
        hook.remove()
        return self.model.classifier(self.fc_norm(captured["x"][:, 1:].mean(dim=1)))


def layer(name, depth):
    if "embeddings." in name:
        return 0
    match = re.search(r"(?:encoder\.layer|layers)\.(\d+)\.", name)
    return int(match[1]) + 1 if match else depth + 1


def make(path, seed, batch, pool, **settings):
    torch.manual_seed(seed)
    depth = settings["num_hidden_layers"]
    config = ViTConfig(layer_norm_eps=1e-6, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                       num_labels=CLASSES, hidden_act="gelu", **settings)
    classifier = Classifier(ViTForImageClassification(config), pool).train()
    trained = classifier.trained()
    with torch.no_grad():
        for name, value in trained.items():
            if value.ndim == 1:
                value.copy_(0.1 * torch.randn_like(value) + (1.0 if "norm" in name and "weight" in name else 0.0))
            else:
                value.copy_(torch.randn_like(value) * 0.7 / value.flatten(1).shape[1] ** 0.5)
        grid = settings["image_size"] // settings["patch_size"]
        classifier.model.vit.embeddings.position_embeddings.copy_(positions(grid, settings["hidden_size"]))
    pixels = torch.randn(batch, settings["num_channels"], settings["image_size"], settings["image_size"])
    targets = torch.softmax(2 * torch.randn(STEPS, batch, CLASSES), dim=2)
    kept = 1 - 0.4 * torch.arange(depth) / max(1, depth - 1)
    kept = kept.repeat_interleave(2)[None, :, None]
    scales = (torch.rand(STEPS, 2 * depth, batch) < kept) / kept
    groups = []
    for name, value in trained.items():
        decays = value.ndim >= 2 and "cls_token" not in name
        groups.append({"params": [value], "weight_decay": WEIGHT_DECAY if decays else 0.0,
                       "lr": LEARNING_RATE * LAYER_DECAY ** (depth + 1 - layer(name, depth))})
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999))
    tensors = {"pixel_values": pixels, "targets": targets, "scales": scales}
    tensors |= {f"weight.{n}": v for n, v in timm_names(trained).items()}
    losses = []
    for step in range(STEPS):
        logits = classifier(pixels, scales[step])
        loss = torch.nn.functional.cross_entropy(logits, targets[step])
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            tensors["logits"] = logits
            tensors |= {f"grad.{n}": v for n, v in timm_names({n: p.grad for n, p in trained.items()}).items()}
        optimizer.step()
        losses.append(loss.item())
    tensors |= {f"after.{n}": v for n, v in timm_names(trained).items()}
    tensors["losses"] = torch.tensor(losses)
    save_file({n: v.detach().float().contiguous() for n, v in tensors.items()}, path, metadata={"format": "pt"})
    print(path.name, path.stat().st_size, losses[0], losses[-1])


if __name__ == "__main__":
    make(HERE / "classifier_cls.safetensors", 1, 3, "cls", image_size=16, patch_size=8, num_channels=3, hidden_size=32,
         num_hidden_layers=2, num_attention_heads=4, intermediate_size=128)
    make(HERE / "classifier_mean.safetensors", 2, 4, "mean", image_size=21, patch_size=7, num_channels=1, hidden_size=20,
         num_hidden_layers=3, num_attention_heads=5, intermediate_size=30)
