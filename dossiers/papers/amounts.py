"""Sums of money in words, as receipts carry them beside the digits."""

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", " nghìn", " triệu")
_BILLION = 1_000_000_000


def in_words(amount_dong: int) -> str:
    """`Tám mươi lăm nghìn đồng`. From 1 up; beyond a billion the words go on as they are spoken: `… tỷ …`."""
    if amount_dong < 1:
        raise ValueError(f"no sum of money: {amount_dong}")
    words = _number(amount_dong)
    return f"{words[0].upper()}{words[1:]} đồng"


def _number(number: int, *, follows: bool = False) -> str:
    """`follows`: something bigger was said before, so that what is missing in between is said as well."""
    if number >= _BILLION:
        over, rest = divmod(number, _BILLION)
        return f"{_number(over, follows=follows)} tỷ" + (f" {_number(rest, follows=True)}" if rest else "")
    said: list[str] = []
    for power, name in reversed(list(enumerate(_GROUPS))):
        three = number // 1000**power % 1000
        if three:
            said.append(_three(three, whole=follows or bool(said)) + name)
    return " ".join(said)


def _three(three: int, *, whole: bool) -> str:
    """One group of three digits; `whole` also says hundreds that are none: `không trăm linh năm`."""
    hundreds, rest = divmod(three, 100)
    tens, ones = divmod(rest, 10)
    said = [f"{_DIGITS[hundreds]} trăm"] if hundreds or whole else []
    if tens > 1:
        said.append(f"{_DIGITS[tens]} mươi")
    elif tens == 1:
        said.append("mười")
    elif ones and said:
        said.append("linh")
    if ones == 1 and tens > 1:
        said.append("mốt")
    elif ones == 5 and tens:
        said.append("lăm")
    elif ones:
        said.append(_DIGITS[ones])
    return " ".join(said)
