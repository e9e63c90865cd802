"""G-TAD in plain PyTorch that builds the whole aligned map, as method.md 3.2 specifies it. Golden data and the benchmark use it."""

import math

import torch
import torch.nn.functional as F
from torch import nn

MARGINS = []


def knn(x, k=3):
    """x: [B, C, T] -> [B, T, k]; notes how clear the choice is."""
    xx = (x**2).sum(1)
    score = 2 * x.transpose(1, 2) @ x - xx[:, None] - xx[:, :, None]
    values, index = score.topk(k + 1, -1)
    MARGINS.append(float(((values.detach()[..., k - 1] - values.detach()[..., k]) / values.detach()[..., k].abs().clamp(min=1e-12)).min()))
    return index[..., :k]


def neighbours(x):
    """[B, C, T] -> [B, C, T, 3]"""
    index = knn(x)
    b, t, k = index.shape
    return torch.gather(x[:, :, None].expand(-1, -1, t, -1), 3, index[:, None].expand(-1, x.shape[1], -1, -1))


class GCNeXt(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.tconvs = nn.Sequential(
            nn.Conv1d(channels, 128, 1), nn.ReLU(),
            nn.Conv1d(128, 128, 3, groups=32, padding=1), nn.ReLU(),
            nn.Conv1d(128, channels, 1),
        )
        self.sconvs = nn.Sequential(
            nn.Conv2d(channels * 2, 128, 1), nn.ReLU(),
            nn.Conv2d(128, 128, 1, groups=32), nn.ReLU(),
            nn.Conv2d(128, channels, 1),
        )

    def forward(self, x):
        edges = torch.cat([neighbours(x), x[..., None].expand(-1, -1, -1, 3)], 1)
        return F.relu(self.tconvs(x) + x + self.sconvs(edges).max(-1)[0])


def align(x, rois, bins):
    """x: [C, T], rois: [N, 2] float32 -> [N, C, bins]; Align1D with sampling ratio 0."""
    t_max = x.shape[1]
    out = []
    for start, end in rois.tolist():
        extent = max(end - start, 1.0)
        # Positions are float32 in the original, whatever the rest is computed in.
        size = torch.tensor(extent, dtype=torch.float32) / bins
        count = math.ceil(extent / bins)
        base = torch.tensor(start, dtype=torch.float32) + torch.arange(bins) * size
        at = base[:, None] + (torch.arange(count, dtype=torch.float32) + 0.5) * size / count
        inside = ((at >= -1) & (at <= t_max)).float()
        at = at.clamp(min=0)
        low = at.floor().long().clamp(max=t_max - 1)
        last = low >= t_max - 1
        high = torch.where(last, low, low + 1)
        share = torch.where(last, torch.zeros_like(at), at - low)
        value = x[:, low] * (1 - share) + x[:, high] * share
        out.append((value * inside).mean(-1))
    return torch.stack(out)


class GTAD(nn.Module):
    def __init__(self, channels, steps, durations, inner, context, kernel):
        super().__init__()
        self.steps, self.durations, self.bins = steps, durations, (inner, context)
        self.backbone1 = nn.Sequential(nn.Conv1d(channels, 256, 3, padding=1, groups=4), nn.ReLU(), GCNeXt(256))
        self.regu_s = nn.Sequential(GCNeXt(256), nn.Conv1d(256, 1, 1), nn.Sigmoid())
        self.regu_e = nn.Sequential(GCNeXt(256), nn.Conv1d(256, 1, 1), nn.Sigmoid())
        self.backbone2 = nn.Sequential(GCNeXt(256))
        pad = (kernel - 1) // 2
        self.localization = nn.Sequential(
            nn.Conv2d(256 * (inner + context), 512, 1), nn.ReLU(),
            nn.Conv2d(512, 128, 1), nn.ReLU(),
            nn.Conv2d(128, 128, kernel, padding=pad), nn.ReLU(),
            nn.Conv2d(128, 128, kernel, padding=pad), nn.ReLU(),
            nn.Conv2d(128, 2, 1), nn.Sigmoid(),
        )
        rois = []
        for s in range(steps):
            for d in range(durations):
                length = d + 1.0
                rois.append([s - length * 0.5, s + d + length * 0.5] if s + d < steps else [0.0, 0.0])
        self.rois = torch.tensor(rois)

    def forward(self, x):
        base = self.backbone1(x)
        graph = self.backbone2(base)
        start, end = self.regu_s(base)[:, 0], self.regu_e(base)[:, 0]
        context = neighbours(graph).mean(-1)
        maps = []
        for item in range(x.shape[0]):
            both = torch.cat([align(graph[item], self.rois, self.bins[0]), align(context[item], self.rois, self.bins[1])], 2)
            maps.append(both.reshape(self.steps, self.durations, -1).permute(2, 1, 0))
        return self.localization(torch.stack(maps)), start, end


def valid_mask(durations, steps):
    return torch.tensor([[1.0 if s + d < steps else 0.0 for s in range(steps)] for d in range(durations)])


def iou_map(segments, steps, durations):
    s = torch.arange(steps, dtype=torch.float64)[None]
    e = s + torch.arange(1, durations + 1, dtype=torch.float64)[:, None]
    best = torch.zeros(durations, steps, dtype=torch.float64)
    for a, b, _ in segments:
        inter = (torch.clamp(e, max=b) - torch.clamp(s, min=a)).clamp(min=0)
        best = torch.maximum(best, inter / (e - s - inter + b - a))
    return best.float()


def node_labels(times, steps, width):
    low = torch.arange(steps, dtype=torch.float64) - 0.5
    best = torch.zeros(steps, dtype=torch.float64)
    for at in times:
        inter = (torch.clamp(low + width, max=at + 1.5) - torch.clamp(low, min=at - 1.5)).clamp(min=0)
        best = torch.maximum(best, inter / width)
    return best.float()


def node_loss(p, label):
    p, positive = p.reshape(-1), (label.reshape(-1) > 0.5).float()
    ratio = len(p) / positive.sum()
    pos = 0.5 * ratio * torch.log(p + 1e-6) * positive
    neg = 0.5 * ratio / (ratio - 1) * torch.log(1 - p + 1e-6) * (1 - positive)
    return -(pos + neg).mean()


def regression_loss(p, target, mask, middle, low):
    overlap = target.float()  # overlaps are float32, and so are their bounds
    high_mask = (overlap > 0.7).float()
    middle_mask = ((overlap <= 0.7) & (overlap > 0.3)).float()
    low_mask = ((overlap <= 0.3) & (overlap > 0)).float() * mask
    pick_middle = (middle_mask * middle > 1 - high_mask.sum() / middle_mask.sum()).float()
    pick_low = (low_mask * low > 1 - high_mask.sum() / low_mask.sum()).float()
    weights = high_mask + pick_middle + pick_low
    return 0.5 * ((p * weights - target * weights) ** 2).sum() / weights.sum()


def classification_loss(p, target, mask, more_positives, more_entries):
    positive, negative = (target.float() > 0.9).float(), (target.float() <= 0.9).float() * mask
    count_positive = more_positives + positive.sum()
    count = more_entries + positive.sum() + negative.sum()
    ratio = count / count_positive
    pos = 0.5 * ratio * torch.log(p + 1e-6) * positive
    neg = 0.5 * ratio / (ratio - 1) * torch.log(1 - p + 1e-6) * negative
    return -(pos + neg).sum() / count
