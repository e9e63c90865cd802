"""The PyTorch peer of `bench step` and `bench extract`: the same encoder, shapes and frozen batch norm.

    python test/bench/torch_step.py tsm-resnet18 8 112 step

Get it with `pip install torch torchvision`. Frames come with channels last, so PyTorch keeps its faster layout all the way.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden", "encoder"))

import torch

import encoders
import torch_peer

IMAGENET = dict(block="basic", widths=[64, 128, 256, 512], stem="imagenet", framesPerSnippet=8, shiftDivision=8)
SPECS = {
    "small": dict(IMAGENET, family="tsm-resnet", blocks=[1, 1, 2, 1], widths=[16, 32, 64, 128], stem="small"),
    "tsm-resnet18": dict(IMAGENET, family="tsm-resnet", blocks=[2, 2, 2, 2]),
    "tsm-resnet34": dict(IMAGENET, family="tsm-resnet", blocks=[3, 4, 6, 3]),
    "tsm-resnet50": dict(IMAGENET, family="tsm-resnet", block="bottleneck", blocks=[3, 4, 6, 3]),
    "resnet18": dict(IMAGENET, family="resnet", blocks=[2, 2, 2, 2]),
    "resnet50": dict(IMAGENET, family="resnet", block="bottleneck", blocks=[3, 4, 6, 3]),
    "r2plus1d-18": dict(IMAGENET, family="r2plus1d", blocks=[2, 2, 2, 2]),
}

name, snippets, side, work = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(os.cpu_count())
spec = SPECS[name]
model = encoders.build(spec).eval()
frames = torch.randint(0, 256, (snippets, 8, side, side, 3), dtype=torch.uint8)


def step():
    model.zero_grad()
    value = encoders.features(model, spec, frames)
    (value * torch.ones_like(value)).sum().backward()


def extract():
    with torch.inference_mode():
        encoders.features(model, spec, frames)


torch_peer.serve(step if work == "step" else extract)
