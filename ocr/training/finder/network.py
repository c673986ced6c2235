"""From a photograph, 256 x 256, to where cards are, 128 x 128: a narrow U-Net of separable convolutions."""

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

SIDE = 256
ANSWER_SIDE = 128
CARD, RIM = 0, 1
"""Channels of the answer: the card without its rim, so that neighbours stay apart; and the rim, where its edge is."""


class Finder(nn.Module):
    """0.2 million parameters, 90 million multiplications."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_Plain(3, 12, 2), _Separable(12, 16))
        self.quarter = nn.Sequential(_Separable(16, 32, 2), _Separable(32, 32))
        self.eighth = nn.Sequential(_Separable(32, 64, 2), _Separable(64, 64), _Separable(64, 64))
        self.sixteenth = nn.Sequential(_Separable(64, 96, 2), *[_Separable(96, 96) for _ in range(3)])
        self.whole = nn.Sequential(_Separable(96, 128, 2), *[_Separable(128, 128) for _ in range(4)])
        self.up = nn.ModuleList(
            _Joined(below, beside, out)
            for below, beside, out in ((128, 96, 96), (96, 64, 64), (64, 32, 32), (32, 16, 20))
        )
        self.told = nn.Conv2d(20, 2, 1)

    def forward(self, photo: Tensor) -> Tensor:
        """(B, 3, 256, 256) BGR in 0..255 -> (B, 2, 128, 128) logits."""
        fine = self.fine((photo - 127.5) / 64)
        quarter = self.quarter(fine)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        told = self.whole(sixteenth)
        for joined, beside in zip(self.up, (sixteenth, eighth, quarter, fine), strict=True):
            told = joined(told, beside)
        return self.told(told)


def resumed_from(model: Path, photos: Tensor) -> Finder:
    """The network of a model that was exported, its normalisation folded into its convolutions: taken apart again by what
    these photos, float32 (B, 3, 256, 256), make of it, so that learning goes on where it stopped."""
    stored = [numpy_helper.to_array(tensor) for tensor in onnx.load(str(model)).graph.initializer]
    folded = iter([torch.from_numpy(array.copy()) for array in stored[2:]])
    network = Finder()
    waiting: dict[Any, Tensor] = {}

    def take_apart(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        (x,) = inputs
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)
        norm.weight.copy_((var + norm.eps).sqrt())
        norm.bias.copy_(waiting[norm] + mean)

    hooks: list[Any] = []
    with torch.no_grad():
        for told, array in zip((network.told.weight, network.told.bias), stored[:2], strict=True):
            assert told is not None
            told.copy_(torch.from_numpy(array.copy()))
        layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d) and m is not network.told]
        for convolution, norm in zip(layers[::2], layers[1::2], strict=True):
            convolution.weight.copy_(next(folded))
            waiting[norm] = next(folded)
            hooks.append(norm.register_forward_pre_hook(take_apart))  # type: ignore[arg-type]
        network.eval()(photos)
    for hook in hooks:
        hook.remove()
    return network.train()


class Probabilities(nn.Module):
    """As exported."""

    def __init__(self, finder: Finder) -> None:
        super().__init__()
        self.finder = finder

    def forward(self, photo: Tensor) -> Tensor:
        return torch.sigmoid(self.finder(photo))


class _Plain(nn.Sequential):
    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__(nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class _Separable(nn.Module):
    """Depthwise, then pointwise; added to what came in where the shapes allow."""

    def __init__(self, into: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.adds = stride == 1 and into == out
        self.steps = nn.Sequential(
            nn.Conv2d(
                into,
                into,
                5 if stride == 1 and into >= 64 else 3,
                stride,
                2 if stride == 1 and into >= 64 else 1,
                groups=into,
                bias=False,
            ),
            nn.BatchNorm2d(into),
            nn.ReLU(inplace=True),
            nn.Conv2d(into, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.steps(x)
        return torch.relu(x + y if self.adds else y)


class _Joined(nn.Module):
    """What is known from below, twice as large, beside what was seen there."""

    def __init__(self, below: int, beside: int, out: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(nn.Conv2d(below, out, 1, bias=False), nn.BatchNorm2d(out))
        self.seen = nn.Sequential(nn.Conv2d(beside, out, 1, bias=False), nn.BatchNorm2d(out))
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.mixed = _Separable(out, out)

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        return self.mixed(torch.relu(self.grow(self.narrow(below)) + self.seen(beside)))
