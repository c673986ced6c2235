"""Who plays in the demo: a fictional family, their cards, and what a hospital would give them."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from kit import clock, pdf
from ocr.training import camera, specimens
from wires.population import century_and_sex

_TEMPLATE = Path(__file__).with_name("giay-chung-sinh.typ")


class Photos(msgspec.Struct, frozen=True):
    """JPEG bytes, as a phone would send them."""

    front: bytes
    back: bytes
    blurred: bytes
    no_card: bytes
    tampered_front: bytes
    tampered_back: bytes


FATHER_PHONE = "+84900000001"

CHILD_NAME = "Nguyễn Lý Minh Châu"


def born() -> date:
    """Twelve days ago: within the sixty days of an on-time registration (Luật Hộ tịch Đ15)."""
    return clock.today() - timedelta(days=12)


def father(portrait: bytes) -> specimens.CardFacts:
    """The father of the sandbox's register entry 17 of 2021; the portrait is a public-domain photograph of somebody else."""
    return specimens.CardFacts(
        number="079090000001",
        full_name="Nguyễn Hữu Thành Đạt",
        date_of_birth=date(1990, 8, 4),
        sex="male",
        place_of_origin="Phường Sài Gòn, Thành phố Hồ Chí Minh",
        residence="Số 12 đường Hư Cấu, phường Sài Gòn, Thành phố Hồ Chí Minh",
        place_of_birth="Phường Sài Gòn, Thành phố Hồ Chí Minh",
        issued=date(2024, 9, 10),
        expires=date(2030, 8, 4),
        portrait=portrait,
    )


def photographs(portrait: bytes) -> Photos:
    """Every card photo of the story, drawn now: two good ones, and the ones that must be refused."""
    facts = father(portrait)
    card = specimens.render("can_cuoc_2024", facts)
    other_number = msgspec.structs.replace(facts, number="079090000009", full_name="Nguyễn Hữu Thành Danh")
    tampered = specimens.render("can_cuoc_2024", facts, qr_facts=other_number)
    return Photos(
        front=camera.photograph(card.front, camera.Scene(seed=11)),
        back=camera.photograph(card.back, camera.Scene(seed=12)),
        blurred=camera.photograph(card.front, camera.Scene(seed=13, blur_px=9.0)),
        no_card=camera.empty_desk(camera.Scene(seed=14)),
        tampered_front=camera.photograph(tampered.front, camera.Scene(seed=15)),
        tampered_back=camera.photograph(tampered.back, camera.Scene(seed=16)),
    )


def about(child: str, notification: str, ward: str) -> dict[str, Any]:
    """What the parent tells of the child, by the form's fields."""
    return {
        "child.full_name": child,
        "child.date_of_birth": born().isoformat(),
        "child.sex": "female",
        "child.circumstance": "facility",
        "child.birth_facility": "Bệnh viện Hư Cấu",
        "child.birth_place": {"ward": ward},
        "child.place_of_origin": {"ward": ward},
        "birth_notification.number": notification,
        "birth_notification.issued_on": born().isoformat(),
    }


def number_on(certificate: bytes) -> str:
    """The child's own number on a birth certificate: the one that says a girl born in that year."""
    import pypdfium2

    printed = pypdfium2.PdfDocument(certificate)[0].get_textpage().get_text_range()
    found = re.search(rf"\b079{century_and_sex(born().year, 'female')}{born():%y}[0-9]{{6}}\b", printed)
    assert found is not None, "the certificate states the number"
    return found[0]


def answers(ward: str) -> dict[str, Any]:
    """What this family answers where the form still asks."""
    address = {"ward": ward, "detail": "Số 12 đường Hư Cấu"}
    return {
        "residence.lives_with": "father",
        "residence.address": address,
        "residence.household_head_name": "Nguyễn Hữu Thành Đạt",
        "residence.household_head_pin": "079090000001",
        "residence.relation_to_head": "child",
        "residence.confirmation": "vneid",
        "insurance.facility": "Trạm y tế phường Sài Gòn",
        "copies.count": 1,
        "copies.delivery": "online",
        "father.residence": address,
        "mother.residence": address,
        "father.residence_kind": "permanent",
        "mother.residence_kind": "permanent",
        "child.ethnicity": "01",
    }


def birth_notification(number: str, mother: str) -> bytes:
    """The paper a hospital gives (giấy chứng sinh), fictional, as PDF."""
    day = born()
    return pdf.render(
        _TEMPLATE,
        {
            "number": number,
            "mother": mother,
            "born": day.strftime("%d/%m/%Y"),
            "issued": (day + timedelta(days=1)).strftime("%d/%m/%Y"),
        },
        at=clock.now(),
    )
