"""A chip: its security object and four groups verified, beside the bare signatures and hashes of the same bytes.

    uv run python benchmarks/chip.py [--quick] [--json OUT]

DG1, DG2 with a 24 kB picture, DG13 and DG15 of a fictional holder, issued by a country that exists for this run only. Parsing
DER and CMS is ours and in Python; the floor is what no verifier can do without.
"""

import hashlib
import random
import statistics
import sys
import time
from collections.abc import Callable

from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from ocr import chip
from ocr.chip import certificates, security_object, signatures
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import NOW, Issue, KeyKind, Padding

_GOAL_MS = 5
_PICTURE_OCTETS = 24_000
_KINDS: tuple[tuple[str, KeyKind, Padding, str], ...] = (
    ("RSA 2048", "rsa", "pkcs1", "sha256"),
    ("RSA-PSS 2048", "rsa", "pss", "sha256"),
    ("P-256", "p256", "pkcs1", "sha256"),
    ("P-384", "p384", "pkcs1", "sha384"),
    ("brainpoolP256r1", "brainpool256", "pkcs1", "sha256"),
    ("brainpoolP384r1", "brainpool384", "pkcs1", "sha384"),
    ("brainpoolP512r1", "brainpool512", "pkcs1", "sha512"),
)


def _groups() -> dict[int, bytes]:
    noise = random.Random(1).randbytes(_PICTURE_OCTETS)
    groups = issuing.groups()
    return {1: groups[1], 2: issuing.dg2(issuing.face_record(b"\xff\xd8\xff" + noise)), 13: groups[13], 15: groups[15]}


def _p50_ms(ours: Callable[[], object], floor: Callable[[], object], times: int) -> tuple[float, float]:
    """Medians of processor time, the two taken in turns: a neighbour on the machine slows both alike."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for work, kept in zip((ours, floor), took, strict=True):
            began = time.process_time()
            work()
            kept.append((time.process_time() - began) * 1000)
    return statistics.median(took[0]), statistics.median(took[1])


def _measure(name: str, kind: KeyKind, pad: Padding, digest: str, times: int) -> Row:
    made = issuing.chain(kind).with_dsc(digest=digest, pad=pad)
    files, trust = issuing.files(Issue(chain=made, groups=_groups(), digest=digest, pad=pad)), made.trust()
    sod = security_object.read(files.sod)
    attributes, signer = security_object.signed_attributes(sod.signer), certificates.read(made.signer)
    authority = trust.authorities[0]
    how = signatures.scheme(sod.signer.algorithm, of_signer=signatures.digest(sod.signer.digest))
    data = [*files.received().values(), sod.content]

    def bare() -> None:
        assert signatures.holds(signer.key, how, sod.signer.signature, attributes.signed)
        assert signatures.holds(authority.key, signatures.scheme(signer.how_signed), signer.signature, signer.signed)
        for one in data:
            hashlib.sha256(one).digest()

    def whole() -> None:
        assert chip.read_chip(files, trust, at=NOW).verdict == "authentic"

    whole()
    ours, floor = _p50_ms(whole, bare, times)
    return Row(
        name=f"verify SOD and 4 groups, {name}, p50",
        value=ours,
        unit="ms of CPU",
        floor=floor,
        ratio=ours / floor,
        goal=f"≤ {_GOAL_MS} ms",
        holds=ours <= _GOAL_MS,
    )


def _active(name: str, kind: KeyKind, times: int) -> Row:
    """What a reply adds: the whole reading with one, beside the reading without."""
    made, private, nonce = issuing.chain(), issuing.key(kind, "chip"), chip.new_nonce()
    files, trust = issuing.files(Issue(chain=made, groups=issuing.groups(private))), made.trust()
    reply = chip.ActiveReply(nonce, issuing.answer(private, nonce))

    def answered() -> None:
        assert chip.read_chip(files, trust, at=NOW, reply=reply).cloned_checked == "pass"

    ours, floor = _p50_ms(answered, lambda: chip.read_chip(files, trust, at=NOW), times)
    return Row(
        name=f"the same with active authentication, {name} (floor: without)",
        value=ours,
        unit="ms of CPU",
        floor=floor,
        ratio=ours / floor,
    )


def main() -> None:
    options = arguments(__doc__ or "").parse_args()
    times = 100 if options.quick else 1_000
    rows = [_measure(*kind, times) for kind in track(_KINDS, description="chips")]
    rows += [_active("RSA 2048", "rsa", times), _active("P-256", "p256", times)]
    tell("chip", rows, options.json)
    if not all(row.holds for row in rows if row.holds is not None):
        sys.exit(1)


if __name__ == "__main__":
    main()
