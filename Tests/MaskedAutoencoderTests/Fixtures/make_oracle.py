#!/usr/bin/env python3
"""Makes the oracle fixtures beside this file with an implementation that this project did not write:
transformers' ViTMAEForPreTraining and torch's AdamW.

Needs: pip install torch transformers safetensors
Run:   python3 make_oracle.py

Each file holds random weights, a batch, the noise of each step, the first loss with all its gradients, and the
losses and weights of ten AdamW steps at a constant learning rate. Names are those of the authors' checkpoints.
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import ViTMAEConfig, ViTMAEForPreTraining

HERE = pathlib.Path(__file__).parent
STEPS, LEARNING_RATE = 10, 1e-3

BLOCK = {
    "layernorm_before": "norm1", "layernorm_after": "norm2",
    "attention.output.dense": "attn.proj", "attention.o_proj": "attn.proj",
    "intermediate.dense": "mlp.fc1", "mlp.fc1": "mlp.fc1",
    "output.dense": "mlp.fc2", "mlp.fc2": "mlp.fc2",
}
QKV = {"query": 0, "key": 1, "value": 2, "q_proj": 0, "k_proj": 1, "v_proj": 2}


def authors_names(tensors):
    """Renames and joins {HF module name: tensor} to the authors' names."""
    out, parts = {}, {}
    for name, value in tensors.items():
        name = name.replace("vit.embeddings.patch_embeddings.projection", "patch_embed.proj")
        name = name.replace("vit.embeddings.cls_token", "cls_token").replace("vit.layernorm", "norm")
        name = name.replace("vit.encoder.layer.", "blocks.").replace("vit.layers.", "blocks.")
        name = name.replace("decoder.decoder_layers.", "decoder_blocks.").replace("decoder.layers.", "decoder_blocks.")
        if "position_embeddings" in name or "pos_embed" in name:
            continue
        if not name.startswith(("blocks.", "decoder_blocks.")):
            out[name.removeprefix("decoder.")] = value
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


def make(path, seed, batch, **settings):
    torch.manual_seed(seed)
    config = ViTMAEConfig(
        layer_norm_eps=1e-6, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **settings)
    model = ViTMAEForPreTraining(config).train()
    grid = settings["image_size"] // settings["patch_size"]
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "position_embeddings" in name or "pos_embed" in name:
                continue
            if value.ndim == 1:
                value.copy_(0.1 * torch.randn_like(value) + (1.0 if "norm" in name and "weight" in name else 0.0))
            else:
                value.copy_(torch.randn_like(value) * 0.7 / value.flatten(1).shape[1] ** 0.5)
        # A model made from scratch may leave its position tables at zero.
        model.vit.embeddings.position_embeddings.copy_(positions(grid, settings["hidden_size"]))
        model.decoder.decoder_pos_embed.copy_(positions(grid, settings["decoder_hidden_size"]))
    pixels = torch.randn(batch, settings["num_channels"], settings["image_size"], settings["image_size"])
    noise = torch.rand(STEPS, batch, grid * grid)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained if p.ndim >= 2], "weight_decay": 0.05},
         {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0}],
        lr=LEARNING_RATE, betas=(0.9, 0.95))
    tensors = {"pixel_values": pixels, "noise": noise}
    named = dict((n, p) for n, p in model.named_parameters() if p.requires_grad)
    tensors |= {f"weight.{n}": v for n, v in authors_names(named).items()}
    losses = []
    for step in range(STEPS):
        loss = model(pixels, noise=noise[step]).loss
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            tensors |= {f"grad.{n}": v for n, v in authors_names({n: p.grad for n, p in named.items()}).items()}
        optimizer.step()
        losses.append(loss.item())
    tensors |= {f"after.{n}": v for n, v in authors_names(named).items()}
    tensors["losses"] = torch.tensor(losses)
    save_file({name: value.contiguous() for name, value in tensors.items()}, path, metadata={"format": "pt"})
    print(path.name, path.stat().st_size, losses[0], losses[-1])


make(HERE / "oracle_rgb.safetensors", 1, 3, image_size=32, patch_size=8, num_channels=3, hidden_size=32,
     num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, decoder_hidden_size=24,
     decoder_num_hidden_layers=2, decoder_num_attention_heads=2, decoder_intermediate_size=96,
     mask_ratio=0.75, norm_pix_loss=True)
make(HERE / "oracle_grey.safetensors", 2, 2, image_size=35, patch_size=7, num_channels=1, hidden_size=40,
     num_hidden_layers=3, num_attention_heads=5, intermediate_size=80, decoder_hidden_size=16,
     decoder_num_hidden_layers=1, decoder_num_attention_heads=4, decoder_intermediate_size=64,
     mask_ratio=0.6, norm_pix_loss=False)
