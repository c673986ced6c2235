"""The secret turn keeps every distance and nothing else."""

import math
import random

import pytest

from identity.faces.rotation import Rotation

DIMENSION = 128


def vectors(count: int, seed: int = 4) -> list[list[float]]:
    chance = random.Random(seed)
    return [[chance.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(count)]


def test_lengths_and_distances_stay() -> None:
    turn = Rotation(b"k" * 32, DIMENSION).turn
    for one, two in zip(vectors(20), vectors(20, seed=5), strict=True):
        assert math.hypot(*turn(one)) == pytest.approx(math.hypot(*one))
        assert math.dist(turn(one), turn(two)) == pytest.approx(math.dist(one, two))


def test_the_turn_is_linear_so_it_is_orthogonal() -> None:
    turn = Rotation(b"k" * 32, DIMENSION).turn
    one, two = vectors(2)
    both = [x + 3 * y for x, y in zip(one, two, strict=True)]
    assert turn(both) == pytest.approx([x + 3 * y for x, y in zip(turn(one), turn(two), strict=True)])


def test_longer_vectors_are_turned_as_well() -> None:
    chance = random.Random(4)
    one, two = ([chance.gauss(0, 1) for _ in range(512)] for _ in range(2))
    turn = Rotation(b"k" * 32, 512).turn
    assert math.dist(turn(one), turn(two)) == pytest.approx(math.dist(one, two))
    # The index keeps the first 128 dimensions: they must not be those of the vector itself.
    assert math.dist(turn(one)[:128], one[:128]) > 5


def test_the_same_key_turns_alike_on_every_machine() -> None:
    first = [1.0] + [0.0] * (DIMENSION - 1)
    assert Rotation(bytes(range(32)), DIMENSION).turn(first) == Rotation(bytes(range(32)), DIMENSION).turn(first)
    assert Rotation(bytes(range(32)), DIMENSION).turn(first)[:3] == pytest.approx(PINNED, abs=1e-12)


def test_another_key_turns_to_somewhere_unrelated() -> None:
    (one,) = vectors(1)
    a, b = Rotation(b"a" * 32, DIMENSION), Rotation(b"b" * 32, DIMENSION)
    assert a.name != b.name
    cosine = sum(x * y for x, y in zip(a.turn(one), b.turn(one), strict=True)) / math.hypot(*one) ** 2
    assert abs(cosine) < 0.4
    assert abs(sum(x * y for x, y in zip(a.turn(one), one, strict=True)) / math.hypot(*one) ** 2) < 0.4


# Changes only when the transform does, and then every stored vector is lost.
PINNED = [0.04321571825928339, 0.144472770134563, -0.04660400969581835]
