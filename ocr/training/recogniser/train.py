"""Trains the recogniser: `python -m ocr.training.recogniser.train --minutes 240 --out DIRECTORY`.

Lines are rendered by other processes while this one learns. The rate rises, stays, and falls at the end; a finished run is
continued by starting another from its checkpoint.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from ocr.training.recogniser import lines, reading
from ocr.training.recogniser.network import Recogniser, resumed_from, started_from
from ocr.training.recogniser.texts import ALPHABET

_POOL = 192
_SMALL_BATCH = 8
_ACCUMULATED = 3
# Share of lines cut from photographed specimens.
_FROM_CARDS = 0.3
# From a clean scan to a bad photograph.
_HARDNESS = (0.0, 0.3, 0.6, 1.0)
_LETTER = {letter: i for i, letter in enumerate(ALPHABET, 1)}


def produce(queue: Any, fonts: dict[str, list[str]], zone: list[str], seed: int, cards: str | None) -> None:
    """Puts batches of lines of one width on the queue for ever."""
    import cv2

    cv2.setNumThreads(1)
    os.sched_setaffinity(0, {os.cpu_count() - 1})
    os.nice(4)
    dice = random.Random(seed)
    faces = lines.Typefaces(
        {name: [Path(file) for file in files] for name, files in fonts.items()}, [Path(z) for z in zone]
    )
    extra = _Kept(cards, dice) if cards else None
    while True:
        pool = [
            extra.draw()
            if extra is not None and extra and dice.random() < _FROM_CARDS
            else lines.draw(dice, faces, hardness=dice.choice(_HARDNESS))
            for _ in range(_POOL)
        ]
        pool.sort(key=lambda line: line.image.shape[1])
        groups = [pool[at : at + _SMALL_BATCH] for at in range(0, _POOL, _SMALL_BATCH)]
        dice.shuffle(groups)
        for group in groups:
            queue.put(([line.image for line in group], [line.text for line in group], dice.random()))


class _Kept:
    """Lines cut from photographed specimens, kept in files that may appear while training runs."""

    def __init__(self, directory: str, dice: random.Random) -> None:
        self._directory, self._dice, self._lines, self._files, self._drawn = Path(directory), dice, [], set(), 0

    def __bool__(self) -> bool:
        if self._drawn % 2_000 == 0:
            self._look()
        self._drawn += 1
        return bool(self._lines)

    def _look(self) -> None:
        import pickle

        for file in sorted(self._directory.glob("*.pickle")):
            if file not in self._files:
                self._files.add(file)
                self._lines += [lines.Line(image, text) for image, text in pickle.loads(file.read_bytes())]

    def draw(self) -> lines.Line:
        return self._dice.choice(self._lines)


def batches(queue: Any) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    while True:
        images, texts, padding = queue.get()
        widest = max(image.shape[1] for image in images)
        # Few widths: oneDNN makes code for every shape it meets, and keeps it (see ONEDNN_PRIMITIVE_CACHE_CAPACITY).
        width = -(-round(widest * (1 + 0.2 * max(0.0, padding - 0.4))) // 32) * 32
        targets = [[_LETTER[c] for c in text] for text in texts]
        yield (
            reading.batch(images, width),
            torch.tensor([c for target in targets for c in target]),
            torch.tensor([len(target) for target in targets]),
        )


def loss_of(network: Recogniser, images: torch.Tensor, targets: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    # Weights stay float32; the products in bfloat16 take little more than half the time where a processor has them.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        said = network(images)
    said = said.float().log_softmax(2).transpose(0, 1)
    steps = torch.full((said.shape[1],), said.shape[0])
    each = functional.ctc_loss(said, targets, steps, lengths, reduction="none", zero_infinity=True)
    return (each / lengths.clamp(min=4) ** 0.5).mean()


def _by_pace(network: Recogniser) -> list[dict[str, Any]]:
    """The trunk arrives trained, its normalisation folded into weights whose sizes differ a thousandfold: each of its
    tensors moves in proportion to its own size (0.2 % a step at most), what is new at the full rate."""
    new = {id(parameter) for parameter in (*network.along.parameters(), *network.head.parameters())}
    return [
        {
            "params": [parameter],
            "weight_decay": 0.01 if parameter.ndim > 1 and id(parameter) in new else 0.0,
            "pace": 1.0 if id(parameter) in new else 2.0 * max(0.002, float(parameter.detach().square().mean().sqrt())),
        }
        for parameter in network.parameters()
    ]


class Helper:
    """A second process that works out gradients of its own lines on slightly older weights, at the lowest priority."""

    def __init__(self, network: Recogniser, queue: Any) -> None:
        context = torch.multiprocessing.get_context("spawn")
        self._weights = _flat(network).share_memory_()
        self._gradient = torch.zeros_like(self._weights).share_memory_()
        self._told = torch.zeros(2).share_memory_()  # lines, mean loss
        self._full, self._free = context.Event(), context.Event()
        self._free.set()
        state = (self._weights, self._gradient, self._told, self._full, self._free)
        context.Process(target=_help, args=(queue, *state), daemon=True).start()

    def offer(self, network: Recogniser) -> None:
        self._weights.copy_(_flat(network))

    def add_to(self, network: Recogniser) -> tuple[int, float]:
        """Adds what it has worked out to the gradients; lines and loss, (0, 0) when it is not ready."""
        if not self._full.is_set():
            return 0, 0.0
        at = 0
        for parameter in network.parameters():
            assert parameter.grad is not None
            parameter.grad += self._gradient[at : at + parameter.numel()].view_as(parameter)
            at += parameter.numel()
        lines_seen, loss = self._told.tolist()
        self._full.clear()
        self._free.set()
        return int(lines_seen), loss


def _flat(network: Recogniser) -> torch.Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in network.parameters()])


@torch.no_grad()
def _set_flat(network: Recogniser, weights: torch.Tensor) -> None:
    at = 0
    for parameter in network.parameters():
        parameter.copy_(weights[at : at + parameter.numel()].view(parameter.shape))
        at += parameter.numel()


def _help(queue: Any, weights: Any, gradient: Any, told: Any, full: Any, free: Any) -> None:
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {os.cpu_count() - 1})
    os.nice(12)
    network = Recogniser(1 + len(ALPHABET)).to(memory_format=torch.channels_last)
    source = batches(queue)
    while True:
        _set_flat(network, weights)
        network.zero_grad(set_to_none=True)
        count, total = 0, 0.0
        for _ in range(_ACCUMULATED):
            loss = loss_of(network, *(some := next(source)))
            (loss / _ACCUMULATED).backward()
            count, total = count + len(some[2]), total + loss.item()
        free.wait()
        free.clear()
        gradient.copy_(torch.cat([p.grad.reshape(-1) for p in network.parameters()]))
        told[0], told[1] = count, total / _ACCUMULATED
        full.set()


def rate_at(share: float, step: int, top: float) -> float:
    """Up over 200 steps, flat, then down by a cosine in the last three tenths of the run."""
    rising = min(1.0, 0.02 + step / 200)
    falling = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, (share - 0.7) / 0.3))))
    return top * rising * falling


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--fonts", type=Path, required=True, help="JSON: {train: {family: [files]}, held_out: {…}, zone: [files]}"
    )
    parser.add_argument(
        "--start",
        type=Path,
        required=True,
        help="PP-OCRv6 tiny's rec.onnx, a checkpoint (.pt), or ocr/models/vi_rec/inference.onnx",
    )
    parser.add_argument("--cards", help="directory of lines cut from photographed specimens")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.6e-3)
    parser.add_argument("--helper", action="store_true", help="a second process on the last core, at low priority")
    parser.add_argument("--producers", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)  # what CTC says of impossible letters is smaller than a processor likes
    if options.threads == 1:
        os.sched_setaffinity(0, {0})
    options.out.mkdir(parents=True, exist_ok=True)
    fonts = json.loads(options.fonts.read_text())
    spawn = multiprocessing.get_context("spawn")
    queue: Any = spawn.Queue(24)
    for i in range(options.producers):
        spawn.Process(
            target=produce,
            args=(queue, fonts["train"], fonts["zone"], options.seed * 1000 + i, options.cards),
            daemon=True,
        ).start()
    unseen = unseen_lines(fonts, 400)
    if options.start.suffix == ".pt":
        network = Recogniser(1 + len(ALPHABET))
        network.load_state_dict(torch.load(options.start)["average"])
    elif options.start.parent.name == "vi_rec":
        network = resumed_from(options.start, 1 + len(ALPHABET))
    else:
        network = started_from(options.start, ALPHABET)
    network = network.to(memory_format=torch.channels_last)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.AdamW(_by_pace(network), betas=(0.9, 0.98))
    helper = Helper(network, queue) if options.helper else None
    began = told = saved = time.monotonic()
    running, seen, step = 0.0, 0, 0
    for micro, (images, targets, lengths) in enumerate(batches(queue), 1):
        share = (time.monotonic() - began) / (options.minutes * 60)
        loss = loss_of(network, images, targets, lengths)
        (loss / _ACCUMULATED).backward()
        seen += len(lengths)
        running = loss.item() if running == 0.0 else 0.99 * running + 0.01 * loss.item()
        if micro % _ACCUMULATED == 0:
            if helper is not None:
                seen += helper.add_to(network)[0]
            for group in optimizer.param_groups:
                group["lr"] = rate_at(share, step, options.rate) * group["pace"]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if helper is not None:
                helper.offer(network)
            decay = min(0.998, step / (step + 20))
            with torch.no_grad():
                for name, value in network.state_dict().items():
                    average[name].lerp_(value, 1 - decay)
        now = time.monotonic()
        if now - told > 60:
            told = now
            print(
                f"{share:6.1%} lines {seen} {seen / (now - began):.0f}/s loss {running:.4f} queue {queue.qsize()}",
                flush=True,
            )
        if now - saved > 420 or share >= 1:
            saved = now
            torch.save({"average": average, "network": network.state_dict()}, options.out / "last.pt")
            judged = Recogniser(1 + len(ALPHABET))
            judged.load_state_dict(average)
            exact, errors, wrong = reading.judge(judged.eval().to(memory_format=torch.channels_last), unseen)
            print(f"      unseen fonts: exact {exact:.2%} cer {errors:.3%}; e.g. {wrong[:4]}", flush=True)
        if share >= 1:
            break
    sys.exit(0)


def unseen_lines(fonts: dict[str, Any], count: int) -> list[lines.Line]:
    """Lines in typefaces that training never draws."""
    dice = random.Random(424_242)
    faces = lines.Typefaces(
        {name: [Path(file) for file in files] for name, files in fonts["held_out"].items()},
        [Path(z) for z in fonts["zone"]],
    )
    return [lines.draw(dice, faces, hardness=0.6) for _ in range(count)]


if __name__ == "__main__":
    main()
