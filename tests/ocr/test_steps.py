"""What can be asked of a line's steps, held against counting every path."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr.steps import Steps

LETTERS = "ab1 "


def collapsed(path: tuple[int, ...]) -> str:
    kept = [c for i, c in enumerate(path) if c and (i == 0 or c != path[i - 1])]
    return "".join(LETTERS[c - 1] for c in kept)


def counted(probabilities: np.ndarray, text: str) -> float:
    """The definition: every path that collapses to the text."""
    classes = range(probabilities.shape[1])
    return sum(
        math.prod(float(probabilities[t, c]) for t, c in enumerate(path))
        for path in itertools.product(classes, repeat=len(probabilities))
        if collapsed(path) == text
    )


def some(seed: int, steps: int = 5) -> np.ndarray:
    rows = np.random.default_rng(seed).gamma(0.5, size=(steps, 1 + len(LETTERS))).astype(np.float32) + 1e-3
    return rows / rows.sum(1, keepdims=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["a", "aa", "ab", "a1b", "bb a", "b"]))
def test_a_texts_likelihood_is_the_sum_over_its_paths(seed: int, text: str) -> None:
    probabilities = some(seed)
    told = math.exp(Steps.of(probabilities, LETTERS).likelihood(text))
    assert told == pytest.approx(counted(probabilities, text), rel=1e-3)


def test_what_does_not_fit_has_no_likelihood() -> None:
    steps = Steps.of(some(1, steps=2), LETTERS)
    assert steps.likelihood("aa") == -math.inf, "equal neighbours need a blank between them"
    assert steps.likelihood("") == -math.inf
    assert steps.likelihood("ç") == -math.inf
    assert not steps.knows("ç")


def certain(text: str, *, blanks: bool = True) -> Steps:
    rows: list[list[float]] = []
    for letter in text:
        row = [0.0] * (1 + len(LETTERS))
        row[1 + LETTERS.index(letter)] = 1.0
        rows += [row, [1.0] + [0.0] * len(LETTERS)] if blanks else [row]
    return Steps.of(np.array(rows, np.float32), LETTERS)


def test_the_best_text_and_where_it_stands() -> None:
    steps = certain("ab 1")
    assert steps.best() == ("ab 1", pytest.approx(1.0))
    text, places = steps.spans()
    assert text == "ab 1"
    assert places[0] == (0.0, 1 / 8)
    assert places[3] == (6 / 8, 7 / 8)


def test_fewer_letters_are_the_only_ones_read() -> None:
    rows = some(3, steps=1) * 0
    rows[0] = [0.0, 0.6, 0.0, 0.4, 0.0]  # an a that may be a 1
    steps = Steps.of(rows, LETTERS)
    assert steps.best()[0] == "a"
    assert steps.best("1")[0] == "1"
    assert steps.best("1")[1] == pytest.approx(0.4, rel=1e-3)


def test_pieces_and_joined_lines() -> None:
    steps = certain("ab")
    assert steps.piece(0.0, 0.5).best()[0] == "a"
    assert steps.piece(0.5, 1.0).best()[0] == "b"
    both = steps.then(certain("1"))
    assert both.best()[0] == "ab 1"
    assert math.exp(both.likelihood("ab 1")) == pytest.approx(1.0, rel=1e-2)


def test_looks_together_are_their_geometric_mean() -> None:
    one, other = some(1), some(2)
    mean = np.sqrt(one * other)
    together = Steps.together([Steps.of(one, LETTERS), Steps.of(other, LETTERS)])
    told = math.exp(together.likelihood("ab"))
    assert told == pytest.approx(counted(mean / mean.sum(1, keepdims=True), "ab"), rel=1e-3)
