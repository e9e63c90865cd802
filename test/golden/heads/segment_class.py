"""Golden data of G-TAD's proposal classifier: pooled step logits, cross-entropy of one class and of several, gradients.

Run: python test/golden/heads/segment_class.py
"""

import torch
import torch.nn.functional as F

from golden import hashed, pack, write

STEPS, CLASSES = 12, 4
# The second and third mark the same stretch a little apart (two labels), the last one lies far inside another (its own label alone).
SEGMENTS = [
    [(0.0, 4.0, 0), (5.25, 9.5, 1), (5.5, 9.75, 3), (6.0, 7.5, 2)],
    [(2.0, 11.0, 2), (3.0, 4.0, -1)],
]
WEIGHTS = [1.0, 2.5, 0.5, 1.25]


def shares(start, end):
    """Share of each step in [start, end), summing to one."""
    at = torch.arange(STEPS, dtype=torch.float64)
    inside = (torch.clamp(at + 1, max=end) - torch.clamp(at, min=start)).clamp(min=0)
    return inside / inside.sum()


def tiou(a, b):
    inter = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return inter / (a[1] - a[0] + b[1] - b[0] - inter)


def case(kind):
    logits = hashed("classes", (len(SEGMENTS), STEPS, CLASSES), -3, 3).requires_grad_(True)
    count = sum(1 for item in SEGMENTS for s in item if s[2] >= 0)
    loss = torch.zeros(())
    for item, segments in enumerate(SEGMENTS):
        for segment in segments:
            if segment[2] < 0:
                continue
            pooled = shares(segment[0], segment[1]) @ logits[item]
            if kind == "softmax":
                own = F.cross_entropy(pooled[None], torch.tensor([segment[2]]))
            else:
                target = torch.zeros(CLASSES)
                for other in segments:
                    if other[2] >= 0 and tiou(segment, other) >= 0.5:
                        target[other[2]] = 1
                own = F.binary_cross_entropy_with_logits(pooled, target, reduction="sum")
            loss = loss + WEIGHTS[segment[2]] * own / count
    loss.backward()
    return {"loss": float(loss.detach()), "gradients": pack(logits.grad)}


write("segment_class.json", {
    "segments": [[{"start": a, "end": b, "classIndex": k} for a, b, k in item] for item in SEGMENTS],
    "weights": WEIGHTS,
    "softmax": case("softmax"),
    "sigmoid": case("sigmoid"),
})
