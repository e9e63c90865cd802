"""Goldens of optimisers and schedules, from PyTorch. Run: python test/golden/optimisers/optimisers.py"""
import json
import os

import torch

torch.manual_seed(0)
START = torch.randn(2, 3, dtype=torch.float64).float()
GRADIENTS = [torch.randn(2, 3) for _ in range(6)]


def run(make):
    parameter = torch.nn.Parameter(START.clone())
    optimiser = make([parameter])
    states = []
    for gradient in GRADIENTS:
        parameter.grad = gradient.clone()
        optimiser.step()
        states.append(parameter.detach().flatten().tolist())
    return states


def one_cycle(steps, peak):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, cycle_momentum=False)
    rates = []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step() if len(rates) < steps else None
    return rates


clipped = torch.nn.Parameter(START.clone())
clipped.grad = GRADIENTS[0].clone()
norm = torch.nn.utils.clip_grad_norm_([clipped], 0.5).item()
golden = {
    'start': START.flatten().tolist(),
    'gradients': [g.flatten().tolist() for g in GRADIENTS],
    'sgd': run(lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=1e-4)),
    'momentum': run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-2)),
    'adam': run(lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=1e-2)),
    'adamw': run(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.05)),
    'oneCycle': one_cycle(20, 4e-3),
    'clip': {'norm': norm, 'gradient': clipped.grad.flatten().tolist()},
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'optimisers.json')
with open(path, 'w') as file:
    json.dump(golden, file, indent=1)
