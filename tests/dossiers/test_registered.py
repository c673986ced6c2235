"""What an approval writes into the civil register, filed and decided over the API: each kind, its notes, its extract, its refusals."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

import register
from kit import clock
from tests.dossiers import steps
from tests.dossiers.test_lifecycle import later
from tests.dossiers.test_papers import text_of
from tests.people import CityPeople, Person
from tests.register.people import CLERK_ELSEWHERE, ELSEWHERE, SIGNER, a_pin, birth, child

pytestmark = pytest.mark.anyio

HUSBAND = {"full_name": "Tôn Thất Lân", "pin": "079093000777", "date_of_birth": "1993-04-30"}
_serials = itertools.count(70)


async def filed(person: Person, procedure: str, fields: dict[str, Any], papers: Sequence[str] = ()) -> dict[str, Any]:
    draft = await person.post("/v1/dossiers", json={"procedure": procedure, "options": {"ward": "26740"}}, expect=201)
    path = f"/v1/dossiers/{draft['id']}"
    await person.patch(f"{path}/form", json={"fields": fields}, headers={"If-Match": "*"}, expect=200)
    for kind in papers:
        await person.put(f"{path}/documents/{kind}", json={"upload_id": await steps.upload(person)}, expect=200)
    await steps.submit(person, draft["id"])
    return await person.get(path, expect=200)


async def decided(city: CityPeople, dossier: dict[str, Any], result: Any = None, **rest: Any) -> Any:
    officer, [branch] = await city.signed_in("civil_status"), dossier["branches"]
    path = f"/v1/desk/branches/{branch['id']}"
    await officer.post(f"{path}/claim", expect=201)
    asked = {"outcome": "approved", "result": result or {}}
    return await officer.post(f"{path}/decision", json=asked, **({"expect": 201} | rest))


async def refused(
    city: CityPeople, dossier: dict[str, Any], code: str, result: Any = None, status: int = 409
) -> dict[str, Any]:
    """What the officer is told; the branch stays in their hands, and no book has a line more."""
    before = await _lines(city)
    said = await decided(city, dossier, result, expect=status, code=code)
    assert await _lines(city) == before
    [branch] = dossier["branches"]
    officer = await city.signed_in("civil_status")
    shown = await officer.get(f"/v1/desk/branches/{branch['id']}", expect=200)
    assert (shown["branch"]["state"], shown["may_decide"]) == ("in_review", True)
    return said


async def paper(city: CityPeople, person: Person, dossier: dict[str, Any], result: Any = None) -> str:
    """Approved, and read."""
    await decided(city, dossier, result)
    done = await person.get(f"/v1/dossiers/{dossier['id']}", expect=200)
    [branch] = done["branches"]
    assert branch["state"] == "approved"
    return text_of((await person.get(branch["result"]["href"], expect=200)).content)


async def _lines(city: CityPeople) -> tuple[int, ...]:
    query = "select (select count(*) from register_entries), (select count(*) from register_notes), (select count(*) from register_extracts), (select sum(last_number) from register_books)"
    async with city.house.db.connect() as conn:
        return tuple((await conn.execute(text(query))).one())


def status_for(purpose: str) -> dict[str, Any]:
    more = {"status.spouse_to_be": HUSBAND["full_name"]} if purpose == "marriage" else {}
    return {"requester.phone": "0912345678", "status.residence": steps.HOME, "status.purpose": purpose} | more


def wedding(husband: dict[str, str] = HUSBAND) -> dict[str, Any]:
    more = {"ethnicity": "01", "nationality": "VNM", "residence_kind": "permanent", "residence": steps.HOME}
    wife = {f"wife.{name}": value for name, value in more.items()}
    return (
        {f"husband.{name}": value for name, value in (husband | more).items()}
        | wife
        | {"requester.phone": "0912345678", "together.elsewhere": True}
    )


def death_of(who: dict[str, str], **more: Any) -> dict[str, Any]:
    said = {
        **who,
        "sex": "male",
        "ethnicity": "01",
        "nationality": "VNM",
        "date_of_death": "2026-11-20",
        "time_of_death": "04:20",
        "place_of_death": steps.HOME,
    } | more
    return {f"deceased.{name}": value for name, value in said.items()} | {"requester.phone": "0912345678"}


def extract_of(kind: str, full_name: str, **more: Any) -> dict[str, Any]:
    said = {"kind": kind, "full_name": full_name} | more
    return {f"entry.{name}": value for name, value in said.items()} | {
        "requester.phone": "0912345678",
        "copies.count": 1,
    }


async def test_from_unmarried_to_widowed(city: CityPeople) -> None:
    """One woman's marriage: certified single, married, asked again, extracted, widowed; each paper says what the books say then."""
    she = await city.signed_in("stranger")
    single = await paper(city, she, await filed(she, "marital_status_certificate", status_for("marriage")))
    assert "Chưa đăng ký kết hôn với ai." in single
    assert "Để kết hôn với Tôn Thất Lân" in single
    # Once only: the certificate of a moment ago is not asked for again.
    certificate = await paper(city, she, await filed(she, "marriage_registration", wedding()))
    assert "GIẤY CHỨNG NHẬN KẾT HÔN" in certificate
    assert "TÔN THẤT LÂN" in certificate
    dossier = await filed(
        she, "marriage_registration", wedding(HUSBAND | {"pin": "079093000778", "full_name": "Người Thứ Hai"})
    )
    said = await refused(city, dossier, "already-married")
    assert "đang có vợ hoặc chồng" in said["message"]["vi"]
    await refused(city, await filed(she, "marital_status_certificate", status_for("marriage")), "already-married")
    married = await paper(city, she, await filed(she, "marital_status_certificate", status_for("property")))
    assert "Hiện tại đang có vợ/chồng là Tôn Thất Lân" in married
    asked = extract_of("marriage", HUSBAND["full_name"], date_of_birth="1993")
    copy = await paper(city, she, await filed(she, "civil_status_extract", asked))
    assert "TRÍCH LỤC KẾT HÔN (BẢN SAO)" in copy
    assert "chấm dứt" not in copy
    extract = await paper(city, she, await filed(she, "death_registration", death_of(HUSBAND), ["death_notice"]))
    assert "TRÍCH LỤC KHAI TỬ" in extract
    assert "Đã chết vào lúc: 04:20, ngày 20/11/2026" in extract
    await refused(
        city, await filed(she, "death_registration", death_of(HUSBAND), ["death_notice"]), "death-already-registered"
    )
    copy = await paper(city, she, await filed(she, "civil_status_extract", asked))
    assert "Hôn nhân chấm dứt do Tôn Thất Lân chết ngày 20/11/2026" in copy
    widowed = await paper(city, she, await filed(she, "marital_status_certificate", status_for("marriage")))
    assert "nhưng vợ/chồng đã chết" in widowed
    copy = await paper(
        city,
        she,
        await filed(she, "civil_status_extract", extract_of("death", HUSBAND["full_name"], date_of_birth="1993")),
    )
    assert "TRÍCH LỤC KHAI TỬ (BẢN SAO)" in copy
    await refused(city, await filed(she, "marriage_registration", wedding()), "person-dead")


async def test_a_judgment_ends_a_marriage_and_they_may_marry_again(city: CityPeople) -> None:
    """A divorce reached the book only as a "correction" whose form asked for what was wrong in it."""
    she = await city.signed_in("stranger")
    husband = {"full_name": "Đoàn Tạm Thời", "pin": "079091000779", "date_of_birth": "1991-02-03"}
    before = await filed(she, "marital_status_certificate", status_for("marriage"))
    await paper(city, she, before)
    await paper(city, she, await filed(she, "marriage_registration", wedding(husband)))
    judgment = {
        "kind": "divorce", "court": "Tòa án nhân dân khu vực 1", "number": "12/2026/HNGĐ-ST",
        "decided_on": "2026-09-15", "final_on": "2026-10-16",
    }  # fmt: skip
    asked = {"requester.phone": "0912345678", "home.residence": steps.HOME} | {
        f"judgment.{name}": value for name, value in judgment.items()
    }
    dossier = await filed(she, "divorce_note", asked, ["court_judgment"])
    # The marriage is the books' own word: prefilled, and locked.
    known = dossier["form"]["marriage.husband_name"]
    assert (known["value"], known["locked"]) == (husband["full_name"], True)
    twice = await filed(she, "divorce_note", asked, ["court_judgment"])
    await refused(city, await filed(she, "marital_status_certificate", status_for("marriage")), "already-married")
    said = await paper(city, she, dossier)
    assert "TRÍCH LỤC GHI CHÚ THAY ĐỔI HỘ TỊCH" in said
    assert "Ly hôn" in said
    assert "12/2026/HNGĐ-ST ngày 15/09/2026 của Tòa án nhân dân khu vực 1" in " ".join(said.split())
    told = await refused(city, twice, "correction-refused", status=422)
    assert [fault["code"] for fault in told["faults"]] == ["no-marriage"]
    copy = await paper(
        city,
        she,
        await filed(she, "civil_status_extract", extract_of("marriage", husband["full_name"], date_of_birth="1991")),
    )
    assert "có hiệu lực từ ngày 16/10/2026" in " ".join(copy.split())
    single = await paper(city, she, await filed(she, "marital_status_certificate", status_for("marriage")))
    assert "Đoàn Tạm Thời" in single
    assert "nhưng hôn nhân đã chấm dứt" in " ".join(single.split())


async def test_a_judgment_about_others_is_noted_on_nobody(city: CityPeople) -> None:
    """Number and book of a marriage, and names of other people: the officer is told that no such entry is there."""
    he = await city.signed_in("delegate")
    asked = {
        "requester.phone": "0912345678", "home.residence": steps.HOME,
        "marriage.husband_name": HUSBAND["full_name"], "marriage.wife_name": "Không Phải Vợ",
        "marriage.registered_on": "2026", "judgment.kind": "annulment", "judgment.court": "Tòa án nhân dân khu vực 2",
        "judgment.number": "3/2026/HNGĐ-ST", "judgment.decided_on": "2026-09-15", "judgment.final_on": "2026-10-16",
    }  # fmt: skip
    await refused(city, await filed(he, "divorce_note", asked, ["court_judgment"]), "register-entry-not-found")


async def test_a_completion_is_promised_the_same_day(city: CityPeople) -> None:
    """Its guide said so, and the receipt promised three days."""
    he = await city.signed_in("delegate")
    said = {"kind": "birth", "full_name": "Vương Ngọc Huy", "number": "1", "book": "01/1995"}
    asked = {
        "requester.phone": "0912345678", "home.residence": steps.HOME, "correction.reason": "Sổ để trống",
        "correction.items": [{"what": "place_of_origin", "right": "Huế"}],
    } | {f"entry.{name}": value for name, value in said.items()}  # fmt: skip
    days: list[str] = []
    for kind in ("complete", "correct"):
        dossier = await filed(he, "civil_status_correction", asked | {"correction.kind": kind}, ["proof_of_correction"])
        days.append(dossier["promised"]["due_on"])
        [branch] = dossier["branches"]
        assert branch["due_at"] == dossier["promised"]["due_at"]
        officer, at = await city.signed_in("civil_status"), f"/v1/desk/branches/{branch['id']}"
        await officer.post(f"{at}/claim", expect=201)
        # Counted anew after a supplement given at once: by the same days.
        asked_for = {"reason": "Bản chụp bị mờ, đề nghị gửi lại bản rõ hơn.", "documents": ["proof_of_correction"]}
        await officer.post(f"{at}/supplement-request", json=asked_for, expect=201)
        given = {"documents": {"proof_of_correction": await steps.upload(he)}}
        path = f"/v1/dossiers/{dossier['id']}"
        await he.post(f"{path}/branches/{branch['name']}/supplement", json=given, expect=200)
        again = await he.get(path, expect=200)
        assert again["branches"][0]["due_at"] == branch["due_at"]
        assert again["promised"]["due_at"] == branch["due_at"]
    assert days[0] < days[1]


async def born_elsewhere(city: CityPeople, name: str) -> register.BirthEntry:
    """A child without a father, in another ward's book."""
    facts = birth(child=child(full_name=name), father=None)
    async with city.house.db.begin() as conn:
        return await register.register_birth(
            conn,
            actor=CLERK_ELSEWHERE,
            office=ELSEWHERE,
            signer=SIGNER,
            pin=a_pin(next(_serials)),
            facts=facts,
            at=clock.now(),
        )


async def test_a_recognition_and_a_correction_are_notes_on_the_birth_at_another_ward(city: CityPeople) -> None:
    entry, he = await born_elsewhere(city, "Vương Ngọc Hy"), await city.signed_in("delegate")
    recognition = {
        "requester.phone": "0912345678", "home.residence": steps.HOME, "recognition.kind": "father_of_child",
        "recognition.reason": "Có kết quả giám định ADN", "claimant.ethnicity": "01",
        "recognised.full_name": "Vương Ngọc Hy", "recognised.pin": entry.pin, "recognised.date_of_birth": "2026-11-01",
        "recognised.residence": steps.HOME,
    }  # fmt: skip
    papers = ["dna_report", "birth_certificate"]
    said = await paper(city, he, await filed(he, "recognition", recognition, papers))
    assert "TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON" in said
    assert "TRƯƠNG QUANG HUY" in said
    await refused(city, await filed(he, "recognition", recognition, papers), "parent-already-registered")
    correction = {
        "requester.phone": "0912345678", "home.residence": steps.HOME, "correction.kind": "correct",
        "correction.reason": "Ghi thiếu chữ khi lập sổ", **{f"entry.{name}": value for name, value in {"kind": "birth", "full_name": "Vương Ngọc Huy", "number": str(entry.number), "book": entry.book}.items()},
    }  # fmt: skip
    wrong = correction | {"correction.items": [{"what": "name", "written": "Vương Ngọc Hi", "right": "Vương Ngọc Huy"}]}
    told = await refused(
        city,
        await filed(he, "civil_status_correction", wrong, ["proof_of_correction"]),
        "correction-refused",
        status=422,
    )
    assert [fault["code"] for fault in told["faults"]] == ["not-as-in-book"]
    right = correction | {"correction.items": [{"what": "name", "written": "Vương Ngọc Hy", "right": "Vương Ngọc Huy"}]}
    said = await paper(city, he, await filed(he, "civil_status_correction", right, ["proof_of_correction"]))
    assert "TRÍCH LỤC THAY ĐỔI, CẢI CHÍNH, BỔ SUNG HỘ TỊCH" in said
    copy = await paper(
        city,
        he,
        await filed(he, "civil_status_extract", extract_of("birth", "Vương Ngọc Huy", date_of_birth="11/2026")),
    )
    assert "VƯƠNG NGỌC HUY" in copy
    assert "Đăng ký tại: Ủy ban nhân dân phường Bến Thành" in copy
    assert "Trương Quang Huy được ghi là cha" in copy
    assert "“Vương Ngọc Hy” thành “Vương Ngọc Huy”" in copy
    copy = await paper(
        city,
        he,
        await filed(he, "civil_status_extract", extract_of("recognition", "Trương Quang Huy", registered_on="2026")),
    )
    assert "TRÍCH LỤC ĐĂNG KÝ NHẬN CHA, MẸ, CON (BẢN SAO)" in copy


async def test_an_officer_says_which_entry_is_meant(city: CityPeople) -> None:
    first, she = await born_elsewhere(city, "Hai Trẻ Trùng"), await city.signed_in("stranger")
    other = birth(child=child(full_name="Hai Trẻ Trùng"), father=None, mother=None)
    async with city.house.db.begin() as conn:
        await register.register_birth(
            conn,
            actor=CLERK_ELSEWHERE,
            office=ELSEWHERE,
            signer=SIGNER,
            pin=a_pin(next(_serials)),
            facts=other,
            at=clock.now(),
        )
    dossier = await filed(she, "civil_status_extract", extract_of("birth", "Hai Trẻ Trùng", date_of_birth="11/2026"))
    said = await refused(city, dossier, "register-entry-ambiguous")
    assert f"số {first.number}, quyển {first.book}" in said["message"]["vi"]
    await refused(city, dossier, "register-entry-not-found", {"number": first.number, "book": "01/1999"})
    assert first.pin in await paper(city, she, dossier, {"number": first.number, "book": first.book})


async def test_what_is_in_the_register_is_not_corrected_at_the_desk(city: CityPeople) -> None:
    """An entry corrected at the desk would have been written a second time."""
    she, officer = await city.signed_in("stranger"), await city.signed_in("civil_status")
    dossier = await filed(
        she,
        "civil_status_extract",
        extract_of("birth", "Hai Trẻ Trùng", registered_on="2026", number="1", book="01/2026"),
    )
    [branch] = dossier["branches"]
    entry = await born_elsewhere(city, "Không Sửa Ở Quầy")
    await decided(city, dossier, {"number": entry.number, "book": entry.book})
    before = await _lines(city)
    asked = {"reason": "Sửa thử một kết quả của sổ hộ tịch ở quầy.", "result": {}}
    await officer.post(
        f"/v1/desk/branches/{branch['id']}/corrected-result", json=asked, expect=409, code="corrected-in-register"
    )
    assert await _lines(city) == before


async def test_registered_again_when_the_books_are_lost(city: CityPeople) -> None:
    she = await city.signed_in("stranger")
    lost = {
        "requester.phone": "0912345678",
        "home.residence": steps.HOME,
        "lost_entry.registered_at": "UBND Phường Bến Nghé, Quận 1",
        "lost_entry.registered_on": "1999",
        "lost_entry.statement": True,
    }
    note = "Đăng ký lại. Đã đăng ký tại UBND Phường Bến Nghé, Quận 1, năm 1999."
    birth_again = lost | {
        "person.sex": "female",
        "person.ethnicity": "01",
        "person.place_of_birth": "Quận 1, Thành phố Hồ Chí Minh",
        "person.place_of_origin": steps.HOME,
        "person.mother": "Đặng Thị Mẹ",
    }
    said = await paper(city, she, await filed(she, "birth_reregistration", birth_again, ["old_copies"]))
    assert "GIẤY KHAI SINH" in said
    assert note in said
    await refused(city, await filed(she, "birth_reregistration", birth_again, ["old_copies"]), "register-entry-held")
    couple = {
        "couple.husband_name": "Cổ Văn Tiền",
        "couple.husband_born": "1950",
        "couple.wife_name": "Cổ Thị Hậu",
        "couple.wife_born": "02/1952",
    }
    said = await paper(city, she, await filed(she, "marriage_reregistration", lost | couple, ["old_copies"]))
    assert "GIẤY CHỨNG NHẬN KẾT HÔN" in said
    deceased = {
        "deceased.full_name": "Cổ Văn Tiền",
        "deceased.date_of_birth": "1950",
        "deceased.date_of_death": "1999",
        "deceased.place_of_death": "Quận 1",
    }
    said = await paper(city, she, await filed(she, "death_reregistration", lost | deceased, ["old_copies"]))
    assert note in said
    await refused(
        city, await filed(she, "death_reregistration", lost | deceased, ["old_copies"]), "register-entry-held"
    )


async def test_from_the_first_of_march_2027_a_death_is_certified(city: CityPeople) -> None:
    """Registered anew, the paper kept the name that NĐ 301/2026 ends; and who had it was asked for an extract still."""
    async with later(city, datetime(2027, 3, 2, 9, tzinfo=clock.CITY) - clock.now()) as then:
        she, he = await then.signed_in("stranger"), await then.signed_in("delegate")
        dead = {"full_name": "Đinh Hư Cấu", "date_of_birth": "1941"}
        said = await paper(
            then,
            she,
            await filed(she, "death_registration", death_of(dead, date_of_death="2027-03-01"), ["death_notice"]),
        )
        assert "GIẤY CHỨNG TỬ" in said
        lost = {
            "requester.phone": "0912345678", "home.residence": steps.HOME, "lost_entry.registered_at": "UBND xã Xa Xưa",
            "lost_entry.statement": True, "deceased.full_name": "Đinh Cổ Xưa", "deceased.date_of_death": "1962",
            "deceased.place_of_death": "Xã Xa Xưa",
        }  # fmt: skip
        said = await paper(then, he, await filed(he, "death_reregistration", lost, ["old_copies"]))
        assert "GIẤY CHỨNG TỬ" in said
        held = {
            "requester.phone": "0912345678", "deceased.full_name": "Đinh Cổ Xưa", "removal.address": steps.HOME,
        }  # fmt: skip
        draft = await he.post("/v1/dossiers", json={"procedure": "residence_removal"}, expect=201)
        path = f"/v1/dossiers/{draft['id']}"
        draft = await he.patch(f"{path}/form", json={"fields": held}, headers={"If-Match": "*"}, expect=200)
        assert "documents.death_extract" not in {fault["field"] for fault in draft["faults"]}
