"""What training lines say: syllables that Vietnamese could have, never a list of names.

A recogniser that has only seen the names people usually bear would correct the rare ones (Êban, K'Brơi). So words are
put together from onset, rhyme and tone by chance, foreign spellings and bare letters are mixed in, and the words that
cards print for everybody (labels, headings, kinds of places) are the only real vocabulary.
"""

import random
import string
import unicodedata
from collections.abc import Callable

from ocr import mrz
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Layout

_TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_VOWELS = "aăâeêioôơuưy"
ACCENTED = "".join(
    sorted(
        {
            cased
            for vowel in _VOWELS
            for tone in _TONES
            for cased in (
                unicodedata.normalize("NFC", vowel + tone),
                unicodedata.normalize("NFC", vowel.upper() + tone),
            )
        }
        - set(string.ascii_letters)
        | {"đ", "Đ"}
    )
)
PUNCTUATION = ".,/-:;()'<&+%\"*"
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase + ACCENTED + PUNCTUATION + " "
"""The classes of the recogniser after CTC's blank, in order: 212 of them, 134 letters with marks among them."""

_ONSETS = ["", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph", "qu", "r", "s", "t", "th", "tr", "v", "x"]  # fmt: skip
_OPEN = [
    "a",
    "ai",
    "ao",
    "au",
    "ay",
    "âu",
    "ây",
    "e",
    "eo",
    "ê",
    "êu",
    "i",
    "ia",
    "iu",
    "iêu",
    "o",
    "oi",
    "oa",
    "oai",
    "oay",
    "oe",
    "oeo",
    "ô",
    "ôi",
    "ơ",
    "ơi",
    "u",
    "ua",
    "ui",
    "uê",
    "uơ",
    "uy",
    "uya",
    "uyu",
    "uôi",
    "ư",
    "ưa",
    "ưi",
    "ưu",
    "ươi",
    "ươu",
    "yêu",
    "y",
    "am",
    "an",
    "ang",
    "anh",
    "ăm",
    "ăn",
    "ăng",
    "âm",
    "ân",
    "âng",
    "em",
    "en",
    "eng",
    "êm",
    "ên",
    "ênh",
    "im",
    "in",
    "inh",
    "iêm",
    "iên",
    "iêng",
    "om",
    "on",
    "ong",
    "oan",
    "oang",
    "oanh",
    "oăn",
    "oăng",
    "oen",
    "ôm",
    "ôn",
    "ông",
    "ơm",
    "ơn",
    "um",
    "un",
    "ung",
    "uân",
    "uâng",
    "uênh",
    "uôm",
    "uôn",
    "uông",
    "uyên",
    "uynh",
    "ưng",
    "ươm",
    "ươn",
    "ương",
    "yên",
    "yêm",
]
_STOPPED = [
    "ac",
    "ach",
    "ap",
    "at",
    "ăc",
    "ăp",
    "ăt",
    "âc",
    "âp",
    "ât",
    "ec",
    "ep",
    "et",
    "êch",
    "êp",
    "êt",
    "ich",
    "ip",
    "it",
    "iêc",
    "iêp",
    "iêt",
    "oc",
    "op",
    "ot",
    "oac",
    "oach",
    "oat",
    "oăc",
    "oăt",
    "oet",
    "ôc",
    "ôp",
    "ôt",
    "ơp",
    "ơt",
    "uc",
    "up",
    "ut",
    "uât",
    "uêch",
    "uôc",
    "uôt",
    "uych",
    "uyt",
    "uyêt",
    "ưc",
    "ưt",
    "ươc",
    "ươp",
    "ươt",
    "yêt",
]

_PLACES = (
    "Đường Phố Hẻm Ngõ Ngách Kiệt Phường Xã Thị trấn Quận Huyện Thị xã Thành phố Tỉnh Ấp Thôn Bản Buôn Làng Khóm Tổ Khu Khu phố Tổ dân phố TDP "
    "P. Q. TP. TP.HCM TP. Hồ Chí Minh Thành phố Hồ Chí Minh Hà Nội H. X. TT. TX. T. KP KP. ấp khu phố tổ đường phường xã số Số nhà Căn hộ Lầu Tầng "
    "Block Chung cư C/c KDC KTT Lô Quốc lộ QL Tỉnh lộ TL ĐT"
).replace("TP. Hồ Chí Minh", "TP._Hồ_Chí_Minh")  # fmt: skip
_UNITS = [unit.replace("_", " ") for unit in _PLACES.split(" ") if unit]

_SAID_BY_ALL = (
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SOCIALIST REPUBLIC OF VIET NAM", "Independence - Freedom - Happiness",
    "CĂN CƯỚC CÔNG DÂN", "Citizen Identity Card", "CĂN CƯỚC", "IDENTITY CARD", "GIẤY CHỨNG MINH NHÂN DÂN", "CHỨNG MINH NHÂN DÂN",
    "Việt Nam", "VIỆT NAM", "Nam", "Nữ", "Kinh", "Không thời hạn", "Không", "BỘ CÔNG AN", "MINISTRY OF PUBLIC SECURITY",
    "CỤC TRƯỞNG CỤC CẢNH SÁT", "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI", "DIRECTOR GENERAL OF THE POLICE DEPARTMENT",
    "FOR ADMINISTRATIVE MANAGEMENT OF SOCIAL ORDER", "Ngón trỏ trái", "Left index finger", "Ngón trỏ phải", "Right index finger",
    "NGÓN TRỎ TRÁI", "NGÓN TRỎ PHẢI", "DẤU VẾT RIÊNG VÀ DỊ HÌNH", "GIÁM ĐỐC CA", "GIÁM ĐỐC CÔNG AN", "Dân tộc", "Tôn giáo", "Sinh ngày", "Nguyên quán",
    "Nơi ĐKHK thường trú", "Nơi đăng ký khai sinh", "Nơi cư trú", "Quê quán", "Nơi thường trú", "Họ và tên gọi khác", "Đặc điểm nhận dạng",
    "Nốt ruồi", "Sẹo chấm", "C. 1 cm dưới sau mép phải", "trên sau cánh mũi trái", "Có giá trị đến", "SPECIMEN / MẪU", "Ngày", "tháng", "năm",
)  # fmt: skip
_ENGLISH = "of the and for social order police department public security personal identification number date birth place origin residence issue expiry full name sex nationality citizen card independence freedom happiness"  # fmt: skip


def place_tone(rhyme: str, tone: str, dice: random.Random) -> str:
    """The rhyme with its tone mark where spelling puts it; where two customs differ (hòa, hoà), either."""
    if not tone:
        return rhyme
    at = next((i for i, c in reversed(list(enumerate(rhyme))) if c in "ăâêôơ"), None)
    if at is None:
        spots = [i for i, c in enumerate(rhyme) if c in _VOWELS]
        closed = rhyme[-1] not in _VOWELS
        if len(spots) == 1:
            at = spots[0]
        elif len(spots) == 3 or closed or (rhyme in {"oa", "oe", "uy"} and dice.random() < 0.5):
            at = spots[1]
        else:
            at = spots[0]
    return unicodedata.normalize("NFC", rhyme[: at + 1] + tone + rhyme[at + 1 :])


def syllable(dice: random.Random) -> str:
    onset = dice.choice(_ONSETS)
    if dice.random() < 0.72:
        rhyme, tone = dice.choice(_OPEN), dice.choice(_TONES)
    else:
        rhyme, tone = dice.choice(_STOPPED), dice.choice(("\u0301", "\u0323"))
    return onset + place_tone(rhyme, tone, dice)


def _title(word: str) -> str:
    return word[:1].upper() + word[1:]


def _rare_word(dice: random.Random) -> str:
    """As names of the ethnic minorities and foreigners are spelt: marks inside, letters that Vietnamese has not."""
    letters = "aăâeêioôơuư"
    core = "".join(
        dice.choice("bcdđghklmnprstvwyjzf") + dice.choice(["", "", "h", "r", "l"]) + dice.choice(letters)
        for _ in range(dice.randint(1, 3))
    ) + dice.choice(["", "n", "ng", "k", "t", "p", "h", "m", "l", "r", "č"[:0]])
    core = _title(core)
    kind = dice.random()
    if kind < 0.3:
        return dice.choice(["H'", "K'", "Y ", "H", "Y-", "K' ", "H' "]) + core
    if kind < 0.4:
        return f"{core}-{_title(syllable(dice))}"
    return core


def name(dice: random.Random) -> str:
    words = [
        _title(syllable(dice)) if dice.random() < 0.9 else _rare_word(dice)
        for _ in range(dice.choices((1, 2, 3, 4, 5, 6), (2, 14, 40, 30, 10, 4))[0])
    ]
    text = " ".join(words)
    return text.upper() if dice.random() < 0.72 else text


def _house(dice: random.Random) -> str:
    number = str(dice.randint(1, dice.choice((9, 99, 999, 1999))))
    if dice.random() < 0.2:
        number += dice.choice("ABCDEFGHIKab")
    for _ in range(dice.choices((0, 1, 2, 3), (50, 30, 14, 6))[0]):
        number += "/" + str(dice.randint(1, 199)) + (dice.choice("ABCD") if dice.random() < 0.12 else "")
    if dice.random() < 0.05:
        number += "-" + str(dice.randint(1, 99))
    return number


def address(dice: random.Random) -> str:
    """A piece of an address, as one line of a card holds it."""
    pieces: list[str] = []
    if dice.random() < 0.5:
        pieces.append(
            (
                dice.choice(("", "", "", "Số ", "Số nhà ")) + _house(dice) + " " + dice.choice(("", "Đường ", "đường "))
            ).strip()
            + " "
            + _words(dice, 1, 4)
        )
    for _ in range(dice.randint(1, 3)):
        unit = dice.choice(_UNITS) if dice.random() < 0.65 else ""
        rest = str(dice.randint(1, 30)) if unit and dice.random() < 0.25 else _words(dice, 1, 3)
        glue = "" if unit.endswith(".") and dice.random() < 0.5 else " "
        pieces.append((unit + glue + rest).strip())
    text = (", " if dice.random() < 0.9 else ",").join(pieces)
    if dice.random() < 0.15:
        text += ","
    if dice.random() < 0.1:
        text = text.upper()
    return text


def _words(dice: random.Random, least: int, most: int) -> str:
    return " ".join(
        _title(syllable(dice)) if dice.random() < 0.93 else _rare_word(dice) for _ in range(dice.randint(least, most))
    )


def number(dice: random.Random) -> str:
    digits = "".join(dice.choice(string.digits) for _ in range(dice.choice((12, 12, 12, 9, 8, 6, 4))))
    if dice.random() < 0.1:
        digits = " ".join(digits[i : i + 3] for i in range(0, len(digits), 3))
    return digits


def day(dice: random.Random) -> str:
    mark = dice.choices(("/", "-", ".", " / "), (70, 20, 6, 4))[0]
    return mark.join((f"{dice.randint(1, 31):02d}", f"{dice.randint(1, 12):02d}", str(dice.randint(1930, 2060))))


def zone(dice: random.Random) -> str:
    """A line of the machine-readable zone, or a piece of one."""
    kind = dice.randrange(4)
    digits = lambda n: "".join(dice.choice(string.digits) for _ in range(n))  # noqa: E731
    if kind == 0:
        pin = digits(12)
        line = f"IDVNM{pin[3:]}{mrz.check_digit(pin[3:])}{pin}<<{mrz.check_digit(pin)}"
    elif kind == 1:
        line = f"{digits(7)}{dice.choice('MF')}{digits(7)}VNM{'<' * 11}{digits(1)}"
    else:
        line = mrz.name_line(name(dice) if kind == 2 else " ".join(_letters(dice) for _ in range(dice.randint(1, 4))))
    if dice.random() < 0.15:
        cut = dice.randint(5, 25)
        line = line[:cut] if dice.random() < 0.5 else line[cut:]
    return line


def _letters(dice: random.Random) -> str:
    return "".join(dice.choice(string.ascii_uppercase) for _ in range(dice.randint(1, 8)))


def jumble(dice: random.Random) -> str:
    """Letters by chance: every sign of the alphabet is seen often, beside every other."""
    pool = dice.choice(
        (ACCENTED, ACCENTED, string.ascii_letters + ACCENTED, ALPHABET[:-1], string.digits + PUNCTUATION)
    )
    words = ["".join(dice.choice(pool) for _ in range(dice.randint(1, 7))) for _ in range(dice.randint(1, 5))]
    return " ".join(words)


def _layouts() -> list[Layout]:
    return [layout for document in DOCUMENTS.values() for layout in (document.front, document.back)]


def label(dice: random.Random) -> str:
    one = dice.choice([label for layout in _layouts() for label in layout.labels])
    return one.vi + (f" / {one.en}" if one.en else "") + dice.choice((":", ":", "", " :"))


def said_by_all(dice: random.Random) -> str:
    if dice.random() < 0.2:
        return " ".join(dice.sample(_ENGLISH.split(), dice.randint(2, 5)))
    return dice.choice(_SAID_BY_ALL)


_KINDS: dict[Callable[[random.Random], str], int] = {
    name: 25, address: 28, number: 7, day: 6, zone: 9, jumble: 6, label: 7, said_by_all: 6,
}  # fmt: skip


def line(dice: random.Random) -> tuple[list[str], bool]:
    """The runs of one line (a label and its value may be set in different type), and whether it is a zone's line."""
    kind = dice.choices(list(_KINDS), list(_KINDS.values()))[0]
    if kind is label and dice.random() < 0.5:
        value = dice.choice((day, name, number, address, said_by_all))(dice)
        return [label(dice), value], False
    return [kind(dice)], kind is zone
