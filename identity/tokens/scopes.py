"""Every scope there is, who may hold it, and what it lets an app do, in words a consent page can show."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from kit.actor import Kind
from kit.refusal import Words


class Scope(msgspec.Struct, frozen=True):
    """`kinds`: whose tokens may carry it."""

    kinds: frozenset[Kind]
    words: Words


def _scope(kinds: str, vi: str, en: str) -> Scope:
    return Scope(kinds=msgspec.convert(kinds.split(), frozenset[Kind]), words=Words(vi=vi, en=en))


SCOPES: dict[str, Scope] = {
    "openid": _scope("citizen officer", "Nhận ra bạn ở lần sau", "Recognise you next time"),
    "offline_access": _scope(
        "citizen", "Giữ đăng nhập khi bạn không mở ứng dụng", "Stay signed in while you do not use the app"
    ),
    "profile": _scope("citizen officer", "Xem họ tên, ngày sinh, giới tính", "See your name, date of birth and sex"),
    "phone": _scope("citizen officer", "Xem số điện thoại đã xác nhận", "See your confirmed phone number"),
    "email": _scope("citizen officer", "Xem địa chỉ thư đã xác nhận", "See your confirmed e-mail address"),
    "address": _scope("citizen", "Xem nơi cư trú đã xác minh", "See where you live, as it was verified"),
    "account": _scope(
        "citizen officer", "Quản lý cách bạn đăng nhập và các phiên", "Manage how you sign in, and your sessions"
    ),
    "dossiers:read": _scope("citizen", "Xem hồ sơ của bạn", "See your dossiers"),
    "dossiers:write": _scope("citizen", "Lập và nộp hồ sơ thay bạn", "Prepare and submit dossiers for you"),
    "uploads:write": _scope("citizen", "Tải giấy tờ lên hồ sơ", "Upload papers to your dossiers"),
    "cards:read": _scope(
        "citizen client", "Đọc thẻ căn cước trong ảnh bạn gửi", "Read an identity card from photos you send"
    ),
    "messages:read": _scope("citizen", "Đọc thông báo gửi cho bạn", "Read messages sent to you"),
    "face-lookup:write": _scope(
        "citizen", "Bật hoặc tắt tra cứu bằng khuôn mặt", "Turn finding your dossiers by face on or off"
    ),
    "consents": _scope(
        "citizen", "Xem và rút lại những gì bạn đã đồng ý", "See and take back what you allowed other apps"
    ),
    "desk": _scope("officer", "Xử lý hồ sơ tại cơ quan", "Work on dossiers at an office"),
    "proofing": _scope(
        "proofing", "Chụp thẻ và khuôn mặt để mở tài khoản", "Photograph card and face to open an account"
    ),
    "dossiers:find-by-my-face": _scope(
        "citizen", "Tìm hồ sơ của bạn bằng chính khuôn mặt bạn", "Find your dossiers by your own face"
    ),
    "webhooks": _scope(
        "client",
        "Được báo khi hồ sơ bạn cho xem có thay đổi",
        "Be told when a dossier you let it see changes",
    ),
    "dossiers:find-by-face": _scope("kiosk", "Tìm hồ sơ bằng khuôn mặt tại quầy", "Find dossiers by face at a kiosk"),
}


NOT_LENT = frozenset(
    {"account", "offline_access", "consents", "face-lookup:write", "dossiers:find-by-my-face", "desk", "proofing"}
)
"""What is done on a device of one's own, and lent to no screen that others use next."""


def names(text: str | None) -> list[str]:
    """The scopes in a `scope` parameter (RFC 6749 §3.3), each once, in their order."""
    return list(dict.fromkeys((text or "").split()))


def held_by(kind: Kind, scopes: Iterable[str]) -> list[str]:
    """Those a token of this kind may carry."""
    return [scope for scope in scopes if scope in SCOPES and kind in SCOPES[scope].kinds]


class Claim(msgspec.Struct, frozen=True):
    """One thing told of a person, the scope that tells it with others, and what a consent page calls it alone."""

    scope: str
    words: Words


CLAIMS: dict[str, Claim] = {
    "name": Claim("profile", Words(vi="Xem họ tên", en="See your name")),
    "birthdate": Claim("profile", Words(vi="Xem ngày sinh", en="See your date of birth")),
    "gender": Claim("profile", Words(vi="Xem giới tính", en="See your sex")),
    "locale": Claim("profile", Words(vi="Biết bạn đọc tiếng nào", en="Know which language you read")),
    "phone_number": Claim("phone", SCOPES["phone"].words),
    "phone_number_verified": Claim("phone", SCOPES["phone"].words),
    "email": Claim("email", SCOPES["email"].words),
    "email_verified": Claim("email", SCOPES["email"].words),
    "address": Claim("address", SCOPES["address"].words),
}

_ALONE = "claim:"


def item_of(claim: str) -> str:
    """How a consent names a claim that is allowed by itself."""
    return _ALONE + claim


_VERIFIED = "verified:"
_EVIDENCE = Words(vi="kèm cách và ngày đã xác minh", en="with how and when it was verified")


def item_verified(claim: str) -> str:
    """How a consent names a claim that is told with its evidence (OpenID Connect for Identity Assurance)."""
    return _VERIFIED + claim


_AT = "service:"


def item_at(uri: str) -> str:
    """How a consent names a service of others that what is allowed may be used at (RFC 8707)."""
    return _AT + uri


def words_of(item: str) -> Words:
    """What a consent's item lets an app do; one that is no longer offered is told by its name."""
    if item.startswith(_ALONE) and (claim := CLAIMS.get(item.removeprefix(_ALONE))) is not None:
        return claim.words
    if item.startswith(_VERIFIED) and (claim := CLAIMS.get(item.removeprefix(_VERIFIED))) is not None:
        return Words(vi=f"{claim.words.vi}, {_EVIDENCE.vi}", en=f"{claim.words.en}, {_EVIDENCE.en}")
    if item.startswith(_AT):
        host = urlsplit(item.removeprefix(_AT)).hostname
        return Words(vi=f"Dùng những quyền này tại {host}", en=f"Use what you allow at {host}")
    return SCOPES[item].words if item in SCOPES else Words(vi=item, en=item)
