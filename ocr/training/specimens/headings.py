"""The country's name and motto, which head every card, and the card's own name."""

from ocr.training.specimens.pen import RED, Side


def bilingual(side: Side, title_vi: str, title_en: str, *, x: float, until: float, title_until: float) -> None:
    """As printed since 2021; beside the title stands the chip's sign."""
    side.text(x, 0.035, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 36, role="heading", anchor="m", until=until)
    side.text(x, 0.088, "Độc lập - Tự do - Hạnh phúc", 29, role="heading", anchor="m", until=until)
    side.text(x, 0.135, "SOCIALIST REPUBLIC OF VIET NAM", 26, role="label", anchor="m", until=until)
    side.text(x, 0.172, "Independence - Freedom - Happiness", 25, role="label", anchor="m", until=until)
    side.text(x, 0.215, title_vi, 56, role="heading", ink=RED, anchor="m", until=title_until)
    side.text(x, 0.298, title_en, 31, role="english", ink=RED, anchor="m", until=until)


def vietnamese(side: Side, title: str, *, x: float, until: float, size: int = 54) -> None:
    """As printed before."""
    side.text(x, 0.04, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 38, role="heading", anchor="m", until=until)
    side.text(x, 0.10, "Độc lập - Tự do - Hạnh phúc", 31, role="heading", anchor="m", until=until)
    side.text(x, 0.16, title, size, role="heading", ink=RED, anchor="m", until=until)
