"""Checkpoint files as PyTorch writes them, tiny, for core/model/weights.

Run: python reference.py  (writes the files beside it). Needs torch, torchvision, safetensors, numpy.
"""
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent


def tensors():
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(4, 6, generator=generator)
    return OrderedDict(
        [
            ("module.base_model.conv1.weight", torch.randn(2, 3, 3, 3, generator=generator)),
            ("module.base_model.bn1.num_batches_tracked", torch.tensor(1234567890123)),
            ("module.base_model.layer1.0.conv1.net.weight", torch.nn.Parameter(base.t())),
            ("view", base[1:3, ::2]),
            ("half", torch.tensor([1.5, -2.25, 65504.0, 6e-8], dtype=torch.float16)),
            ("bfloat16", torch.tensor([1.5, -3e38], dtype=torch.bfloat16)),
            ("double", torch.tensor([[0.1]], dtype=torch.float64)),
            ("bool", torch.tensor([True, False, True])),
            ("uint8", torch.arange(5, dtype=torch.uint8)),
            ("int32", torch.tensor([-1, 2], dtype=torch.int32)),
            ("scalar", torch.tensor(0.25)),
            ("empty", torch.zeros(0, 3)),
        ]
    )


class Opens:
    def __reduce__(self):
        return (os.system, ("echo this must never be printed > /tmp/lofi-was-run",))


def main():
    state = tensors()
    wrapped = {
        "epoch": 7,
        "arch": "resnet50",
        "best_prec1": torch.tensor(74.1),
        "lr": np.float64(0.02),
        "state_dict": state,
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    }
    torch.save(state, HERE / "plain.pth")
    torch.save(wrapped, HERE / "wrapped.pth.tar")
    torch.save(wrapped, HERE / "legacy.pth.tar", _use_new_zipfile_serialization=False)
    save_file({k: v.detach().clone().contiguous() for k, v in state.items()}, HERE / "plain.safetensors", metadata={"format": "pt"})
    torch.save({"state_dict": state, "hook": Opens()}, HERE / "runs-code.pth")
    torch.save({"state_dict": state, "hook": Opens()}, HERE / "runs-code-legacy.pth", _use_new_zipfile_serialization=False)
    (HERE / "runs-code.pkl").write_bytes(pickle.dumps(Opens(), protocol=4))
    with zipfile.ZipFile(HERE / "plain.pth") as source, zipfile.ZipFile(HERE / "deflated.pth", "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    values = {
        name: {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "values": t.detach().double().flatten().tolist()}
        for name, t in state.items()
    }
    (HERE / "values.json").write_text(json.dumps(values) + "\n", encoding="utf-8")
    np.save(HERE / "float32.npy", np.arange(6, dtype=np.float32).reshape(2, 3) / 4)
    np.save(HERE / "fortran.npy", np.asfortranarray(np.arange(24, dtype=np.int64).reshape(2, 3, 4)))
    np.save(HERE / "bigendian.npy", np.array([1.5, -2.5], dtype=">f8"))
    np.save(HERE / "scalar.npy", np.float32(0.5))


if __name__ == "__main__":
    main()
