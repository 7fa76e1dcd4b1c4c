"""What fixtures and live comparisons of classifiers share: random classifiers of transformers and timm, and folders of
them as their users have them."""
import functools
import json
import pathlib
import re

import torch
from timm.models.vision_transformer import VisionTransformer
from transformers import ViTConfig, ViTForImageClassification

from oracle import on_disk, positions, save_file, sides


def fill(model, patches_down, patches_across):
    """Weights of the size that training gives them, and the sine-cosine positions."""
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "position_embeddings" in name or "pos_embed" in name:
                value.copy_(positions(patches_down, patches_across, value.shape[2]))
            elif value.ndim == 1:
                value.copy_(0.1 * torch.randn_like(value) + (1.0 if "norm" in name and "weight" in name else 0.0))
            else:
                value.copy_(torch.randn_like(value) * 0.7 / value.flatten(1).shape[1] ** 0.5)
    return model.eval()


def make_hf(seed, names, *, image_size, patch_size, channels, width, depth, heads, hidden, classes, layer_norm_eps=1e-6):
    torch.manual_seed(seed)
    config = ViTConfig(
        image_size=image_size, patch_size=patch_size, num_channels=channels, hidden_size=width, num_hidden_layers=depth,
        num_attention_heads=heads, intermediate_size=hidden, layer_norm_eps=layer_norm_eps, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)})
    height, side = sides(image_size)
    return fill(ViTForImageClassification(config), height // patch_size, side // patch_size)


def make_timm(seed, pool, *, image_size, patch_size, channels, width, depth, heads, hidden, classes, layer_norm_eps=1e-6):
    torch.manual_seed(seed)
    height, side = sides(image_size)
    model = VisionTransformer(
        img_size=sides(image_size), patch_size=patch_size, in_chans=channels, num_classes=classes, embed_dim=width,
        depth=depth, num_heads=heads, mlp_ratio=(hidden + 1e-9) / width, global_pool=pool,
        norm_layer=functools.partial(torch.nn.LayerNorm, eps=layer_norm_eps))
    return fill(model, height // patch_size, side // patch_size)


def save_hf(model, folder, mean, std):
    """Writes a folder with the names that every version of transformers reads."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    tensors = {on_disk(name): value.detach().contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(model.config.to_json_string())
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": mean, "image_std": std}))
    return tensors


def save_timm(model, folder, pool, names, *, image_size, patch_size, channels, width, depth, heads, hidden, classes):
    """Writes a folder as timm's `push_to_hf_hub` does."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "architecture": "vit_base_patch16_224", "num_classes": classes, "num_features": width, "global_pool": pool,
        "model_args": {"img_size": image_size, "patch_size": patch_size, "in_chans": channels, "embed_dim": width,
                       "depth": depth, "num_heads": heads, "mlp_ratio": (hidden + 1e-9) / width, "global_pool": pool},
        "pretrained_cfg": {"input_size": [channels, *sides(image_size)], "mean": [0.5] * channels,
                           "std": [0.25] * channels, "num_classes": classes, "first_conv": "patch_embed.proj",
                           "classifier": "head"}}
    if names:
        config["label_names"] = names
    (folder / "config.json").write_text(json.dumps(config))
    return tensors


# timm's names in transformers' words, which has query, key and value apart.
IN_HF = [
    (r"^blocks\.", "vit.encoder.layer."), (r"norm1", "layernorm_before"), (r"norm2", "layernorm_after"),
    (r"attn\.proj", "attention.output.dense"), (r"mlp\.fc1", "intermediate.dense"), (r"mlp\.fc2", "output.dense"),
    (r"^norm\.", "vit.layernorm."), (r"^head\.", "classifier."), (r"^cls_token", "vit.embeddings.cls_token"),
    (r"^patch_embed\.proj", "vit.embeddings.patch_embeddings.projection"),
]


def in_hf(name, value):
    """The names and parts that transformers has for one of timm's tensors."""
    for pattern, replacement in IN_HF:
        name = re.sub(pattern, replacement, name)
    if "attn.qkv" not in name:
        return {name: value}
    parts = zip(("query", "key", "value"), value.chunk(3))
    return {name.replace("attn.qkv", f"attention.attention.{part}"): rows for part, rows in parts}


def logits_of(model, pixels):
    out = model(pixels)
    return out.logits if hasattr(out, "logits") else out


def results(model, pixels, labels):
    """What `mae parity` writes of a classifier: transformers' names where it classifies by the cls token."""
    model.zero_grad()
    logits = logits_of(model, pixels)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    gradients = {}
    for name, parameter in model.named_parameters():
        if "pos" in name:
            continue
        if hasattr(model, "vit"):
            named = {on_disk(name): parameter.grad}
        else:
            named = in_hf(name, parameter.grad) if model.global_pool == "token" else {name: parameter.grad}
        gradients |= {f"grad.{key}": value.clone() for key, value in named.items()}
    return {"logits": logits.detach().contiguous(), "loss": loss.detach()} | gradients
