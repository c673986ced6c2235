"""The pixels of a display, as a camera sees them: regular, finer than anything on a face, red and blue in different places."""

from functools import cache

import numpy as np
from numpy.typing import NDArray


def display_grid(face: NDArray[np.uint8]) -> float:
    """How plain a regular pattern is in a square of RGB pixels, of an even side from 64 on, in powers of ten over what is around in the spectrum.

    Looks from an eighth of the sampling rate up, away from JPEG's own blocks. A display whose pixels are smaller than about
    1.4 of the camera's leaves nothing to see.
    """
    import cv2

    side = face.shape[0]
    both = np.ascontiguousarray(face[:, :, 0::2]).astype(np.float32)
    both -= cv2.blur(both, (15, 15))
    # With red as the real and blue as the imaginary part both are looked at in one transform.
    fade = np.hanning(side).astype(np.float32)
    spectrum = cv2.dft(both * (fade[:, None] * fade)[:, :, None], flags=cv2.DFT_COMPLEX_OUTPUT)
    power = np.roll((spectrum**2).sum(axis=2), side // 2, axis=0)
    half = side // 2
    strength = power[1:, 1:half] + power[:0:-1, :half:-1]
    told = 0.5 * np.log10(strength + 1)
    told -= cv2.blur(told, (17, 17))
    told[_left_out(side)] = 0
    return float(told.max())


@cache
def _left_out(side: int) -> NDArray[np.bool_]:
    """Frequencies that are no sign of anything: coarse ones, and those of JPEG's blocks, which repeat every eight pixels."""
    half, block = side // 2, side // 8
    y, x = np.mgrid[1 - half : half, 1:half]
    of_blocks = ((x + 2) % block < 5) & ((y + 2) % block < 5)
    return of_blocks | (np.hypot(x, y) < 0.12 * side)
