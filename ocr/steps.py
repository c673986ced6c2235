"""What a recogniser said of a line step by step, and what can be asked of it: the best text, the best text in fewer
letters, how likely a known text is, a piece of the line.

Connectionist temporal classification (Graves et al. 2006): class 0 is the blank; a letter is a run of its class, and
equal neighbours need a blank between them.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 1e-7


class Steps:
    """Log probabilities of one line, float32 (steps, 1 + letters)."""

    __slots__ = ("_alphabet", "_logs")

    def __init__(self, logs: "NDArray[Any]", alphabet: str) -> None:
        self._logs, self._alphabet = logs, alphabet

    @classmethod
    def of(cls, probabilities: "NDArray[Any]", alphabet: str) -> "Steps":
        import numpy as np

        return cls(np.log(np.maximum(probabilities, _LEAST)), alphabet)

    @classmethod
    def together(cls, looks: "Sequence[Steps]") -> "Steps":
        """Several looks at one line, equally long, as one: the geometric mean at each step, which trusts no single look."""
        import numpy as np

        if len(looks) == 1:
            return looks[0]
        mean = np.mean([look._logs for look in looks], axis=0)
        mean -= np.log(np.exp(mean).sum(axis=1, keepdims=True))
        return cls(mean, looks[0]._alphabet)

    def __len__(self) -> int:
        return len(self._logs)

    def best(self, letters: str | None = None) -> tuple[str, float]:
        """The best path's text, with `letters` as the only ones allowed, and the path's probability."""
        text, log, _ = self._path(letters)
        return text.strip(), math.exp(log)

    def spans(self) -> tuple[str, list[tuple[float, float]]]:
        """The best text, unstripped, and where along the line each letter begins and ends, 0 to 1."""
        text, _, places = self._path(None)
        return text, [(start / len(self._logs), end / len(self._logs)) for start, end in places]

    def piece(self, start: float, end: float) -> "Steps":
        """The part of the line between two places, 0 to 1."""
        size = len(self._logs)
        return Steps(self._logs[round(start * size) : max(round(start * size) + 1, round(end * size))], self._alphabet)

    def then(self, other: "Steps") -> "Steps":
        """Two lines as one, a space between them."""
        import numpy as np

        gap = np.full((1, self._logs.shape[1]), math.log(_LEAST), dtype=np.float32)
        gap[0, 1 + self._alphabet.index(" ")] = 0.0
        return Steps(np.concatenate([self._logs, gap, other._logs]), self._alphabet)

    def knows(self, text: str) -> bool:
        """Whether every letter of a text is one that this recogniser can say."""
        return all(letter in self._alphabet for letter in text)

    def likelihood(self, text: str) -> float:
        """Log probability of exactly this text, over all its paths (the forward pass); -inf when it cannot fit."""
        import numpy as np

        if not text or not self.knows(text):
            return -math.inf
        classes = [0]
        for letter in text:
            classes += [1 + self._alphabet.index(letter), 0]
        states = len(classes)
        emitted = self._logs[:, classes]
        skips = np.array(
            [i >= 2 and classes[i] != 0 and classes[i] != classes[i - 2] for i in range(states)], dtype=bool
        )
        never = -1e9
        forward = np.full(states, never, dtype=np.float64)
        forward[:2] = emitted[0, :2]
        shifted, skipped = np.full(states, never), np.full(states, never)
        for step in emitted[1:]:
            shifted[1:] = forward[:-1]
            skipped[2:] = np.where(skips[2:], forward[:-2], never)
            forward = np.logaddexp(np.logaddexp(forward, shifted), skipped) + step
        total = float(np.logaddexp(forward[-1], forward[-2]))
        return total if total > never / 2 else -math.inf

    def _path(self, letters: str | None) -> tuple[str, float, list[tuple[int, int]]]:
        import numpy as np

        if letters is None:
            logs, names = self._logs, self._alphabet
        else:
            columns = [0, *(1 + self._alphabet.index(letter) for letter in letters)]
            logs, names = self._logs[:, columns], letters
        classes = logs.argmax(1)
        log = float(logs[np.arange(len(logs)), classes].sum())
        text: list[str] = []
        places: list[tuple[int, int]] = []
        before = 0
        for at, each in enumerate(classes.tolist()):
            if each and each != before:
                text.append(names[each - 1])
                places.append((at, at + 1))
            elif each:
                places[-1] = (places[-1][0], at + 1)
            before = each
        return "".join(text), log, places
