"""Golden data of G-TAD, both branches: forward, labels, losses, gradients, one optimiser step, soft-NMS. Run: python test/golden/heads/gtad.py"""

import sys

import numpy as np
import torch

import gtad_model as g
from golden import GTAD_ANET, GTAD_THUMOS, STUDIO, fill, hashed, pack, sample, take_step, write

CASES = {
    "anet": dict(steps=24, durations=24, inner=32, context=4, kernel=1, width=2, weights=(1, 10, 1), offsets=(0, 0),
                 recipe=GTAD_ANET, segments=[[(2.0, 7.3, 0), (9.2, 19.8, 1)], [(0.0, 16.1, 1), (18.2, 21.0, 0), (3.0, 6.0, 1)]]),
    "thumos": dict(steps=20, durations=8, inner=16, context=16, kernel=3, width=1, weights=(1, 1, 10), offsets=(10, 20),
                   recipe=GTAD_THUMOS, segments=[[(2.0, 7.3, 0), (9.2, 15.8, 1)], [(0.0, 6.1, 1), (17.2, 19.0, 0)]]),
    # More cells of high overlap than of middle: the original then lets every cell pass, even those beyond the end.
    "crowded": dict(steps=12, durations=12, inner=32, context=4, kernel=1, width=2, weights=(1, 10, 1), offsets=(0, 0),
                    recipe=STUDIO, segments=[[(float(a), float(b), 0) for a in range(12) for b in range(a + 2, 13, 3)]]),
}


def soft_nms(starts, ends, scores, sigma, keep):
    """The authors' loop, in float64."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    s, e, p = ([list(v)[i] for i in order] for v in (starts, ends, scores))
    kept = []
    while len(p) > 1 and len(kept) < keep and max(p) > 0:
        best = p.index(max(p))
        for i in range(len(p)):
            if i != best:
                inter = min(e[best], e[i]) - max(s[best], s[i])
                iou = inter / (max(e[best], e[i]) - min(s[best], s[i])) if inter > 0 else 0
                if iou > 0:
                    p[i] *= np.exp(-np.square(iou) / sigma)
        kept.append([s.pop(best), e.pop(best), p.pop(best)])
    return kept


def case(name, c):
    items, channels = len(c["segments"]), 16
    model = g.GTAD(channels, c["steps"], c["durations"], c["inner"], c["context"], c["kernel"])
    fill(model, 2.2)
    # Nearest neighbours are a discrete choice: take the first input where each choice is clear.
    for attempt in range(50):
        g.MARGINS.clear()
        input_name = f"features-{name}-{attempt}"
        x = hashed(input_name, (items, c["steps"], channels), -1, 1).transpose(1, 2).clone().requires_grad_(True)
        confidence, start, end = model(x)
        if min(g.MARGINS) > 2e-4:
            break
    assert min(g.MARGINS) > 5e-5, name
    shape = (items, c["durations"], c["steps"])
    mask = g.valid_mask(c["durations"], c["steps"])
    iou = torch.stack([g.iou_map(s, c["steps"], c["durations"]) for s in c["segments"]])
    start_label = torch.stack([g.node_labels([a for a, _, _ in s], c["steps"], c["width"]) for s in c["segments"]])
    end_label = torch.stack([g.node_labels([b for _, b, _ in s], c["steps"], c["width"]) for s in c["segments"]])
    node = g.node_loss(start, start_label) + g.node_loss(end, end_label)
    target = iou * mask
    regression = g.regression_loss(confidence[:, 0], target, mask, hashed("middle", shape, 0, 1), hashed("low", shape, 0, 1))
    classification = g.classification_loss(confidence[:, 1], target, mask, *c["offsets"])
    (c["weights"][0] * node + c["weights"][1] * regression + c["weights"][2] * classification).backward()
    print(name, float(node.detach()), float(regression.detach()), float(classification.detach()), min(g.MARGINS),
          float(confidence.detach().std()), file=sys.stderr)
    result = {
        "input": input_name, "steps": c["steps"], "durations": c["durations"],
        "segments": [[{"start": a, "end": b, "classIndex": k} for a, b, k in s] for s in c["segments"]],
        "start": pack(start), "end": pack(end), "confidence": pack(confidence),
        "iou": pack(target), "startLabel": pack(start_label), "endLabel": pack(end_label),
        "node": float(node.detach()), "regression": float(regression.detach()), "classification": float(classification.detach()),
        "gradients": {n: sample(p.grad, 48) for n, p in model.named_parameters()},
        "featureGradients": pack(x.grad.transpose(1, 2)),
    } | take_step(model, c["recipe"], 48)
    with torch.no_grad():
        g.MARGINS.clear()
        confidence, start, end = model(x)
        # A step may move the nearest neighbours as well; what they are must stay clear.
        assert min(g.MARGINS) > 2e-5, (name, min(g.MARGINS))
    return result | {"startAfter": pack(start), "endAfter": pack(end), "confidenceAfter": pack(confidence)}


def main():
    content = {name: case(name, c) for name, c in CASES.items()}
    count = 200
    starts = hashed("nms-start", (count,), 0, 80).double().numpy()
    ends = starts + hashed("nms-length", (count,), 1, 20).double().numpy()
    scores = hashed("nms-score", (count,), 0, 1).double().numpy()
    content["softNms"] = {
        "sigma": 0.8, "keep": 100,
        "kept": soft_nms(starts, ends, scores, 0.8, 100),
        "keptFew": soft_nms(starts[:5], ends[:5], scores[:5], 0.46, 100),
    }
    write("gtad.json", content)


main()
