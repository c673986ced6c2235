"""Phone numbers and addresses come in many spellings and are kept in one."""

import pytest

from identity import accounts
from notifications import Contact


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("0901234567", "phone", "+84901234567"),
        ("+84 90 123 45 67", "phone", "+84901234567"),
        ("84901234567", "phone", "+84901234567"),
        ("(090) 123-4567", "phone", "+84901234567"),
        ("0321234567", "phone", "+84321234567"),
        (" Mai@Example.VN ", "email", "mai@example.vn"),
        ("a.b+c@sub.example.com", "email", "a.b+c@sub.example.com"),
    ],
)
def test_one_spelling(text: str, kind: str, value: str) -> None:
    assert accounts.contact.parse(text) == Contact(kind=kind, value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "", "090123456", "09012345678", "0212345678", "+1 202 555 0100", "０９０１２３４５６７", "a@", "@b.vn", "a@b", "a b@c.vn",
        "a@b..vn", "a@-b.vn", "a@b.vn\r\nBcc: x@y.vn", "a" * 65 + "@b.vn", "a@" + "b" * 250 + ".vn", "mai@exámple.vn", "0" * 40,
    ],
)  # fmt: skip
def test_what_is_neither(text: str) -> None:
    assert accounts.contact.parse(text) is None


def test_masks_show_enough_for_the_owner_only() -> None:
    assert accounts.contact.mask(Contact(kind="phone", value="+84901234567")) == "+84*****4567"
    assert accounts.contact.mask(Contact(kind="email", value="mai@example.vn")) == "m***@example.vn"
