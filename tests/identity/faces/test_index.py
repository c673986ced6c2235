"""The index alone, against an exact search; the database's part is in `test_store.py`."""

import numpy as np
import pytest
from numpy.typing import NDArray

from identity.faces.index import Changes, SignIndex

PEOPLE = 30_000


def packed(vectors: NDArray[np.float32], first: int = 1) -> bytes:
    """As the database packs them: number, count of sign bits, signs."""
    signs = np.packbits(vectors > 0, axis=1)
    return b"".join(number.to_bytes(8) + (128).to_bytes(4) + face.tobytes() for number, face in enumerate(signs, first))


def gone(number: int) -> bytes:
    return number.to_bytes(8) + bytes(20)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def faces() -> NDArray[np.float32]:
    """Strangers in families of ten, whose members' cosine is about 0.4."""
    chance = np.random.default_rng(5)
    families = np.repeat(chance.normal(size=(PEOPLE // 10, 128)), 10, axis=0)
    return unit(0.63 * families + 0.77 * chance.normal(size=(PEOPLE, 128)))


@pytest.fixture
def index(faces: NDArray[np.float32]) -> SignIndex:
    made = SignIndex()
    half = PEOPLE // 2
    pages = [
        Changes.of(refs(range(half)), packed(faces[:half])),
        Changes.of(refs(range(half, PEOPLE)), packed(faces[half:], half + 1)),
    ]
    made.apply(pages, PEOPLE)
    return made


def refs(numbers: "range | list[int]") -> list[str]:
    return [f"person-{number}" for number in numbers]


def photos(faces: NDArray[np.float32], who: NDArray[np.int64], cosine: float) -> NDArray[np.float32]:
    """Another photo of each."""
    noise = unit(np.random.default_rng(6).normal(size=(len(who), 128)))
    return unit(cosine * faces[who] + np.sqrt(1 - cosine**2) * noise)


def first_of(index: SignIndex, faces: NDArray[np.float32], probe: NDArray[np.float32], among: list[str] | None) -> int:
    """The nearest by an exact comparison of the candidates: its row among the faces."""
    rows = np.array(index.nearest(probe.tolist(), among=among, count=100).numbers) - 1
    return int(rows[np.argmax(faces[rows] @ probe)])


def test_the_first_of_an_exact_search_is_among_the_candidates(index: SignIndex, faces: NDArray[np.float32]) -> None:
    who = np.random.default_rng(7).integers(0, PEOPLE, 500)
    probes = photos(faces, who, 0.8)
    exact = np.argmax(probes @ faces.T, axis=1)
    found = [first_of(index, faces, probe, None) for probe in probes]
    assert np.mean(found == exact) >= 0.998
    assert index.nearest(probes[0].tolist(), among=None, count=100).searched == PEOPLE


@pytest.mark.parametrize("size", [50, 5000, 20_000])
def test_a_scope_is_searched_as_a_gallery_of_its_own(index: SignIndex, faces: NDArray[np.float32], size: int) -> None:
    chance = np.random.default_rng(size)
    scope = np.sort(chance.choice(PEOPLE, size, replace=False))
    among = [*refs(scope.tolist()), "never-enrolled"]
    who = chance.choice(scope, 100)
    probes = photos(faces, who, 0.8)
    exact = scope[np.argmax(probes @ faces[scope].T, axis=1)]
    assert [first_of(index, faces, probe, among) for probe in probes] == exact.tolist()
    # Those of whom there are better likenesses outside stay outside.
    for probe in photos(faces, np.setdiff1d(np.arange(100), scope), 0.9):
        nearby = index.nearest(probe.tolist(), among=among, count=100)
        assert nearby.searched == size
        assert set(nearby.numbers) <= set((scope + 1).tolist())


def test_nobody_is_near_where_nobody_is(faces: NDArray[np.float32], index: SignIndex) -> None:
    empty = SignIndex()
    assert empty.nearest(faces[0].tolist(), among=None, count=100) == ([], 0)
    assert empty.nearest(faces[0].tolist(), among=["person-1"], count=100) == ([], 0)
    assert index.nearest(faces[0].tolist(), among=[], count=100) == ([], 0)
    assert index.nearest(faces[0].tolist(), among=["never-enrolled"], count=100) == ([], 0)


def test_changes_are_taken_up_in_their_order(index: SignIndex, faces: NDArray[np.float32]) -> None:
    after = PEOPLE
    # Put anew, taken out, taken out and put back, put and taken out in one page.
    others = photos(faces, np.arange(4), 0.1)
    page = [
        ("person-0", packed(others[:1], after + 1)),
        ("person-1", gone(after + 2)),
        ("person-2", gone(after + 3)),
        ("person-2", packed(others[2:3], after + 4)),
        ("new", packed(others[3:], after + 5)),
        ("new", gone(after + 6)),
    ]
    names, bodies = zip(*page, strict=True)
    index.apply([Changes.of(names, b"".join(bodies))], after + 6)
    assert index.upto == after + 6
    assert len(index) == PEOPLE - 1

    def near(probe: NDArray[np.float32], *among: str) -> list[int]:
        return index.nearest(probe.tolist(), among=among or None, count=100).numbers

    assert near(others[0], "person-0") == [after + 1]
    assert near(others[0], "person-1", "new") == []
    assert near(others[2], "person-2") == [after + 4]
    everybody = {number for face in (*faces[:3], *others) for number in near(face)}
    assert not everybody & {1, 2, 3, after + 2, after + 3, after + 5, after + 6}


def test_after_many_changes_it_is_as_one_built_anew(faces: NDArray[np.float32]) -> None:
    # Recent faces are sorted in now and then, and the dead left out: nobody may be lost or doubled by it.
    kept, number = SignIndex(), 0
    standing: dict[int, int] = {}
    chance = np.random.default_rng(9)
    for _ in range(12):
        names, bodies = list[str](), list[bytes]()
        for person in chance.integers(0, 3000, 1500).tolist():
            number += 1
            names.append(f"person-{person}")
            if person in standing and chance.random() < 0.4:
                del standing[person]
                bodies.append(gone(number))
            else:
                standing[person] = number
                bodies.append(packed(faces[person : person + 1], number))
        kept.apply([Changes.of(names, b"".join(bodies))], number)
    assert len(kept) == len(standing)
    everybody = kept.nearest(faces[0].tolist(), among=None, count=PEOPLE).numbers
    assert sorted(everybody) == sorted(standing.values())
    for person in range(0, 3000, 100):
        alone = kept.nearest(faces[0].tolist(), among=[f"person-{person}"], count=100).numbers
        assert alone == ([standing[person]] if person in standing else [])


def test_a_face_takes_32_bytes(index: SignIndex) -> None:
    assert index.size_bytes == 32 * PEOPLE
