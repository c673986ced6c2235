"""What the network says of a batch of lines: greedy CTC, and the two figures lines are judged by."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ocr.finding import edits
from ocr.training.recogniser.lines import HEIGHT_PX, Line, Pixels
from ocr.training.recogniser.texts import ALPHABET


def batch(images: Sequence[Pixels], width: int | None = None) -> torch.Tensor:
    """(B, 3, 48, W) float32 in -1..1, the right filled with 0, as PaddleOCR pads."""
    width = width or -(-max(image.shape[1] for image in images) // 8) * 8
    stacked = np.zeros((len(images), HEIGHT_PX, width, 3), np.float32)
    for row, image in zip(stacked, images, strict=True):
        row[:, : image.shape[1]] = image.astype(np.float32) / 127.5 - 1
    # A view in which channels lie innermost: the layout the convolutions are quickest in.
    return torch.from_numpy(stacked).permute(0, 3, 1, 2)


def decode(logits: Any) -> list[str]:
    """The best path of each line."""
    texts: list[str] = []
    for steps in logits.argmax(2).tolist():
        kept = [step for i, step in enumerate(steps) if step and (i == 0 or step != steps[i - 1])]
        texts.append("".join(ALPHABET[step - 1] for step in kept))
    return texts


@torch.no_grad()
def judge(network: Any, lines: Sequence[Line], *, size: int = 16) -> tuple[float, float, list[tuple[str, str]]]:
    """Share of lines exact, character errors per character, and the wrong lines as (true, said)."""
    order = sorted(lines, key=lambda line: line.image.shape[1])
    wrong: list[tuple[str, str]] = []
    errors = letters = 0
    for at in range(0, len(order), size):
        some = order[at : at + size]
        for line, said in zip(some, decode(network(batch([line.image for line in some]))), strict=True):
            letters += len(line.text)
            if said.strip() != line.text:
                errors += edits(line.text, said.strip())
                wrong.append((line.text, said))
    return 1 - len(wrong) / len(lines), errors / letters, wrong
