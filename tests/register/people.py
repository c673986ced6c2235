"""A family, an office and its clerk, as the register sees them."""

from datetime import UTC, datetime
from typing import Any

from kit.actor import Actor
from register import BirthFacts, BirthNotification, Child, MarriageFacts, Office, Parent, Requester, Signer, Spouse

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
OFFICE = Office(id="off_saigon", name="Ủy ban nhân dân phường Sài Gòn, Thành phố Hồ Chí Minh")
ELSEWHERE = Office(id="off_benthanh", name="Ủy ban nhân dân phường Bến Thành, Thành phố Hồ Chí Minh")
SIGNER = Signer(full_name="Trần Quốc Hưng", title="Phó Chủ tịch", clerk="Lê Mỹ Duyên")
CLERK = Actor(kind="officer", account_id="acc_clerk", office_id=OFFICE.id, roles=frozenset({"civil_status"}))
CLERK_ELSEWHERE = Actor(
    kind="officer", account_id="acc_other", office_id=ELSEWHERE.id, roles=frozenset({"civil_status"})
)

MOTHER_PIN = "079196000002"
FATHER_PIN = "079093000001"
HOME = "12/3 đường Nguyễn Thị Minh Khai, phường Sài Gòn, Thành phố Hồ Chí Minh"


def a_pin(serial: int, *, sex: str = "female", year: int = 2026) -> str:
    """A child's number as the population register would form it."""
    return f"079{3 if sex == 'female' else 2}{year % 100:02d}{serial:06d}"


def mother(**changes: Any) -> Parent:
    return Parent(
        **{
            "full_name": "Đặng Thị Ngọc Hoà",
            "date_of_birth": "1996-03-08",
            "ethnicity": "Kinh",
            "nationality": "Việt Nam",
            "residence": HOME,
            "pin": MOTHER_PIN,
            **changes,
        }
    )


def father(**changes: Any) -> Parent:
    return Parent(
        **{
            "full_name": "Nguyễn Văn Quý",
            "date_of_birth": "1993",
            "ethnicity": "Kinh",
            "nationality": "Việt Nam",
            "residence": HOME,
            "pin": FATHER_PIN,
            **changes,
        }
    )


def child(**changes: Any) -> Child:
    return Child(
        **{
            "full_name": "Nguyễn Hoàng Thuỷ Tiên",
            "sex": "female",
            "date_of_birth": "2026-11-01",
            "place_of_birth": "Bệnh viện Từ Dũ, 284 Cống Quỳnh, phường Bến Thành, Thành phố Hồ Chí Minh",
            "place_of_origin": "xã Hòa Thịnh, tỉnh Đắk Lắk",
            "ethnicity": "Kinh",
            "nationality": "Việt Nam",
            **changes,
        }
    )


def birth(**changes: Any) -> BirthFacts:
    return BirthFacts(
        **{
            "child": child(),
            "mother": mother(),
            "father": father(),
            "requester": Requester(full_name="Đặng Thị Ngọc Hoà", relationship="Mẹ", pin=MOTHER_PIN),
            "notification": None,
            **changes,
        }
    )


def notification(serial: int) -> BirthNotification:
    return BirthNotification(number=f"{serial:05d}.GCS.79024.26", issued_by="Bệnh viện Từ Dũ")


def marriage(husband_pin: str = FATHER_PIN, wife_pin: str = MOTHER_PIN) -> MarriageFacts:
    def spouse(name: str, born: str, pin: str) -> Spouse:
        return Spouse(
            full_name=name, date_of_birth=born, ethnicity="Kinh", nationality="Việt Nam", residence=HOME, pin=pin
        )

    return MarriageFacts(
        husband=spouse("Nguyễn Văn Quý", "1993-05-20", husband_pin),
        wife=spouse("Đặng Thị Ngọc Hoà", "1996-03-08", wife_pin),
    )
