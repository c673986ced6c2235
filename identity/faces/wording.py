"""What a person agrees to, word for word. A changed text gets a new name; old ones stay, consents point to them."""

from typing import Final

import msgspec

from kit.refusal import Words


class Wording(msgspec.Struct, frozen=True):
    """One text under its `name`, and the `purpose` it allows."""

    name: str
    purpose: str
    text: Words


FACE_GUARD: Final = Wording(
    name="face-guard-1",
    purpose="guard-my-identity-by-face",
    text=Words(
        vi=(
            "Tôi đồng ý để đặc điểm khuôn mặt đã lưu của tôi được so với người mở tài khoản bằng giấy tờ khác, để không ai dùng "
            "khuôn mặt tôi lập tài khoản thứ hai. Chỉ cán bộ được báo, không quyết định tự động. Tôi có thể rút lại bất cứ lúc nào."
        ),
        en=(
            "I agree that the features of my face, which are kept already, are compared with people who open an account by other "
            "papers, so that nobody opens a second one with my face. Officers alone are told, and nothing is decided by machine. I "
            "can withdraw at any time."
        ),
    ),
)

FACE_ON_PHONE: Final = Wording(
    name="face-on-phone-1",
    purpose="find-my-dossier-by-face-on-my-phone",
    text=Words(
        vi=(
            "Tôi đồng ý để ảnh vừa chụp bằng điện thoại này được so với đặc điểm khuôn mặt đã lưu của chính tôi, một lần, để hiện "
            "tình trạng hồ sơ của tôi. Ảnh không được lưu. Không đồng ý, tôi vẫn tra cứu được bằng mã hồ sơ."
        ),
        en=(
            "I agree that the pictures just taken with this phone are compared with the features of my own face, which are kept "
            "already, once, to show how my dossiers stand. No picture is kept. Without this I can still look up my dossiers by "
            "receipt code."
        ),
    ),
)

FACE_LOOKUP: Final = Wording(
    name="face-lookup-1",
    purpose="find-my-dossier-by-face",
    text=Words(
        vi=(
            "Tôi đồng ý để hệ thống lưu đặc điểm khuôn mặt của tôi (không lưu ảnh), chỉ để tìm hồ sơ của tôi tại quầy và "
            "kiosk. Tôi có thể rút lại bất cứ lúc nào; khi đó dữ liệu bị xóa ngay. Không đồng ý, tôi vẫn tra cứu được "
            "bằng mã hồ sơ."
        ),
        en=(
            "I agree that the features of my face (no picture) are kept, only to find my dossiers at desks and kiosks. I "
            "can withdraw at any time; the data are then erased at once. Without this I can still look up my dossiers by "
            "receipt code."
        ),
    ),
)
