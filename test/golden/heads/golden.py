"""What the golden scripts of the heads share: numbers from a hash, and arrays in JSON.

Weights and inputs come from a hash of (name, index) that golden.ts repeats, so that only outputs need storing.
"""

import base64
import json
import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent

# In float64, so that no number hangs on how a library happens to round: with ReLUs and maxima, one rounding can switch a gradient.
torch.set_default_dtype(torch.float64)


def hashed(name: str, shape, low: float, high: float) -> torch.Tensor:
    """Uniform numbers in [low, high) that depend on name and index alone, rounded to float32."""
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
    return torch.from_numpy(values.astype(np.float32).reshape(shape).copy()).double()


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
    flat = tensor.detach().reshape(-1)
    stride = max(1, flat.numel() // count)
    return {"peak": float(flat.abs().max()), "stride": stride, "data": pack(flat[::stride])["data"]}


# The studio's recipe for heads, and the two of G-TAD's authors (method of each branch).
STUDIO = {"kind": "adamw", "learningRate": 1e-3, "weightDecay": 0.01, "clipNorm": 1.0}
GTAD_ANET = {"kind": "adam", "learningRate": 4e-3, "weightDecay": 1e-4, "clipNorm": None}
GTAD_THUMOS = {"kind": "adam", "learningRate": 4e-5, "weightDecay": 1e-4, "clipNorm": 1.0}


def take_step(model: torch.nn.Module, recipe: dict, count: int = 96) -> dict:
    """One step with the gradients that are there, and the parameters after it.

    AdamW leaves biases, norms and scales without decay, as ActionFormer does; the authors of G-TAD let Adam decay everything.
    """
    if recipe["clipNorm"] is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe["clipNorm"])
    rate, decay = recipe["learningRate"], recipe["weightDecay"]
    if recipe["kind"] == "adam":
        torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay).step()
    else:
        still = {id(p) for n, p in model.named_parameters() if n.endswith((".bias", ".scale"))}
        norms = (torch.nn.LayerNorm, torch.nn.GroupNorm)
        still |= {id(p) for m in model.modules() if isinstance(m, norms) for p in m.parameters()}
        groups = [
            {"params": [p for p in model.parameters() if id(p) not in still]},
            {"params": [p for p in model.parameters() if id(p) in still], "weight_decay": 0.0},
        ]
        torch.optim.AdamW(groups, lr=rate, weight_decay=decay).step()
    return {"recipe": recipe, "afterStep": {name: sample(p, count) for name, p in model.named_parameters()}}


def write(name: str, content: dict) -> None:
    (FOLDER / name).write_text(json.dumps(content) + "\n")
