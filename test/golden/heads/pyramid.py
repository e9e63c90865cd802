"""Parts that the golden scripts of both pyramid heads share."""

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.LayerNorm(outputs, eps=1e-6)

    def forward(self, x, mask):
        x = self.conv(x) * mask
        return F.relu(self.norm(x.transpose(1, 2)).transpose(1, 2)) * mask


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))


def targets_of(points, stride, low, high, segments, classes):
    """Per point: class multi-hot, offsets in strides, positive, ignored."""
    real = [s for s in segments if s[2] >= 0]
    starts = torch.tensor([s[0] for s in real], dtype=torch.float64)
    ends = torch.tensor([s[1] for s in real], dtype=torch.float64)
    labels = torch.tensor([s[2] for s in real])
    left, right = points[:, None] - starts, ends - points[:, None]
    centre = (starts + ends) / 2
    from_low = points[:, None] - torch.maximum(centre - 1.5 * stride, starts)
    to_high = torch.minimum(centre + 1.5 * stride, ends) - points[:, None]
    far = torch.maximum(left, right)
    inside = (torch.minimum(from_low, to_high) > 0) & (far >= low) & (far <= high)
    lens = (ends - starts)[None].repeat(len(points), 1).masked_fill(~inside, float("inf"))
    shortest, which = lens.min(1)
    tie = ((lens - shortest[:, None]).abs() <= 1e-3) & (lens < float("inf"))
    onehot = (tie.double() @ F.one_hot(labels, classes).double()).clamp(0, 1)
    offsets = torch.stack([left, right], -1)[torch.arange(len(points)), which] / stride
    positive = onehot.sum(-1) > 0
    ignored = torch.zeros(len(points), dtype=torch.bool)
    for start, end, label in segments:
        if label < 0:
            ignored |= (points > start) & (points < end) & ~positive
    return onehot.float(), offsets.float(), positive, ignored


def focal(logits, target):
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    right = p * target + (1 - p) * (1 - target)
    return (0.25 * target + 0.75 * (1 - target)) * entropy * (1 - right) ** 2
