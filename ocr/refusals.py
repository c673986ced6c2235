"""What the card room says no with. Every sentence is advice that somebody's grandmother can follow."""

from typing import Any, ClassVar

from kit.refusal import Fault, Refusal

_SIDES = {
    "front": ("mặt trước", "the front"),
    "back": ("mặt sau", "the back"),
}


class CardRefusal(Refusal):
    """A photograph that cannot be used; `side` names which of the two, `front` or `back`, as they were sent."""

    status: ClassVar[int] = 422

    def __init__(
        self,
        *,
        side: str = "front",
        faults: list[Fault] | None = None,
        retry_after_seconds: int | None = None,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> None:
        side_vi, side_en = _SIDES[side]
        super().__init__(
            faults=faults,
            retry_after_seconds=retry_after_seconds,
            headers=headers,
            **{**fields, "side": side, "side_vi": side_vi, "side_en": side_en},
        )


class CardNotFound(CardRefusal):
    code = "card-not-found"
    vi = (
        "Không thấy thẻ trong ảnh {side_vi}. Đặt thẻ lên mặt bàn sẫm màu, chụp thẳng từ trên xuống, "
        "thấy đủ cả bốn góc thẻ."
    )
    en = (
        "There is no card in the photo of {side_en}. Lay the card on a dark table and photograph it from straight above, "
        "all four corners in the picture."
    )


class CardTooSmall(CardRefusal):
    code = "card-too-small"
    vi = "Thẻ trong ảnh {side_vi} quá nhỏ. Đưa điện thoại lại gần hơn, cho thẻ gần đầy khung hình, rồi chụp lại."
    en = (
        "The card in the photo of {side_en} is too small. Bring the phone closer until the card nearly fills the picture, "
        "then take it again."
    )


class CardCutOff(CardRefusal):
    code = "card-cut-off"
    vi = (
        "Ảnh {side_vi} không chụp hết thẻ. Đưa điện thoại ra xa một chút, đừng để ngón tay che mép thẻ, thấy đủ cả bốn góc "
        "rồi chụp lại."
    )
    en = (
        "A part of the card is outside the photo of {side_en}. Hold the phone a little farther away, keep fingers off the "
        "card's edge, see that all four corners are in the picture, then take it again."
    )


class CardBlurred(CardRefusal):
    code = "card-blurred"
    vi = "Ảnh {side_vi} bị nhòe. Giữ chắc điện thoại bằng hai tay, chạm vào thẻ trên màn hình cho rõ nét, rồi chụp lại."
    en = (
        "The photo of {side_en} is blurred. Hold the phone still with both hands, tap the card on the screen to focus, "
        "then take it again."
    )


class CardTooDark(CardRefusal):
    code = "card-too-dark"
    vi = "Ảnh {side_vi} quá tối. Bật đèn hoặc ra gần cửa sổ, đừng để bóng tay che thẻ, rồi chụp lại."
    en = "The photo of {side_en} is too dark. Turn on a lamp or go to a window, keep your shadow off the card, and take it again."


class CardGlare(CardRefusal):
    code = "card-glare"
    vi = (
        "Ảnh {side_vi} bị lóa sáng che mất chữ. Tắt đèn flash, nghiêng thẻ hoặc đổi chỗ cho hết vệt sáng, rồi chụp lại."
    )
    en = (
        "A bright reflection covers the text in the photo of {side_en}. Turn the flash off, tilt the card or move until "
        "the bright spot is gone, then take it again."
    )


class CardOnScreen(CardRefusal):
    code = "card-on-screen"
    vi = (
        "Ảnh {side_vi} là ảnh chụp lại từ màn hình. Hãy lấy thẻ thật ra, đặt lên mặt bàn rồi chụp trực tiếp thẻ. Nếu không "
        "có thẻ ở đây, hãy mang thẻ đến quầy."
    )
    en = (
        "The photo of {side_en} was taken of a screen. Take out the card itself, lay it on a table and photograph that. If "
        "you do not have it here, bring it to a counter."
    )


class CardPhotocopied(CardRefusal):
    code = "card-photocopied"
    vi = (
        "Ảnh {side_vi} là ảnh chụp bản phô-tô đen trắng. Hãy chụp thẻ thật, có đủ màu. Nếu không có thẻ ở đây, hãy mang thẻ "
        "đến quầy."
    )
    en = (
        "The photo of {side_en} shows a black-and-white copy. Photograph the card itself, in its colours. If you do not have "
        "it here, bring it to a counter."
    )


class CardNotRecognised(CardRefusal):
    code = "card-not-recognised"
    vi = (
        "Không đọc được ảnh {side_vi} là loại thẻ nào. Hãy chụp thẻ căn cước hoặc căn cước công dân gắn chip bản gốc, "
        "rõ nét và không bị che."
    )
    en = (
        "What card the photo of {side_en} shows could not be read. Photograph an original identity card (căn cước) or "
        "citizen identity card with a chip, sharp and uncovered."
    )


class CardKindNotSupported(CardRefusal):
    code = "card-kind-not-supported"
    vi = (
        "Ảnh {side_vi} là {kind_vi}, hệ thống chưa đọc được loại này. Hãy dùng thẻ căn cước hoặc căn cước công dân gắn "
        "chip, hoặc mang giấy tờ đến quầy để cán bộ kiểm tra."
    )
    en = (
        "The photo of {side_en} shows {kind_en}, which cannot be read here yet. Use an identity card (căn cước) or a "
        "citizen identity card with a chip, or bring the document to a counter for an officer to check."
    )


class SameSideTwice(CardRefusal):
    code = "same-side-twice"
    vi = "Hai ảnh cùng là {side_vi} của thẻ. Hãy lật thẻ và chụp cả mặt còn lại."
    en = "Both photos show {side_en} of the card. Turn the card over and photograph the other side too."


class SidesOfDifferentCards(CardRefusal):
    code = "sides-of-different-cards"
    vi = "Hai ảnh là của hai loại thẻ khác nhau. Hãy chụp mặt trước và mặt sau của cùng một thẻ."
    en = "The two photos show two different kinds of card. Photograph the front and the back of the same card."


class FrontMissing(CardRefusal):
    code = "front-missing"
    vi = "Chỉ có ảnh mặt sau của thẻ. Hãy chụp thêm mặt trước, mặt có ảnh chân dung."
    en = "Only the back of the card was sent. Photograph the front too, the side with the portrait."


class BadChipFiles(Refusal):
    status = 422
    code = "bad-chip-files"
    vi = "Dữ liệu chip gửi lên không đúng dạng. Hãy đọc lại chip của thẻ bằng ứng dụng mới nhất."
    en = "The chip's files are not as expected. Read the card's chip again with the newest app."


class StaleChallenge(Refusal):
    status = 409
    code = "stale-chip-challenge"
    vi = "Mã thử của chip đã hết hạn hoặc đã dùng. Hãy xin mã mới rồi đọc lại chip."
    en = "The challenge for the chip has expired or was used. Ask for a new one and read the chip again."


class ChallengesUnavailable(Refusal):
    status = 503
    code = "chip-challenges-unavailable"
    vi = "Tạm thời chưa kiểm tra được chip. Hãy thử lại sau ít phút."
    en = "Chips cannot be challenged at the moment. Try again in a few minutes."
