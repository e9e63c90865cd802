"""Writes reference.json: features and gradients of small encoders in float64 PyTorch, for test/golden/encoder.

    python test/golden/encoder/reference.py

Parameters, frames and dL/dfeatures come from an integer hash that `electron/service/engines/selftest/inputs.ts` repeats, so that only results are stored: all features,
and of each gradient its peak and samples spread evenly over the tensor.
"""
import json
import os

import numpy as np
import torch

import encoders

torch.set_default_dtype(torch.float64)
encoders.MEAN = encoders.MEAN.double()
encoders.DEVIATION = encoders.DEVIATION.double()

SAMPLES = 24
SELF_TEST = ["small-odd", "resnet"]
SMALL = dict(family="tsm-resnet", block="basic", blocks=[1, 1, 2, 1], widths=[16, 32, 64, 128], stem="small",
             framesPerSnippet=8, shiftDivision=8, featureChannels=128)
CASES = {
    "small": (SMALL, [2, 8, 32, 32]),
    "small-odd": ({**SMALL, "blocks": [1, 1], "widths": [16, 24], "featureChannels": 24}, [3, 8, 21, 27]),
    "tsm-resnet18": ({**SMALL, "blocks": [2, 2, 2, 2], "widths": [64, 128, 256, 512], "stem": "imagenet",
                      "featureChannels": 512}, [2, 8, 36, 32]),
    "bottleneck": ({**SMALL, "block": "bottleneck", "blocks": [2, 1, 1], "widths": [8, 16, 24], "stem": "imagenet",
                    "featureChannels": 96}, [2, 8, 38, 42]),
    "resnet": ({**SMALL, "family": "resnet", "blocks": [1, 2], "widths": [8, 16], "stem": "imagenet",
                "featureChannels": 16}, [2, 4, 30, 28]),
    "r2plus1d": ({**SMALL, "family": "r2plus1d", "blocks": [1, 1, 1], "widths": [8, 16, 24], "stem": "imagenet",
                  "featureChannels": 24}, [2, 8, 24, 28]),
}


def hash_uniform(name, count):
    """Numbers in [-1, 1) from the name and the index."""
    seed = np.uint32(0x811C9DC5)
    with np.errstate(over="ignore"):
        for character in name:
            seed = np.uint32((int(seed) ^ ord(character)) * 0x01000193 & 0xFFFFFFFF)
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + seed
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2147483648 - 1


def start_value(name, tensor):
    u = torch.from_numpy(hash_uniform(name, tensor.numel())).view(tensor.shape)
    if name.endswith("running_mean") or name.endswith(".bias"):
        value = 0.2 * u
    elif name.endswith("running_var"):
        value = 1 + 0.5 * u
    elif tensor.dim() == 1:
        value = 1 + 0.3 * u
    else:
        value = u * np.sqrt(6 / (tensor.numel() / tensor.shape[0]))
    return value.float().double()


def sample(tensor):
    flat = tensor.reshape(-1)
    index = np.unique(np.linspace(0, flat.numel() - 1, SAMPLES).round().astype(int))
    return [float(f"{v:.8g}") for v in flat[index].tolist()]


def rounded(values):
    return [float(f"{v:.9g}") for v in values]


def run(spec, shape, trained):
    model = encoders.build(spec)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dtype.is_floating_point:
                tensor.copy_(start_value(name, tensor))
    model.train(trained)
    frames = torch.from_numpy((hash_uniform("frames", int(np.prod(shape)) * 3) * 128 + 128).astype(np.uint8))
    frames = frames.view(*shape, 3)
    value = encoders.features(model, spec, frames)
    d = torch.from_numpy(hash_uniform("featureGradients", value.numel())).view(value.shape).float().double()
    (value * d).sum().backward()
    gradients = {n: {"peak": float(f"{p.grad.abs().max().item():.8g}"), "values": sample(p.grad)}
                 for n, p in model.named_parameters()}
    result = {"features": rounded(value.reshape(-1).tolist()), "gradients": gradients}
    if trained:
        result["running"] = {n: {"peak": float(f"{b.abs().max().item():.8g}"), "values": sample(b)}
                             for n, b in model.named_buffers() if b.dtype.is_floating_point}
    return result


def main():
    out = {}
    for name, (spec, shape) in CASES.items():
        out[name] = {"spec": spec, "shape": shape, "frozen": run(spec, shape, False), "trained": run(spec, shape, True)}
    here = os.path.dirname(os.path.abspath(__file__))
    write(os.path.join(here, "reference.json"), out)
    # The self-test of engines ships a few of them.
    engines = os.path.join(here, "..", "..", "..", "electron", "service", "engines")
    write(os.path.join(engines, "selftest", "reference.json"), {name: out[name] for name in SELF_TEST})


def write(path, cases):
    with open(path, "w") as file:
        json.dump({"torch": torch.__version__.split("+")[0], "samples": SAMPLES, "cases": cases}, file)
        file.write("\n")


main()
