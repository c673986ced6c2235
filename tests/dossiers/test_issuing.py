"""A result is signed once: the same bytes ever after for everybody, anew when it is corrected, never by a seal that is not there."""

import asyncio
from io import BytesIO

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from dossiers.feeding import feed
from kit import pades
from kit.pades import TimestampsAway
from kit.seals import FileSeals
from tests.dossiers import steps
from tests.dossiers.test_papers import text_of

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


async def approved(city, *names):
    """A dossier with these results, and where each is downloaded."""
    dossier = await steps.submitted(await city.signed_in("parent"))
    for name in names:
        await steps.decide(city, dossier, name)
    return dossier, [f"/v1/dossiers/{dossier['id']}/results/{name}" for name in names]


async def kept(city, dossier, name):
    async with city.house.db.connect() as conn:
        found = await conn.exec_driver_sql(
            "select pdf, signer from signed_results where branch_id = %(id)s order by made_at",
            {"id": steps.branch(dossier, name)["id"]},
        )
        return [(bytes(pdf), signer) for pdf, signer in found]


def signature(pdf):
    (found,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    return found


async def test_every_kind_of_result_is_signed_by_its_own_office_and_served_as_it_was_signed(city):
    parent = await city.signed_in("parent")
    dossier, paths = await approved(city, "birth", "residence", "insurance", "identity_card")
    signers = set()
    for name, path in zip(("birth", "residence", "insurance", "identity_card"), paths, strict=True):
        first = (await parent.get(path, expect=200)).content
        found = signature(first)
        signer = found.signer_cert.subject.native["common_name"]
        signers.add(signer)
        assert found.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        said = text_of(first)
        assert "Thời gian ký:" in said
        assert signer.split(",")[0] in said
        assert (await parent.get(path, expect=200)).content == first
        assert await kept(city, dossier, name) == [(first, signer)]
    assert len(signers) == 3, "the ward, its police (two results) and the insurance"


async def test_the_worker_signs_before_anybody_asks_and_the_desk_is_served_the_same(city):
    dossier, (path,) = await approved(city, "birth")
    assert await kept(city, dossier, "birth") == []
    await feed(city.house)
    await city.house.jobs.work(until_idle=True)
    ((pdf, _),) = await kept(city, dossier, "birth")
    parent, officer = await city.signed_in("parent"), await city.signed_in("civil_status")
    mine = (await parent.get(path, expect=200)).content
    desk = f"/v1/desk/branches/{steps.branch(dossier, 'birth')['id']}/result"
    assert mine == pdf
    assert (await officer.get(desk, expect=200)).content == mine


async def test_of_many_who_ask_at_once_all_get_the_same_bytes(city):
    dossier, (path,) = await approved(city, "birth")
    parent = await city.signed_in("parent")
    answers = await asyncio.gather(*(parent.get(path, expect=200) for _ in range(6)))
    assert len({answer.content for answer in answers}) == 1
    assert len(await kept(city, dossier, "birth")) == 1


async def test_a_corrected_result_is_signed_anew_and_the_one_before_is_kept(city):
    dossier, paths = await approved(city, "birth", "insurance")
    parent, officer = await city.signed_in("parent"), await city.signed_in("insurance")
    first = (await parent.get(paths[1], expect=200)).content
    await parent.post(
        f"/v1/dossiers/{dossier['id']}/branches/insurance/correction",
        json={"reason": "Số thẻ in sai một chữ số."},
        expect=200,
    )
    await officer.post(
        f"/v1/desk/branches/{steps.branch(dossier, 'insurance')['id']}/corrected-result",
        json={"reason": "Đã sửa số thẻ cho đúng sổ.", "result": {"card_number": "TE1797926000999"}},
        expect=201,
    )
    second = (await parent.get(paths[1], expect=200)).content
    assert second != first
    assert "TE1797926000999" in text_of(second)
    assert [pdf for pdf, _ in await kept(city, dossier, "insurance")] == [first, second]


async def test_a_signed_paper_cannot_be_changed_in_the_database(city):
    dossier, (path,) = await approved(city, "birth")
    await (await city.signed_in("parent")).get(path, expect=200)
    with pytest.raises(Exception, match="never changed"):
        async with city.house.db.begin() as conn:
            await conn.exec_driver_sql(
                "update signed_results set signer = 'x' where branch_id = %(id)s",
                {"id": steps.branch(dossier, "birth")["id"]},
            )


async def test_without_a_seal_or_its_timestamp_nothing_unsigned_leaves(city, tmp_path, monkeypatch):
    _, (path,) = await approved(city, "birth")
    parent = await city.signed_in("parent")
    monkeypatch.setattr(city.house, "seals", FileSeals(tmp_path, None))
    await parent.get(path, expect=503, code="seal-missing")
    monkeypatch.undo()

    def away(*_, **__):
        raise TimestampsAway

    monkeypatch.setattr(pades, "sign", away)
    await parent.get(path, expect=503, code="timestamps-away")
    monkeypatch.undo()
    signature((await parent.get(path, expect=200)).content)


async def test_a_city_without_seals_serves_papers_unsigned_and_says_nothing_of_a_signature(city, monkeypatch):
    dossier, (path,) = await approved(city, "birth")
    monkeypatch.setattr(city.house, "seals", None)
    pdf = (await (await city.signed_in("parent")).get(path, expect=200)).content
    assert PdfFileReader(BytesIO(pdf)).embedded_signatures == []
    assert "Ký số" not in text_of(pdf)
    assert await kept(city, dossier, "birth") == []


async def test_a_stranger_has_nothing_signed(city):
    dossier, (path,) = await approved(city, "birth")
    await (await city.signed_in("stranger")).get(path, expect=404)
    assert await kept(city, dossier, "birth") == []
