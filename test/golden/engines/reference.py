"""Reference numbers for the engines' self-test besides the encoders: operations of the heads, the heads, and a step of the optimiser, in float64.

Inputs come from a hash of name and index that `inputs.ts` and `headInputs.ts` repeat, so that the file holds results alone. The heads are those of
`test/golden/heads`. Run: python test/golden/engines/reference.py
"""

import json
import pathlib
import runpy
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
HEADS = HERE.parent / "heads"
TARGET = HERE.parent.parent.parent / "electron/service/engines/selftest/headReference.json"
sys.path.insert(0, str(HEADS))
import golden  # noqa: E402

SAMPLES = 24


def uniform(name, shape):
    return golden.hashed(name, shape, -1, 1)


def numbers(tensor):
    """Peak and samples spread evenly, as `sampledDifference` reads them."""
    flat = tensor.detach().double().reshape(-1).numpy()
    indices = np.unique(np.round(np.linspace(0, len(flat) - 1, SAMPLES)).astype(int))
    return {"peak": float(f"{np.abs(flat).max():.9g}"), "values": [float(f"{v:.9g}") for v in flat[indices]]}


ROWS = torch.tensor([1, 1, 1, 1, 0, 1, 1, 0.0])[:, None]


def steps(count, valid):
    mask = torch.ones(2, count, 1)
    mask[1, valid:] = 0
    return mask


def conv1d(x, w, b=None):
    return F.conv1d(x.T[None], w, b, padding=w.shape[2] // 2)[0].T


def conv2d(x, w, b):
    return F.conv2d(x.T.reshape(1, -1, 3, 4), w, b, padding=1)[0].reshape(w.shape[0], 12).T


def layer_norm(x, s, b, relu):
    y = F.layer_norm(x, (x.shape[1],), s, b, 1e-6)
    return (F.relu(y) if relu else y) * ROWS


def halve(x, mask, step_mask=None):
    y = x if step_mask is None else torch.where(step_mask.bool(), x, torch.full((), -1e9))
    return F.max_pool1d(y.transpose(1, 2), 3, 2, 1).transpose(1, 2) * mask


def depthwise(x, w, b):
    return F.conv1d(x.transpose(1, 2), w, b, padding=w.shape[2] // 2, groups=w.shape[0]).transpose(1, 2)


def group_norm(x, s, b):
    mask = steps(7, 5)
    return torch.cat([
        F.pad(F.group_norm((x * mask)[i : i + 1, :n].transpose(1, 2), 4, s, b, 1e-5).transpose(1, 2), (0, 0, 0, 7 - n))
        for i, n in enumerate((7, 5))
    ])


def mean_steps(x):
    mask = steps(7, 5)
    return (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)


def grouped(w):
    o, i, k = w.shape
    dense = torch.zeros(o, 3 * i, k)
    for g in range(3):
        rows = slice(g * o // 3, (g + 1) * o // 3)
        dense[rows, g * i : (g + 1) * i] = w[rows]
    return dense


KEEP = torch.tensor([0, 1.25])[:, None, None]
CONSTANT = torch.tensor([[1, 0, 0, 0], [0, 0.5, 0.5, 0]])

OPERATIONS = {
    "conv1d": ([(8, 6), (5, 6, 3), (5,)], conv1d),
    "conv1d, kernel 1, no bias": ([(8, 6), (5, 6, 1)], conv1d),
    "conv2d": ([(12, 3), (4, 3, 3, 3), (4,)], conv2d),
    "layer norm, relu, mask": ([(8, 6), (6,), (6,)], lambda x, s, b: layer_norm(x, s, b, True)),
    "layer norm, mask": ([(8, 6), (6,), (6,)], lambda x, s, b: layer_norm(x, s, b, False)),
    "reshape": ([(8, 6)], lambda x: x.reshape(2, 4, 6)),
    "first steps": ([(2, 4, 3)], lambda x: x[:, :3]),
    "concat steps": ([(2, 4, 3), (2, 1, 3)], lambda x, y: torch.cat([x, y, x], 1)),
    "max pool": ([(2, 8, 3)], lambda x: halve(F.relu(x), steps(4, 3))),
    "max pool of any sign": ([(2, 8, 3)], lambda x: halve(x, steps(4, 3), steps(8, 5))),
    "relu": ([(8, 6)], F.relu),
    "add": ([(8, 6), (8, 6)], lambda x, y: x + y + x),
    "constant times": ([(4, 6)], lambda x: CONSTANT @ x),
    "concat columns": ([(8, 6), (8, 2)], lambda x, y: torch.cat([x, y], 1)),
    "slice rows": ([(8, 6)], lambda x: x[2:7]),
    "max of three": ([(9, 4)], lambda x: x.reshape(3, 3, 4).max(0).values),
    "grouped weights": ([(6, 2, 3)], grouped),
    "depthwise, kernel 5": ([(2, 7, 4), (4, 1, 5), (4,)], depthwise),
    "depthwise, kernel 1": ([(2, 7, 4), (4, 1, 1), (4,)], depthwise),
    "multiply": ([(2, 7, 4), (2, 7, 4)], lambda x, y: x * y),
    "multiply by gate": ([(2, 7, 4), (2, 1, 4)], lambda x, y: x * y),
    "scale channels": ([(2, 7, 4), (4,)], lambda x, s: x * s),
    "scale channels, drop path": ([(2, 7, 4), (4,)], lambda x, s: x * s * KEEP),
    "mask": ([(2, 7, 4)], lambda x: x * steps(7, 5)),
    "mean of steps": ([(2, 7, 4)], mean_steps),
    "gelu": ([(8, 6)], F.gelu),
    "group norm": ([(2, 7, 8), (8,), (8,)], group_norm),
}


def operation(name, shapes, run):
    inputs = [uniform(f"{name} {i}", shape).requires_grad_(True) for i, shape in enumerate(shapes)]
    output = run(*inputs)
    (output * uniform(f"{name} dy", tuple(output.shape))).sum().backward()
    return {"output": numbers(output), "gradients": [numbers(x.grad) for x in inputs]}


def heads():
    """Runs the heads' golden scripts and takes what they would write."""
    written = {}
    golden.write = lambda name, content: written.__setitem__(name, content)
    golden.sample = lambda tensor, *_: numbers(tensor)
    golden.pack = numbers
    for script in ("anchor_free.py", "tridet.py", "gtad.py"):
        runpy.run_path(str(HEADS / script))
    keep = ("lengths", "segments", "classification", "regression", "node", "gradients", "featureGradients", "input", "steps", "durations")
    cases = {"anchor-free": written["anchor_free.json"], "tridet": written["tridet.json"], "g-tad": written["gtad.json"]["anet"]}
    cases["g-tad thumos"] = written["gtad.json"]["thumos"]
    # The step is arithmetic of the program's own, the same for every engine: one head's is enough here.
    stepped = ("recipe", "afterStep")
    return {
        name: {key: case[key] for key in (*keep, *(stepped if name == "anchor-free" else ())) if key in case}
        for name, case in cases.items()
    }


content = {
    "torch": torch.__version__.split("+")[0],
    "operations": {name: operation(name, *case) for name, case in OPERATIONS.items()},
    "heads": heads(),
}
TARGET.write_text(json.dumps(content) + "\n")
