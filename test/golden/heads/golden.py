"""What the golden scripts of the heads share: numbers from a hash, and arrays in JSON.

Weights and inputs come from a hash of (name, index) that golden.ts repeats, so that only outputs need storing.
"""

import base64
import json
import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent


def hashed(name: str, shape, low: float, high: float) -> torch.Tensor:
    """Uniform float32 numbers in [low, high) that depend on name and index alone."""
    count = int(np.prod(shape)) if len(shape) else 1
    seed = 0x811C9DC5
    for character in name:
        seed = ((seed ^ ord(character)) * 0x01000193) & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    values = low + (high - low) * (x.astype(np.float64) / 4294967296.0)
    return torch.from_numpy(values.astype(np.float32).reshape(shape).copy())


def fill(module: torch.nn.Module, scale: float = 1.0) -> None:
    """Replaces every parameter: weights in ±scale/√fan-in, norms near one, biases and vectors near zero."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(value_for(name, tuple(parameter.shape), scale))


def value_for(name: str, shape, scale: float = 1.0) -> torch.Tensor:
    if len(shape) <= 1:
        near_one = "norm" in name and name.endswith("weight") or name.endswith("scale")
        return hashed(name, shape, 0.8, 1.2) if near_one else hashed(name, shape, -0.1, 0.1)
    bound = scale / float(np.sqrt(np.prod(shape[1:])))
    return hashed(name, shape, -bound, bound)


def pack(tensor) -> dict:
    array = np.ascontiguousarray(torch.as_tensor(tensor).detach().float().numpy())
    return {"shape": list(array.shape), "data": base64.b64encode(array.astype("<f4").tobytes()).decode()}


def sample(tensor, count: int = 96) -> dict:
    """Peak and evenly spread elements of a large tensor."""
    flat = tensor.detach().float().reshape(-1)
    stride = max(1, flat.numel() // count)
    return {"peak": float(flat.abs().max()), "stride": stride, "data": pack(flat[::stride])["data"]}


def write(name: str, content: dict) -> None:
    (FOLDER / name).write_text(json.dumps(content) + "\n")
