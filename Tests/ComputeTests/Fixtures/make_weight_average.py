#!/usr/bin/env python3
"""Writes weight_average.txt beside this file: what timm's ModelEmaV3 makes of weights that change from step to step. Needs torch
and timm (made with torch 2.13.0 and timm 1.0.31). Floats are written as the bits of binary32, hexadecimal; a line for each
decay, with its first weights; then for each step a line of weights and a line of averages."""
from pathlib import Path

import torch
from timm.utils import ModelEmaV3

COUNT, STEPS, DECAYS = 37, 12, [0.9998, 0.75, 0.25, 0.0]


def bits(values):
    return " ".join(f"{value & 0xffffffff:08x}" for value in values.view(torch.int32).tolist())


class Weights(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.values = torch.nn.Parameter(torch.zeros(COUNT))


torch.manual_seed(0)
lines = []
for decay in DECAYS:
    model = Weights()
    with torch.no_grad():
        model.values.copy_(torch.randn(COUNT) * torch.logspace(-6, 3, COUNT))
    average = ModelEmaV3(model, decay=decay)
    lines.append(f"{decay} {bits(model.values.detach())}")
    for _ in range(STEPS):
        with torch.no_grad():
            model.values.mul_(0.9).add_(torch.randn(COUNT) * torch.logspace(-6, 3, COUNT))
        average.update(model)
        lines += [bits(model.values.detach()), bits(average.module.values.detach())]
Path(__file__).with_name("weight_average.txt").write_text("\n".join(lines) + "\n")
