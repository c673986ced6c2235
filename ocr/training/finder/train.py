"""Learns to find cards: `python -m ocr.training.finder.train --minutes 40 --seed 1 --out DIRECTORY`; then writes the model."""

import argparse
import copy
import hashlib
import math
import multiprocessing
import time
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch.nn import functional

from ocr.training.finder import photos
from ocr.training.finder.network import SIDE, Finder, Probabilities, resumed_from

_BATCH = 24
_SPECIMENS = 90
"""Cards of the training styles; those the finder is measured on have other seeds."""
_FIRST_SPECIMEN = 2_000
_FIRST_SCENE = 10_000_000
_RATE = 3e-3
_KEPT = 400
"""Batches drawn again at times while new ones are being rendered."""


def train(minutes: float, seed: int, out: Path, start: Path | None = None, rate: float = _RATE) -> None:
    """Writes `last.pt` now and then and at the end; `start`, such a file or an exported model, is gone on from."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    dice = np.random.default_rng(seed)
    network = Finder()
    if start is not None and start.suffix == ".onnx":
        cards = list(photos.specimens(_FIRST_SPECIMEN, 12))
        some = np.stack([photos.example(i, cards)[0].transpose(2, 0, 1) for i in range(192)])
        network = resumed_from(start, torch.from_numpy(some).float())
    elif start is not None:
        network.load_state_dict(torch.load(start))
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    queue: Queue[Any] = multiprocessing.get_context("spawn").Queue(8)
    renderer = multiprocessing.get_context("spawn").Process(target=_render, args=(queue, seed), daemon=True)
    renderer.start()
    out.mkdir(parents=True, exist_ok=True)
    kept: list[Any] = []
    began, told, seen, running = time.monotonic(), 0.0, 0, 0.0
    while (share := (time.monotonic() - began) / (60 * minutes)) < 1:
        if len(kept) < 40 or not queue.empty():
            kept.append(queue.get())
            kept = kept[-_KEPT:]
            batch = kept[-1]
        else:
            batch = kept[int(dice.integers(len(kept)))]
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, seen / 3_000) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-5
        photo, answer = (torch.from_numpy(part).float() for part in batch)
        photo = _varied(photo, dice)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            told_of_it = network(photo.contiguous(memory_format=torch.channels_last))
        loss = _loss(told_of_it.float(), answer / 255)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        seen += len(photo)
        running = 0.98 * running + 0.02 * float(loss.detach()) if running else float(loss.detach())
        _follow(average, network, min(0.998, seen / (seen + 5_000)))
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(
                f"{share:6.1%} photos {seen} {seen / (told - began):.0f}/s loss {running:.4f} kept {len(kept)}",
                flush=True,
            )
            torch.save(average.state_dict(), out / "last.pt")
    renderer.terminate()
    torch.save(average.state_dict(), out / "last.pt")


def export(checkpoint: Path, directory: Path) -> str:
    """Writes `inference.onnx`; the digest of it. Raises when it answers otherwise than the network it came from."""
    network = Finder()
    network.load_state_dict(torch.load(checkpoint))
    exported = Probabilities(network).eval()
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "inference.onnx"
    sample = torch.rand(1, 3, SIDE, SIDE) * 255
    torch.onnx.export(
        exported, (sample,), str(file), input_names=["photo"], output_names=["cards"], opset_version=17, dynamo=False
    )
    onnx.checker.check_model(onnx.load(str(file)))
    told = onnxruntime.InferenceSession(str(file)).run(None, {"photo": sample.numpy()})[0]
    with torch.no_grad():
        assert torch.allclose(torch.from_numpy(told), exported(sample), atol=1e-4)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _render(queue: "Queue[Any]", seed: int) -> None:
    """Batches without end, in a process of its own."""
    cards = list(photos.specimens(_FIRST_SPECIMEN, _SPECIMENS))
    at = _FIRST_SCENE * seed
    while True:
        examples = [photos.example(at + i, cards) for i in range(_BATCH)]
        at += _BATCH
        queue.put((np.stack([e[0].transpose(2, 0, 1) for e in examples]), np.stack([e[1] for e in examples])))


def _varied(photo: torch.Tensor, dice: np.random.Generator) -> torch.Tensor:
    """Each picture's colours as another camera has them; now and then none."""
    count = len(photo)
    gain = torch.from_numpy(dice.uniform(0.75, 1.25, (count, 3, 1, 1)).astype(np.float32))
    lift = torch.from_numpy(dice.uniform(-14, 14, (count, 1, 1, 1)).astype(np.float32))
    photo = (photo * gain + lift).clamp(0, 255)
    grey = torch.from_numpy(dice.random((count, 1, 1, 1)) < 0.1)
    return torch.where(grey, photo.mean(dim=1, keepdim=True), photo)


def _loss(told: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
    """Cross entropy, rims weighing more, and one minus the overlap of the cards."""
    weight = 1 + 3 * answer[:, 1:2]
    entropy = (functional.binary_cross_entropy_with_logits(told, answer, reduction="none") * weight).mean()
    card = torch.sigmoid(told[:, 0])
    both, either = (card * answer[:, 0]).sum(dim=(1, 2)), (card + answer[:, 0]).sum(dim=(1, 2))
    return entropy + 0.3 * (1 - (2 * both + 20) / (either + 20)).mean()


def _follow(average: Finder, network: Finder, keep: float) -> None:
    with torch.no_grad():
        for mine, other in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(other, 1 - keep)
            else:
                mine.copy_(other)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=40)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--start", type=Path, help="last.pt or inference.onnx to go on from")
    asked.add_argument("--rate", type=float, default=_RATE)
    asked.add_argument("--model", type=Path, default=Path("ocr/models/card_mask"))
    given = asked.parse_args()
    train(given.minutes, given.seed, given.out, given.start, given.rate)
    print(export(given.out / "last.pt", given.model))


if __name__ == "__main__":
    main()
