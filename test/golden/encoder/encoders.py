"""The encoders in PyTorch: torchvision's residual networks and R(2+1)D, with TSM's temporal shift (Lin et al., ICCV 2019).

Peer of core/model/encoder: `reference.py` makes the numbers that engines are compared with, `test/bench/torch_step.py` the times.
"""
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.video.resnet import BasicBlock as VideoBlock
from torchvision.models.video.resnet import Conv2Plus1D, R2Plus1dStem, VideoResNet

MEAN = torch.tensor([0.485, 0.456, 0.406])
DEVIATION = torch.tensor([0.229, 0.224, 0.225])


class Shift(nn.Module):
    """Moves 1/division of the channels one frame back, and as many one frame ahead, inside each snippet."""

    def __init__(self, net, frames, division):
        super().__init__()
        self.net = net
        self.frames = frames
        self.division = division

    def forward(self, x):
        n, c, h, w = x.shape
        fold = c // self.division
        y = x.view(n // self.frames, self.frames, c, h, w)
        out = torch.zeros_like(y)
        out[:, :-1, :fold] = y[:, 1:, :fold]
        out[:, 1:, fold : 2 * fold] = y[:, :-1, fold : 2 * fold]
        out[:, :, 2 * fold :] = y[:, :, 2 * fold :]
        return self.net(out.view(n, c, h, w))


def build(spec):
    """A network for a spec as in core/model/encoderSpec.ts, a dict."""
    if spec["family"] == "r2plus1d":
        return build_r2plus1d(spec)
    bottleneck = spec["block"] == "bottleneck"
    model = ResNet(Bottleneck if bottleneck else BasicBlock, [1, 1, 1, 1])
    widths = spec["widths"]
    stem = (7, 2, 3) if spec["stem"] == "imagenet" else (3, 2, 1)
    model.conv1 = nn.Conv2d(3, widths[0], *stem, bias=False)
    model.bn1 = nn.BatchNorm2d(widths[0])
    if spec["stem"] != "imagenet":
        model.maxpool = nn.Identity()
    model.inplanes = widths[0]
    block = Bottleneck if bottleneck else BasicBlock
    for stage in range(4):
        name = f"layer{stage + 1}"
        if stage < len(widths):
            layer = model._make_layer(block, widths[stage], spec["blocks"][stage], stride=2 if stage else 1)
        else:
            layer = nn.Identity()
        setattr(model, name, layer)
    if spec["family"] == "tsm-resnet":
        every = 2 if len(spec["blocks"]) > 2 and spec["blocks"][2] >= 23 else 1
        for stage in range(len(widths)):
            for index, part in enumerate(getattr(model, f"layer{stage + 1}")):
                if index % every == 0:
                    part.conv1 = Shift(part.conv1, spec["framesPerSnippet"], spec["shiftDivision"])
    model.fc = nn.Identity()
    return model


def build_r2plus1d(spec):
    model = VideoResNet(VideoBlock, [Conv2Plus1D] * 4, [1, 1, 1, 1], R2Plus1dStem)
    widths = spec["widths"]
    model.stem[3] = nn.Conv3d(45, widths[0], (3, 1, 1), padding=(1, 0, 0), bias=False)
    model.stem[4] = nn.BatchNorm3d(widths[0])
    model.inplanes = widths[0]
    for stage in range(4):
        layer = nn.Identity()
        if stage < len(widths):
            layer = model._make_layer(VideoBlock, Conv2Plus1D, widths[stage], spec["blocks"][stage], 2 if stage else 1)
        setattr(model, f"layer{stage + 1}", layer)
    model.fc = nn.Identity()
    return model


def normalise(frames):
    """uint8 [S, T, H, W, 3] to float [S, T, 3, H, W]."""
    values = (frames.to(torch.get_default_dtype()) / 255 - MEAN) / DEVIATION
    return values.permute(0, 1, 4, 2, 3)


def features(model, spec, frames):
    """uint8 [S, T, H, W, 3] to [S, C]: the mean of the frames' vectors."""
    x = normalise(frames)
    snippets, count = x.shape[:2]
    if spec["family"] == "r2plus1d":
        return model(x.permute(0, 2, 1, 3, 4).contiguous())
    return model(x.reshape(snippets * count, *x.shape[2:])).view(snippets, count, -1).mean(1)
