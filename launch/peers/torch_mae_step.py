#!/usr/bin/env python3
"""The peer of `mae bench step`: one pre-training step of PyTorch on the CPU, with the masked autoencoder of Hugging Face
transformers, timed. launch/compare-peers runs it; it runs alone too, after

    pip install -r launch/peers/requirements.txt

    python launch/peers/torch_mae_step.py --model base --batch 8 --threads 2 --precision bf16 --compile
    torchrun --standalone --nproc-per-node 2 launch/peers/torch_mae_step.py --batch 8 --threads 1

Under torchrun the processes average their gradients with DistributedDataParallel over gloo. Process 0 prints one JSON
object: images_per_second of all processes together, from the median of the measured steps, and its own peak_rss_mb, in
units of 2^20 bytes.
"""
import argparse
import json
import os
import resource
import statistics
import time

import torch
import torch.distributed
import transformers

# Of each model: the image's side and the patch's, then width, depth and heads of the encoder and of the decoder.
MODELS = {
    "tiny32": (32, 4, (192, 12, 3), (128, 4, 4)),
    "base": (224, 16, (768, 12, 12), (512, 8, 16)),
    "large": (224, 16, (1024, 24, 16), (512, 8, 16)),
}
WARM_UP_STEPS = 2
PROCESSES = int(os.environ.get("WORLD_SIZE", 1))
RANK = int(os.environ.get("RANK", 0))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="base")
    parser.add_argument("--batch", type=int, default=8, help="images of a step, in each process")
    parser.add_argument("--threads", type=int, default=2, help="threads of a process")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="bf16: under autocast")
    parser.add_argument("--compile", action="store_true", help="with torch.compile; eager otherwise")
    parser.add_argument("--steps", type=int, default=4, help="measured steps")
    return parser.parse_args()


def make_model(name):
    """He et al. 2022: three quarters of the patches removed, targets normalised patch by patch, nothing dropped out."""
    side, patch, (width, depth, heads), (decoder_width, decoder_depth, decoder_heads) = MODELS[name]
    configuration = transformers.ViTMAEConfig(
        image_size=side, patch_size=patch, mask_ratio=0.75, norm_pix_loss=True, layer_norm_eps=1e-6,
        hidden_size=width, num_hidden_layers=depth, num_attention_heads=heads, intermediate_size=4 * width,
        decoder_hidden_size=decoder_width, decoder_num_hidden_layers=decoder_depth,
        decoder_num_attention_heads=decoder_heads, decoder_intermediate_size=4 * decoder_width,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return transformers.ViTMAEForPreTraining(configuration).train(), torch.Size((3, side, side))


def measure(options):
    """The seconds of each measured step."""
    model, image = make_model(options.model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.05, fused=True)
    if options.compile:
        model = torch.compile(model)
    if PROCESSES > 1:
        model = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
    pixels = torch.randn(options.batch, *image)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16"):
            loss = model(pixels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

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
            "model": options.model, "precision": options.precision, "compile": options.compile,
            "processes": PROCESSES, "threads": options.threads, "batch_per_process": options.batch,
            "step_seconds": round(median, 3),
            "images_per_second": round(PROCESSES * options.batch / median, 3),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)
    if PROCESSES > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
