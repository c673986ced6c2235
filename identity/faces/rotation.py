"""The secret turn that searchable vectors get: distances stay, elsewhere they mean nothing (ISO/IEC 24745)."""

import hashlib
import math
from collections.abc import Sequence
from operator import mul
from statistics import NormalDist


class Rotation:
    """A random orthogonal transform of `dimension` dimensions, the same for the same 32-byte key on every machine.

    A product of Householder reflections of growing random vectors, which is uniform over all orthogonal transforms, as
    the QR decomposition of a normal matrix is (Stewart 1980), but needs no linear algebra library. Applying it takes
    about a millisecond in 128 dimensions. `name` tells vectors of different keys apart and reveals nothing of the key.
    """

    def __init__(self, key: bytes, dimension: int) -> None:
        self.name = hashlib.sha256(b"name of a face rotation" + key).hexdigest()[:16]
        normals = _normals(key, dimension * (dimension + 1) // 2)
        at = 0
        self._reflections: list[tuple[int, list[float]]] = []
        self._signs: list[float] = []
        for size in range(1, dimension + 1):
            direction = normals[at : at + size]
            at += size
            self._signs.append(math.copysign(1.0, direction[0]))
            # The reflection that takes the first axis of the last `size` dimensions to the random direction.
            direction[0] += math.copysign(math.hypot(*direction), direction[0])
            length = math.hypot(*direction)
            self._reflections.append((dimension - size, [math.sqrt(2) * x / length for x in direction]))

    def turn(self, vector: Sequence[float]) -> list[float]:
        """The vector's turned image, of the same length."""
        turned = list(vector)
        for start, mirror in self._reflections:
            part = turned[start:]
            along = sum(map(mul, mirror, part))
            turned[start:] = [x - along * m for x, m in zip(part, mirror, strict=True)]
        return [x * sign for x, sign in zip(turned, reversed(self._signs), strict=True)]


def _normals(key: bytes, count: int) -> list[float]:
    """Normally distributed numbers from the key's own stream (SHAKE-256)."""
    stream = hashlib.shake_256(b"face rotation v1" + key).digest(8 * count)
    inverse = NormalDist().inv_cdf
    words = (int.from_bytes(stream[i : i + 8]) >> 11 for i in range(0, len(stream), 8))
    return [inverse((word + 0.5) / 2**53) for word in words]
