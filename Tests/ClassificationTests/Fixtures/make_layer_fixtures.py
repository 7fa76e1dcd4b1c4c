"""How timm treats the layers of a classifier: `python make_layer_fixtures.py` in this folder.

The rate and the decay of each parameter under layer-wise decay, and what a branch of each block that stays is multiplied by
where drop path leaves others out.
"""

import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "InteroperabilityTests/Live"))
import torchvision_for_cpu  # noqa: F401
import timm
from timm.optim import param_groups_layer_decay

LAYER_DECAY, WEIGHT_DECAY, DROP_PATH = 0.65, 0.05, 0.2
model = timm.create_model(
    "vit_tiny_patch16_224", img_size=8, patch_size=4, in_chans=1, embed_dim=8, depth=4, num_heads=2, num_classes=3,
    global_pool="avg", fc_norm=True, drop_path_rate=DROP_PATH)
groups = param_groups_layer_decay(
    model, weight_decay=WEIGHT_DECAY, layer_decay=LAYER_DECAY, no_weight_decay_list=model.no_weight_decay())
names = {id(value): name for name, value in model.named_parameters()}
parameters = {
    names[id(value)]: {"rateScale": group["lr_scale"], "weightDecay": group["weight_decay"]}
    for group in groups for value in group["params"]}
# The position table is a constant of ours.
del parameters["pos_embed"]
torch.manual_seed(0)
branches = [
    [float(branch.train()(torch.ones(1000, 1)).max()) for branch in (block.drop_path1, block.drop_path2)]
    for block in model.blocks]
print(timm.__version__, branches)
fixture = {
    "layerDecay": LAYER_DECAY, "weightDecay": WEIGHT_DECAY, "dropPath": DROP_PATH, "parameters": parameters,
    "branches": branches}
pathlib.Path("layers.json").write_text(json.dumps(fixture, indent=1) + "\n")
