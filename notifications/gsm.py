"""How long an SMS is: septets of the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1), 160 in one segment and 153 in each of several."""

ONE_SEGMENT = 160
OF_SEVERAL = 153

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes an escape and a letter.
_EXTENDED = frozenset("^{}\\[~]|€\f")


def septets(text: str) -> int | None:
    """Septets of a text; None when it holds a letter that the alphabet lacks (it would travel in 70-letter segments)."""
    if not all(letter in _BASIC or letter in _EXTENDED for letter in text):
        return None
    return sum(2 if letter in _EXTENDED else 1 for letter in text)


def plain(text: str) -> str:
    """What the alphabet lacks becomes a question mark, after what has a plain twin has become that."""
    twins = str.maketrans(
        {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "`": "'", "\u00a0": " "}
    )
    return "".join(letter if letter in _BASIC or letter in _EXTENDED else "?" for letter in text.translate(twins))
