"""Phone numbers and e-mail addresses, in the one form they are kept and compared in."""

import re

from notifications import Contact

_PUNCTUATION = re.compile(r"[ .()-]")
# 84 and nine digits: mobile prefixes since 2018 begin with 3, 5, 7, 8 or 9 (plan of TT 22/2014/TT-BTTTT as amended).
_PHONE = re.compile(r"(?:\+?84|0)([35789][0-9]{8})", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)


def parse(text: str) -> Contact | None:
    """`+84901234567` of `0901 234 567`, an address in lower case, or None for what is neither."""
    text = text.strip()
    if "@" in text:
        domain = text.rpartition("@")[2]
        good = len(text) <= 254 and _EMAIL.fullmatch(text) and "." in domain and ".." not in text
        return Contact(kind="email", value=text.lower()) if good else None
    phone = _PHONE.fullmatch(_PUNCTUATION.sub("", text)) if len(text) <= 24 else None
    return Contact(kind="phone", value=f"+84{phone[1]}") if phone else None


def mask(contact: Contact) -> str:
    """`+84*****4567`, `m***@example.vn`: enough for its owner to know it."""
    if contact.kind == "phone":
        return f"{contact.value[:3]}*****{contact.value[-4:]}"
    name, _, domain = contact.value.partition("@")
    return f"{name[:1]}***@{domain}"
