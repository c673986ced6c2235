"""A drawn head where a portrait stands."""

import io
import random

from PIL import Image, ImageDraw


def drawn_face(seed: int = 0) -> bytes:
    """A cartoon head, JPEG of 480x640: something where a portrait stands, when no photograph may be used."""
    shades = random.Random(seed)  # noqa: S311 (a drawing, not a secret)
    image = Image.new("RGB", (480, 640), (214, 226, 236))
    pen = ImageDraw.Draw(image)
    skin = (shades.randint(196, 232), shades.randint(160, 186), shades.randint(126, 152))
    hair = (shades.randint(18, 60), shades.randint(14, 42), shades.randint(12, 34))
    pen.ellipse((30, 500, 450, 820), fill=(shades.randint(40, 110), shades.randint(50, 110), shades.randint(80, 150)))
    pen.rectangle((195, 420, 285, 540), fill=tuple(c - 18 for c in skin))
    pen.ellipse((110, 90, 370, 430), fill=hair)
    pen.ellipse((130, 140, 350, 460), fill=skin)
    for x in (195, 285):
        pen.ellipse((x - 26, 270, x + 26, 298), fill=(250, 250, 250))
        pen.ellipse((x - 12, 271, x + 12, 297), fill=(40, 28, 22))
        pen.arc((x - 34, 232, x + 34, 276), 200, 340, fill=hair, width=8)
    pen.line((240, 290, 228, 350, 250, 352), fill=tuple(c - 40 for c in skin), width=5)
    pen.arc((195, 350, 285, 405), 20, 160, fill=(168, 74, 74), width=8)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
