"""Golden data of TriDet: forward, losses, gradients and one optimiser step in plain PyTorch, as method.md 5.3 specifies it (no stochastic depth, full length).

Run: python test/golden/heads/tridet.py
"""

import torch
import torch.nn.functional as F
from torch import nn

from golden import STUDIO, fill, hashed, pack, sample, take_step, write
from pyramid import Block, Scale, focal, targets_of

B, T, C, WIDTH, LEVELS, CLASSES, BINS, HIDDEN = 2, 32, 12, 32, 3, 3, 16, 48
SEGMENTS = [
    [(2.3, 6.1, 0), (5.0, 17.5, 1), (20.25, 30.75, 2), (20.25, 30.75, 0), (24.0, 27.0, -1)],
    [(0.0, 20.5, 2), (3.2, 5.4, 1), (12.0, 16.0, 0), (22.0, 31.0, 1)],
]
RANGES = [(0, 4), (4, 8), (8, float("inf"))]


class PathScale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(WIDTH))


class SGP(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride
        self.ln = nn.LayerNorm(WIDTH)
        self.gn = nn.GroupNorm(16, WIDTH)
        depthwise = lambda k: nn.Conv1d(WIDTH, WIDTH, k, padding=k // 2, groups=WIDTH)
        self.psi, self.fc, self.convw, self.convkw, self.global_fc = (depthwise(k) for k in (3, 1, 3, 21, 1))
        self.mlp = nn.Sequential(nn.Conv1d(WIDTH, HIDDEN, 1), nn.GELU(), nn.Conv1d(HIDDEN, WIDTH, 1))
        self.drop_path_out, self.drop_path_mlp = PathScale(), PathScale()

    def forward(self, x):
        if self.stride == 2:
            x = F.max_pool1d(x, 3, 2, 1)
        out = self.ln(x.transpose(1, 2)).transpose(1, 2)
        phi = F.relu(self.global_fc(out.mean(-1, keepdim=True)))
        out = self.fc(out) * phi + (self.convw(out) + self.convkw(out)) * self.psi(out) + out
        out = x + self.drop_path_out.scale[:, None] * out
        return out + self.drop_path_mlp.scale[:, None] * self.mlp(self.gn(out))


class TriDet(nn.Module):
    def __init__(self):
        super().__init__()
        self.projection = nn.Module()
        self.projection.embed = nn.ModuleList([Block(C, WIDTH), Block(WIDTH, WIDTH)])
        self.projection.stem = nn.ModuleList([SGP(1)])
        self.projection.branch = nn.ModuleList([SGP(2) for _ in range(LEVELS - 1)])
        self.neck = nn.Module()
        self.neck.fpn_norms = nn.ModuleList([nn.LayerNorm(WIDTH, eps=1e-6) for _ in range(LEVELS)])
        head = self.rpn_head = nn.Module()
        for name in ("cls", "reg", "cls_start", "cls_end"):
            setattr(head, f"{name}_convs", nn.ModuleList([Block(WIDTH, WIDTH) for _ in range(2)]))
            setattr(head, f"{name}_head", nn.Conv1d(WIDTH, 2 * (BINS + 1) if name == "reg" else CLASSES, 3, padding=1))
        head.scale = nn.ModuleList([Scale() for _ in range(LEVELS)])

    def forward(self, x):
        one = torch.ones(1)
        for block in self.projection.embed:
            x = block(x, one)
        x = self.projection.stem[0](x)
        features = [x]
        for block in self.projection.branch:
            x = block(x)
            features.append(x)
        levels = []
        for level, x in enumerate(features):
            x = self.neck.fpn_norms[level](x.transpose(1, 2)).transpose(1, 2)
            outs = {}
            for name in ("cls", "reg", "cls_start", "cls_end"):
                y = x.detach() if name.startswith("cls_") else x
                for block in getattr(self.rpn_head, f"{name}_convs"):
                    y = block(y, one)
                outs[name] = getattr(self.rpn_head, f"{name}_head")(y)
            outs["reg"] = F.relu(outs["reg"] * self.rpn_head.scale[level].scale)
            levels.append(outs)
        return levels


def decode(outs):
    """[B, T, K, 2] in strides."""
    left_bins = F.pad(outs["cls_start"], (BINS, 0)).unfold(2, BINS + 1, 1).permute(0, 2, 1, 3)
    right_bins = F.pad(outs["cls_end"], (0, BINS)).unfold(2, BINS + 1, 1).permute(0, 2, 1, 3)
    own = outs["reg"].transpose(1, 2)[:, :, None]
    distance = torch.arange(BINS + 1.0)
    left = (torch.softmax(left_bins + own[..., : BINS + 1], -1) * distance.flip(0)).sum(-1)
    right = (torch.softmax(right_bins + own[..., BINS + 1 :], -1) * distance).sum(-1)
    return torch.stack([left, right], -1)


def diou(pred, target):
    overlap = torch.minimum(pred, target).sum(-1)
    union = pred.sum(-1) + target.sum(-1) - overlap
    enclosing = torch.maximum(pred, target).sum(-1)
    rho = 0.5 * (pred[:, 1] - pred[:, 0] - target[:, 1] + target[:, 0])
    return 1 - overlap / union + (rho / enclosing) ** 2, overlap / union


def main():
    model = TriDet()
    fill(model, 2.0)
    x = hashed("features", (B, T, C), -1, 1).transpose(1, 2).clone().requires_grad_(True)
    levels = model(x)
    cls_sum, reg_sum, positives = 0, 0, 0
    decoded = [decode(outs) for outs in levels]
    for level, outs in enumerate(levels):
        points = torch.arange(T // 2**level, dtype=torch.float64) * 2**level + 0.5
        for item in range(B):
            onehot, regs, positive, ignored = targets_of(points, 2**level, *RANGES[level], SEGMENTS[item], CLASSES)
            loss = focal(outs["cls"][item].T, onehot)
            where = onehot.bool()
            box, iou = diou(decoded[level][item][where], regs[:, None].expand(-1, CLASSES, -1)[where])
            loss = torch.where(where, torch.zeros(()), loss)[~ignored].sum() + (loss[where] * iou**0.2).sum()
            cls_sum, reg_sum = cls_sum + loss, reg_sum + box.sum()
            positives += int(positive.sum())
    normaliser = 0.9 * 100 + 0.1 * max(positives, 1)
    ((cls_sum + reg_sum) / normaliser).backward()
    content = {
        "segments": [[{"start": s, "end": e, "classIndex": c} for s, e, c in item] for item in SEGMENTS],
        "normaliser": normaliser,
        "classification": float(cls_sum.detach() / normaliser),
        "regression": float(reg_sum.detach() / normaliser),
        "logits": [pack(outs["cls"].transpose(1, 2)) for outs in levels],
        "decoded": [pack(d) for d in decoded],
        "gradients": {name: sample(p.grad) for name, p in model.named_parameters()},
        "featureGradients": pack(x.grad.transpose(1, 2)),
    }
    content |= take_step(model, STUDIO)
    with torch.no_grad():
        after = model(x)
    content["logitsAfter"] = [pack(outs["cls"].transpose(1, 2)) for outs in after]
    content["decodedAfter"] = [pack(decode(outs)) for outs in after]
    write("tridet.json", content)
    print(positives, float(cls_sum.detach()), float(reg_sum.detach()))


main()
