"""The gallery in memory, 128 bits a face: picks the few faces worth an exact comparison, and is never the truth itself.

Of vectors turned at random (`rotation`) the share of signs that differ estimates the angle between them, so the secret
turn is the index's hash as well (Charikar 2002); of longer vectors the first 128 dimensions, turned from all of them, do. 32
bytes a face; whatever it names is confirmed by the gallery's row.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# As `store.changes` packs them; a face that is gone has no bits.
_PACKED: Final = np.dtype([("number", ">i8"), ("bits", ">i4"), ("low", "u8"), ("high", "u8")])

# So many of the nearest by signs alone are ranked again with the probe's own numbers.
_RANKED: Final = 8192
# Recent changes stand apart until there are so many: sorting all faces anew for each would cost what a search may.
_RECENT: Final = 4096
# A block of the scan stays in a core's own cache.
_BLOCK: Final = 32768
_DEAD: Final = 255

_SIGNS_KEPT: Final = 128
# What each byte means: eight signs.
_SIGNS: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32) * 2 - 1


class Nearby(NamedTuple):
    """The change numbers of the nearest faces, in no order, and among how many they are the nearest."""

    numbers: list[int]
    searched: int


class Changes(NamedTuple):
    """Faces put into the gallery or, `kept` being false, taken out; in the order in which that happened."""

    keys: NDArray[np.int64]
    numbers: NDArray[np.int64]
    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    kept: NDArray[np.bool_]

    @classmethod
    def of(cls, refs: Sequence[str], packed: bytes) -> "Changes":
        """As the database gives them: per face its number, the count of its sign bits, the bits."""
        read = np.frombuffer(packed, _PACKED)
        return cls(
            _keys(refs), read["number"].astype(np.int64), read["low"].copy(), read["high"].copy(), read["bits"] > 0
        )


class SignIndex:
    """The signs of every face of one rotation, up to change number `upto`; to be used by one at a time."""

    def __init__(self) -> None:
        self.upto = 0
        self._settled = self._recent = _Part.empty()

    def __len__(self) -> int:
        return len(self._settled) + len(self._recent)

    @property
    def size_bytes(self) -> int:
        return self._settled.size_bytes + self._recent.size_bytes

    def apply(self, pages: Sequence[Changes], upto: int) -> None:
        """Brings the index up to a change number, by everything that changed since the last one."""
        changes = Changes(*(np.concatenate(column) for column in zip(*pages, strict=True))) if pages else None
        if changes is not None:
            keys = changes.keys
            # The first from behind is the last: what became of the person in the end.
            people, last = np.unique(keys[::-1], return_index=True)
            self._settled.strike(people)
            self._recent.strike(people)
            last = len(keys) - 1 - last
            last = last[changes.kept[last]]
            fresh = _Part(keys[last], changes.numbers[last], changes.low[last], changes.high[last])
            self._recent = _Part.joined(self._recent, fresh)
            if len(self._recent) + len(self._settled.dead) > _RECENT:
                self._settled, self._recent = _Part.joined(self._settled, self._recent), _Part.empty()
        self.upto = upto

    def nearest(self, probe: Sequence[float], *, among: Collection[str] | None, count: int) -> Nearby:
        """About the `count` faces nearest to the turned vector, of the people named (each once), or of all."""
        turned = np.asarray(probe[:_SIGNS_KEPT], np.float32)
        # In order, for bisection then goes through memory in one direction.
        keys = None if among is None else np.sort(_keys(among))
        found = [
            part.nearest(turned, None if keys is None else part.places(keys)) for part in (self._settled, self._recent)
        ]
        numbers = np.concatenate([part.numbers for part in found])
        scores = np.concatenate([part.scores for part in found])
        if len(scores) > count:
            numbers = numbers[np.argpartition(-scores, count)[:count]]
        return Nearby(numbers.tolist(), sum(part.searched for part in found))


class _Scored(NamedTuple):
    numbers: NDArray[np.int64]
    scores: NDArray[np.float32]
    searched: int


class _Part:
    """Faces in the order of their keys, so that people are found among them by bisection."""

    def __init__(
        self,
        keys: NDArray[np.int64],
        numbers: NDArray[np.int64],
        low: NDArray[np.uint64],
        high: NDArray[np.uint64],
    ) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._numbers, self._low, self._high = keys[order], numbers[order], low[order], high[order]
        self.dead = np.empty(0, np.intp)

    @classmethod
    def empty(cls) -> "_Part":
        none = np.empty(0, np.int64)
        return cls(none, none, none.astype(np.uint64), none.astype(np.uint64))

    @classmethod
    def joined(cls, one: "_Part", other: "_Part") -> "_Part":
        """Both, without the dead."""
        a, b = one._numbers != 0, other._numbers != 0
        return cls(
            np.concatenate([one._keys[a], other._keys[b]]),
            np.concatenate([one._numbers[a], other._numbers[b]]),
            np.concatenate([one._low[a], other._low[b]]),
            np.concatenate([one._high[a], other._high[b]]),
        )

    def __len__(self) -> int:
        return len(self._keys) - len(self.dead)

    @property
    def size_bytes(self) -> int:
        return self._keys.nbytes + self._numbers.nbytes + self._low.nbytes + self._high.nbytes + self.dead.nbytes

    def places(self, keys: NDArray[np.int64]) -> NDArray[np.intp]:
        """Where the living among these people stand."""
        if not len(self._keys):
            return np.empty(0, np.intp)
        at = np.searchsorted(self._keys, keys)
        at = at[np.take(self._keys, at, mode="clip") == keys]
        return at[self._numbers[at] != 0]

    def strike(self, keys: NDArray[np.int64]) -> None:
        """These people's faces count no longer."""
        gone = self.places(keys)
        self._numbers[gone] = 0
        self.dead = np.concatenate([self.dead, gone])

    def nearest(self, turned: NDArray[np.float32], places: NDArray[np.intp] | None) -> _Scored:
        """The faces at these places, or all, that signs alone do not rule out, scored by how near they are."""
        searched = len(self) if places is None else len(places)
        if searched > _RANKED:
            few = self._few(turned, places)
            places = few if places is None else places[few]
        elif places is None:
            places = np.flatnonzero(self._numbers)
        return _Scored(self._numbers[places], self._scores(turned, places), searched)

    def _few(self, turned: NDArray[np.float32], places: NDArray[np.intp] | None) -> NDArray[np.intp]:
        """About the `_RANKED` with the fewest signs that differ: positions among the given."""
        low, high = (self._low, self._high) if places is None else (self._low[places], self._high[places])
        distances = _differing(low, high, np.packbits(turned > 0).view(np.uint64))
        if places is None:
            distances[self.dead] = _DEAD
        # Keys are random, so is a sample of every so-manieth: no need to count all for a line that need not be exact.
        step = max(1, len(distances) // 16384)
        below = np.cumsum(np.bincount(distances[::step], minlength=_DEAD + 1)) * step
        line = min(int(np.searchsorted(below, _RANKED)), _DEAD - 1)
        return np.flatnonzero(distances <= line)

    def _scores(self, turned: NDArray[np.float32], places: NDArray[np.intp]) -> NDArray[np.float32]:
        """The inner product of the probe's numbers with each face's signs: twice as sure as signs against signs."""
        meaning = _SIGNS @ turned.reshape(16, 8).T
        scores = np.zeros(len(places), np.float32)
        for word, column in enumerate((self._low, self._high)):
            octets = column[places].view(np.uint8).reshape(-1, 8)
            for octet in range(8):
                scores += meaning[:, 8 * word + octet][octets[:, octet]]
        return scores


def _keys(refs: Collection[str]) -> NDArray[np.int64]:
    # Python's own keyed hash, 64 bits: two people with one key would hide one of them, never show a wrong one.
    return np.fromiter(map(hash, refs), np.int64, len(refs))


def _differing(low: NDArray[np.uint64], high: NDArray[np.uint64], probe: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """How many of the 128 signs differ from the probe's, for each face."""
    differing = np.empty(len(low), np.uint8)
    word, count = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint8)
    for start in range(0, len(low), _BLOCK):
        block = slice(start, min(start + _BLOCK, len(low)))
        size = block.stop - start
        np.bitwise_count(np.bitwise_xor(low[block], probe[0], out=word[:size]), out=differing[block])
        np.bitwise_count(np.bitwise_xor(high[block], probe[1], out=word[:size]), out=count[:size])
        differing[block] += count[:size]
    return differing
