#!/usr/bin/env python3
"""The peer of `mae bench step` of a classifier and of `mae bench features`: PyTorch on the CPU with the Vision Transformer of
Hugging Face transformers, timed. launch/compare-peers runs it; it runs alone too, after

    pip install -r launch/peers/requirements.txt

    python launch/peers/torch_vit.py --task finetune --batch 8 --threads 2 --precision bf16 --compile
    python launch/peers/torch_vit.py --task features --batch 8 --threads 2 --compile --freeze
    torchrun --standalone --nproc-per-node 2 launch/peers/torch_vit.py --task finetune --batch 4 --threads 1

finetune: a step of training all of ViTForImageClassification. features: ViTModel's forward pass. Under torchrun the processes
average their gradients with DistributedDataParallel over gloo, or take features beside one another. Process 0 prints one JSON
object: images_per_second of all processes together, from the median of the measured steps, and its own peak_rss_mb, in units of
2^20 bytes.
"""
import argparse
import json
import os
import resource
import statistics
import time

import torch
import torch._inductor.config
import torch.distributed
import transformers

WARM_UP_STEPS = 2
PROCESSES = int(os.environ.get("WORLD_SIZE", 1))
RANK = int(os.environ.get("RANK", 0))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=["finetune", "features"], required=True)
    parser.add_argument("--batch", type=int, default=8, help="images of a step, in each process")
    parser.add_argument("--threads", type=int, default=2, help="threads of a process")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: under autocast")
    parser.add_argument(
        "--bf16-weights", action="store_true", help="features in bf16 without autocast: the whole model is in bfloat16")
    parser.add_argument("--attention", choices=["sdpa", "eager"], default="sdpa")
    parser.add_argument("--channels-last", action="store_true", help="memory format of the images and of the embedding")
    parser.add_argument("--compile", action="store_true", help="with torch.compile; eager otherwise")
    parser.add_argument("--freeze", action="store_true", help="features: compiled with weights as constants, packed")
    parser.add_argument("--steps", type=int, default=4, help="measured steps")
    return parser.parse_args()


def make_model(options):
    """ViT-B/16 at 224 x 224 pixels, nothing dropped out, 1000 classes of the cls token."""
    configuration = transformers.ViTConfig(
        image_size=224, patch_size=16, layer_norm_eps=1e-6, hidden_size=768, num_hidden_layers=12,
        num_attention_heads=12, intermediate_size=3072, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        num_labels=1000, attn_implementation=options.attention)
    if options.task == "finetune":
        model = transformers.ViTForImageClassification(configuration).train()
    else:
        model = transformers.ViTModel(configuration, add_pooling_layer=False).eval()
    return model.to(memory_format=torch.channels_last) if options.channels_last else model


def make_step(options):
    """What is timed."""
    model = make_model(options)
    pixels = torch.randn(options.batch, 3, 224, 224)
    if options.channels_last:
        pixels = pixels.to(memory_format=torch.channels_last)
    mixed = torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16" and not options.bf16_weights)
    if options.task == "features":
        if options.bf16_weights:
            model, pixels = model.to(torch.bfloat16), pixels.to(torch.bfloat16)
        if options.freeze:
            torch._inductor.config.freezing = True
        if options.compile:
            model = torch.compile(model)

        def features():
            with torch.no_grad(), mixed:
                model(pixels).last_hidden_state[:, 0].float().sum().item()

        return features
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.999), weight_decay=0.05, fused=True)
    labels = torch.randint(1000, (options.batch,))
    if options.compile:
        model = torch.compile(model)
    if PROCESSES > 1:
        model = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)

    def train():
        with mixed:
            loss = torch.nn.functional.cross_entropy(model(pixels).logits, labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    return train


def measure(options):
    """The seconds of each measured step."""
    step = make_step(options)
    for _ in range(WARM_UP_STEPS):
        step()
    seconds = []
    for _ in range(options.steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if PROCESSES > 1:
        torch.distributed.init_process_group("gloo")
    median = statistics.median(measure(options))
    if RANK == 0:
        print(json.dumps({
            "peer": f"pytorch {torch.__version__}, transformers {transformers.__version__}",
            "task": options.task, "precision": options.precision, "compile": options.compile,
            "processes": PROCESSES, "threads": options.threads, "batch_per_process": options.batch,
            "step_seconds": round(median, 3),
            "images_per_second": round(PROCESSES * options.batch / median, 3),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)
    if PROCESSES > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
