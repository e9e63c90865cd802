"""Golden data of the anchor-free head: forward, losses, gradients and one AdamW step, in plain PyTorch.

ActionFormer's head on TemporalMaxer's pyramid as method.md 5.3 specifies it; masked once more after norm and ReLU.
Run: python test/golden/heads/anchor_free.py
"""

import torch
import torch.nn.functional as F
from torch import nn

from golden import STUDIO, fill, hashed, pack, sample, take_step, write
from pyramid import Block, Scale, focal, targets_of

B, T, C, WIDTH, LEVELS, CLASSES = 2, 32, 12, 16, 4, 3
LENGTHS = [32, 21]
SEGMENTS = [
    [(2.3, 6.1, 0), (5.0, 17.5, 1), (20.25, 30.75, 2), (20.25, 30.75, 0), (24.0, 27.0, -1)],
    [(0.0, 20.5, 2), (3.2, 5.4, 1), (12.0, 16.0, 0)],
]
RANGES = [(0, 4), (4, 8), (8, 16), (16, float("inf"))]


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.projection = nn.Module()
        self.projection.embed = nn.ModuleList([Block(C, WIDTH), Block(WIDTH, WIDTH)])
        self.neck = nn.Module()
        self.neck.fpn_norms = nn.ModuleList([nn.LayerNorm(WIDTH, eps=1e-6) for _ in range(LEVELS)])
        head = self.rpn_head = nn.Module()
        head.cls_convs = nn.ModuleList([Block(WIDTH, WIDTH) for _ in range(2)])
        head.reg_convs = nn.ModuleList([Block(WIDTH, WIDTH) for _ in range(2)])
        head.cls_head = nn.Conv1d(WIDTH, CLASSES, 3, padding=1)
        head.reg_head = nn.Conv1d(WIDTH, 2, 3, padding=1)
        head.scale = nn.ModuleList([Scale() for _ in range(LEVELS)])

    def forward(self, x, mask):
        levels = []
        for block in self.projection.embed:
            x = block(x, mask)
        for level in range(LEVELS):
            if level:
                mask = mask[:, :, ::2]
                x = F.max_pool1d(x, 3, 2, 1) * mask
            cls = self.neck.fpn_norms[level](x.transpose(1, 2)).transpose(1, 2) * mask
            reg = cls
            for block in self.rpn_head.cls_convs:
                cls = block(cls, mask)
            for block in self.rpn_head.reg_convs:
                reg = block(reg, mask)
            logits = self.rpn_head.cls_head(cls)
            offsets = F.relu(self.rpn_head.reg_head(reg) * self.rpn_head.scale[level].scale)
            levels.append((logits, offsets, mask))
        return levels


def diou(pred, target):
    overlap = torch.minimum(pred, target).sum(-1)
    union = pred.sum(-1) + target.sum(-1) - overlap
    enclosing = torch.maximum(pred, target).sum(-1)
    rho = 0.5 * (pred[:, 1] - pred[:, 0] - target[:, 1] + target[:, 0])
    return (1 - overlap / union.clamp(min=1e-8) + (rho / enclosing.clamp(min=1e-8)) ** 2).sum()


def main():
    torch.manual_seed(0)
    model = Head()
    fill(model, 2.0)
    features = hashed("features", (B, T, C), -1, 1)
    mask = torch.zeros(B, 1, T)
    for item, length in enumerate(LENGTHS):
        mask[item, :, :length] = 1
    x = (features.transpose(1, 2) * mask).detach().requires_grad_(True)
    levels = model(x, mask)
    cls_sum, reg_sum, positives = 0, 0, 0
    for level, (logits, offsets, level_mask) in enumerate(levels):
        stride = 2**level
        points = torch.arange(logits.shape[-1], dtype=torch.float64) * stride + 0.5
        for item in range(B):
            valid = level_mask[item, 0] > 0
            onehot, regs, positive, ignored = targets_of(points, stride, *RANGES[level], SEGMENTS[item], CLASSES)
            cls_sum = cls_sum + focal(logits[item].T[valid & ~ignored], onehot[valid & ~ignored]).sum()
            take = positive & valid
            reg_sum = reg_sum + diou(offsets[item].T[take], regs[take])
            positives += int(take.sum())
    normaliser = 0.9 * 100 + 0.1 * max(positives, 1)
    loss = (cls_sum + reg_sum) / normaliser
    loss.backward()
    content = {
        "lengths": LENGTHS,
        "segments": [[{"start": s, "end": e, "classIndex": c} for s, e, c in item] for item in SEGMENTS],
        "positives": positives,
        "normaliser": normaliser,
        "classification": float(cls_sum.detach() / normaliser),
        "regression": float(reg_sum.detach() / normaliser),
        "logits": [pack((logits * m).transpose(1, 2)) for logits, _, m in levels],
        "offsets": [pack((offsets * m).transpose(1, 2)) for _, offsets, m in levels],
        "featureGradients": pack((x.grad * mask).transpose(1, 2)),
        "gradients": {name: sample(p.grad) for name, p in model.named_parameters()},
    }
    content |= take_step(model, STUDIO)
    with torch.no_grad():
        after = model(x, mask)
    content["logitsAfter"] = [pack((logits * m).transpose(1, 2)) for logits, _, m in after]
    content["offsetsAfter"] = [pack((offsets * m).transpose(1, 2)) for _, offsets, m in after]
    write("anchor_free.json", content)
    print(positives, content["classification"], content["regression"])


main()
