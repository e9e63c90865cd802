"""The peer of `bench head`: one G-TAD training step in plain PyTorch that builds the aligned map (C = 512, T = 100, batch 1).

The alignment is one dense product per resolution, as BMN does it: the fastest plain form (a sparse product took ten times as long). Run: python test/bench/head_torch.py
"""

import os
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "golden" / "heads"))
import gtad_model as g  # noqa: E402
import torch_peer  # noqa: E402


def sampling(rois, bins, steps, durations):
    """Dense [T, bins · D · T] as in BMN: column (r, d, s)."""
    eye = torch.eye(steps)
    dense = torch.cat([g.align(eye, part, bins) for part in rois.split(500)])  # [s · d, T, bins]
    return dense.reshape(steps, durations, steps, bins).permute(2, 3, 1, 0).reshape(steps, -1).contiguous()


class Plain(g.GTAD):
    def prepare(self):
        self.matrices = [sampling(self.rois, bins, self.steps, self.durations) for bins in self.bins]

    def forward(self, x):
        base = self.backbone1(x)
        graph = self.backbone2(base)
        start, end = self.regu_s(base)[:, 0], self.regu_e(base)[:, 0]
        context = g.neighbours(graph).mean(-1)
        parts = [
            (source[0] @ matrix).reshape(256, bins, self.durations, self.steps)
            for matrix, source, bins in zip(self.matrices, (graph, context), self.bins)
        ]
        return self.localization(torch.cat(parts, 1).reshape(1, -1, self.durations, self.steps)), start, end


def main():
    steps, channels = 100, 512
    torch.set_num_threads(os.cpu_count())
    model = Plain(channels, steps, steps, 32, 4, 1)
    x = torch.randn(1, channels, steps, requires_grad=True)
    segments = [(3.0, 19.0, 0), (30.0, 51.0, 0)]
    mask = g.valid_mask(steps, steps)
    target = g.iou_map(segments, steps, steps)[None] * mask
    nodes = [g.node_labels([s[i] for s in segments], steps, 2)[None] for i in (0, 1)]

    def step():
        # The sampling tables count, as they do on the other side.
        if not hasattr(model, "matrices"):
            model.prepare()
        confidence, start, end = model(x)
        loss = g.node_loss(start, nodes[0]) + g.node_loss(end, nodes[1])
        loss = loss + 10 * g.regression_loss(confidence[:, 0], target, mask, torch.rand_like(target), torch.rand_like(target))
        loss = loss + g.classification_loss(confidence[:, 1], target, mask, 0, 0)
        model.zero_grad()
        loss.backward()

    torch_peer.serve(step)


main()
