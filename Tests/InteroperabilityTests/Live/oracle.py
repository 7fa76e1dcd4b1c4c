"""What fixtures and live comparisons share: random ViTMAE models of transformers, and their names on disk."""
import json
import pathlib
import re

import torch
from safetensors.torch import load_file, save_file
from transformers import ViTMAEConfig, ViTMAEForPreTraining

# transformers 5 has other names in memory than on disk.
ON_DISK = [
    (r"^vit\.layers\.", "vit.encoder.layer."),
    (r"^decoder\.decoder_encoder\.layer\.", "decoder.decoder_layers."),
    (r"attention\.([qkv])_proj", lambda m: "attention.attention." + {"q": "query", "k": "key", "v": "value"}[m[1]]),
    (r"attention\.o_proj", "attention.output.dense"),
    (r"mlp\.fc1", "intermediate.dense"),
    (r"mlp\.fc2", "output.dense"),
]


def on_disk(name):
    for pattern, replacement in ON_DISK:
        name = re.sub(pattern, replacement, name)
    return name


def positions(height, width, size):
    """The authors' table: sines and cosines of the column, then of the row; zeros for the cls token."""
    omega = 10_000.0 ** -(torch.arange(size // 4, dtype=torch.float64) / (size // 4))
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x.flatten()[:, None] * omega, y.flatten()[:, None] * omega
    table = torch.cat([x.sin(), x.cos(), y.sin(), y.cos()], dim=1)
    return torch.cat([torch.zeros(1, size), table])[None].float()


def make_model(seed, random_positions=False, **settings):
    """A model with weights of the size that training gives them."""
    torch.manual_seed(seed)
    settings = {"layer_norm_eps": 1e-6, **settings}
    config = ViTMAEConfig(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **settings)
    model = ViTMAEForPreTraining(config).eval()
    height, width = grid(config)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "position_embeddings" in name or "pos_embed" in name:
                # A model made from scratch may leave its position tables at zero, and knows no rectangles.
                value.copy_(0.5 * torch.randn_like(value) if random_positions else positions(height, width, value.shape[2]))
            elif value.ndim == 1:
                value.copy_(0.1 * torch.randn_like(value) + (1.0 if "norm" in name and "weight" in name else 0.0))
            else:
                value.copy_(torch.randn_like(value) * 0.7 / value.flatten(1).shape[1] ** 0.5)
    return model


def sides(size):
    return (size, size) if isinstance(size, int) else tuple(size)


def grid(config):
    height, width = sides(config.image_size)
    return height // config.patch_size, width // config.patch_size


def save(model, folder, mean=None, std=None, shards=1):
    """Writes a folder with the names that every version of transformers reads."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    tensors = {on_disk(name): value.detach().contiguous() for name, value in model.state_dict().items()}
    names = sorted(tensors)
    if shards == 1:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        index = {}
        for shard in range(shards):
            file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
            part = {name: tensors[name] for name in names[shard::shards]}
            save_file(part, folder / file, metadata={"format": "pt"})
            index |= dict.fromkeys(part, file)
        text = json.dumps({"metadata": {}, "weight_map": index}, indent=1)
        (folder / "model.safetensors.index.json").write_text(text)
    (folder / "config.json").write_text(model.config.to_json_string())
    if mean:
        (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": mean, "image_std": std}))
    return tensors


def forward(model, pixels, noise):
    """The loss with all that leads to it. Rectangles go around the one check that refuses them."""
    if pixels.shape[2] == pixels.shape[3]:
        latent = model.vit(pixels, noise=noise).last_hidden_state
        output = model(pixels, noise=noise)
        return output.loss, output.logits, output.mask, latent
    encoded = model.vit(pixels, noise=noise)
    logits = model.decoder(encoded.last_hidden_state, encoded.ids_restore).logits
    target = model.patchify(pixels, interpolate_pos_encoding=True)
    if model.config.norm_pix_loss:
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5
    error = ((logits - target) ** 2).mean(-1)
    return (error * encoded.mask).sum() / encoded.mask.sum(), logits, encoded.mask, encoded.last_hidden_state


def results(model, pixels, noise, learning_rate):
    """What `mae parity --steps` writes. `noise` is [N, B, L]."""
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained.values() if p.ndim >= 2], "weight_decay": 0.05},
         {"params": [p for p in trained.values() if p.ndim < 2], "weight_decay": 0.0}],
        lr=learning_rate, betas=(0.9, 0.95))
    out, losses = {}, []
    for step in range(noise.shape[0]):
        loss, logits, mask, latent = forward(model, pixels, noise[step])
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out |= {"loss": loss.detach(), "pred": logits.detach(), "mask": mask, "latent": latent.detach()}
            out |= {f"grad.{on_disk(n)}": p.grad.clone() for n, p in trained.items()}
        optimizer.step()
        losses.append(loss.item())
    out["losses"] = torch.tensor(losses)
    out |= {f"weight.{on_disk(n)}": p.detach().clone() for n, p in trained.items()}
    return {name: value.contiguous() for name, value in out.items()}


def distance(a, b):
    """The norm of the difference over the norm of the second."""
    a, b = a.double(), b.double()
    return ((a - b).norm() / b.norm()).item()


__all__ = ["distance", "forward", "grid", "load_file", "make_model", "on_disk", "positions", "results", "save",
           "save_file", "sides"]
