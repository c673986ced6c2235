"""Dates in Vietnamese words, as "Ngày, tháng, năm sinh ghi bằng chữ" asks for them.

Civil-status usage: `mùng` for days 1 to 10, `tháng một` (never giêng), `tháng tư`, `nghìn`, `linh`.
"""

from register import dates

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def below_hundred(number: int) -> str:
    """`mười lăm`, `hai mươi mốt`, `hai mươi tư`."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[ones]
    head = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    if ones == 0:
        return head
    if ones == 5:
        return f"{head} lăm"
    if tens > 1 and ones in (1, 4):
        return f"{head} {'mốt' if ones == 1 else 'tư'}"
    return f"{head} {_DIGITS[ones]}"


def year(number: int) -> str:
    """`một nghìn chín trăm chín mươi lăm`, `hai nghìn không trăm linh năm`. From 1000 to 9999."""
    thousands, rest = divmod(number, 1000)
    hundreds, last = divmod(rest, 100)
    words = [_DIGITS[thousands], "nghìn"]
    if rest:
        words += [_DIGITS[hundreds], "trăm"]
    if 0 < last < 10:
        words += ["linh", _DIGITS[last]]
    elif last:
        words.append(below_hundred(last))
    return " ".join(words)


def month(number: int) -> str:
    return "tư" if number == 4 else below_hundred(number)


def day(number: int) -> str:
    return f"mùng {below_hundred(number)}" if number <= 10 else below_hundred(number)


def in_words(partial: str) -> str:
    """`ngày mùng một tháng mười một năm hai nghìn không trăm hai mươi sáu`; a partial date names what is known."""
    year_number, month_number, day_number = dates.parts(partial)
    said = f"năm {year(year_number)}"
    if month_number:
        said = f"tháng {month(month_number)} {said}"
    if day_number:
        said = f"ngày {day(day_number)} {said}"
    return said
