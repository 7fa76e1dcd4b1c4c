"""Makes torchvision importable beside a torch for CPUs.

PyPI's torchvision is built for CUDA; its operators cannot be loaded then, and it declares some of them without having
looked. Nothing here calls them: a declaration is enough. transformers and timm import torchvision.
"""
import sys

import torch

try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    operators = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
