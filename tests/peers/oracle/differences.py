"""The differences that are meant, each with the sentence that allows it: read from `differences.toml`.

`python -m tests.peers.oracle.differences` writes `docs/oracle.md` from them.
"""

import tomllib
from pathlib import Path
from typing import NamedTuple

import msgspec

_FILE = Path(__file__).with_name("differences.toml")


class Found(NamedTuple):
    """One part of one answer that differs; "" where it is absent."""

    request: str
    part: str
    ours: str
    theirs: str


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each of the `requests` differs in each of the `answers`, which are [part, ours, theirs]."""

    requests: list[str]
    answers: list[tuple[str, str, str]]


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reason, the sentence that allows it (`says`, in `source`), and all it explains."""

    why: str
    source: str
    says: str
    cases: list[Case]


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    difference: list[Difference] = []


def reasons() -> list[Difference]:
    return msgspec.convert(tomllib.loads(_FILE.read_text(encoding="utf-8")), _Listed).difference


def listed() -> set[Found]:
    """Every difference that has its reason; one has one reason only."""
    every = [
        Found(request, *answer)
        for one in reasons()
        for case in one.cases
        for request in case.requests
        for answer in case.answers
    ]
    assert len(every) == len(set(every)), "a difference is listed twice"
    return set(every)


_PAGE = Path(__file__).parents[3] / "docs/oracle.md"
_HEAD = """# Beside another issuer

npm `oidc-provider` 9 and a running server of ours get the same {requests} requests: `tests/peers/oracle/`. Status, error code, where the
browser is led and with which parameters, the members of the answer and the headers that matter are compared by `tests/peers/test_oracle.py`.
Where they differ, a sentence lets them; a difference that is not listed fails the test, and so does one that is listed and no longer there.
Made from `tests/peers/oracle/differences.toml`; do not edit.
"""


def page(requests: int) -> str:
    """The differences for people to read; the same answer to several requests stands once."""
    lines = [_HEAD.format(requests=requests)]
    for one in reasons():
        lines += [f"## {one.source}\n", f"{one.why}\n", f"> {one.says}\n"]
        lines += ["| asked | ours | `oidc-provider` |", "|---|---|---|"]
        for case in one.cases:
            ours = [_cell(part, here) for part, here, _ in case.answers]
            theirs = [_cell(part, there) for part, _, there in case.answers]
            lines.append(f"| {'<br>'.join(case.requests)} | {'<br>'.join(ours)} | {'<br>'.join(theirs)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(part: str, said: str) -> str:
    return f"{part} `{said}`" if said else f"no {part}"


if __name__ == "__main__":
    from tests.peers.oracle.requests import REQUESTS

    _PAGE.write_text(page(len(REQUESTS)), encoding="utf-8")
