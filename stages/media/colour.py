"""From the planes of a decoded frame to RGB: matrix (BT.601, BT.709, BT.2020) and range (limited, full)."""

from __future__ import annotations

from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray

# Weights of red and blue in luma by FFmpeg's number of the colour space (ITU-T H.273, table 4).
BT709, BT601, BT2020 = (0.2126, 0.0722), (0.299, 0.114), (0.2627, 0.0593)
LUMA_WEIGHTS = {1: BT709, 4: (0.30, 0.11), 5: BT601, 6: BT601, 7: (0.212, 0.087), 9: BT2020, 10: BT2020}
FULL_RANGE = 2  # AVCOL_RANGE_JPEG

# FFmpeg's planar RGB has its planes in the order green, blue, red.
GBR_TO_RGB = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0]], np.float64)


def is_full_range(frame: av.VideoFrame) -> bool:
    """Whether luma runs over 0–255 (JPEG, most phones' stills) and not over 16–235 (most video)."""
    return frame.color_range == FULL_RANGE or frame.format.name.startswith("yuvj")


def yuv_to_rgb(frame: av.VideoFrame) -> NDArray[np.float64]:
    """[3, 4] matrix from (Y, Cb, Cr, 1) in 0–255 to RGB in 0–255 (ITU-T H.273, 8.3).

    A frame that names no colour space has BT.709 from 720 lines on, else BT.601, as players assume.
    """
    unknown = BT709 if min(frame.width, frame.height) >= 720 else BT601
    return matrix(*LUMA_WEIGHTS.get(frame.colorspace, unknown), full=is_full_range(frame))


@lru_cache
def matrix(red: float, blue: float, full: bool) -> NDArray[np.float64]:
    """[3, 4] matrix for the luma weights of red and blue and a range."""
    green = 1 - red - blue
    luma, chroma = (1.0, 1.0) if full else (255 / 219, 255 / 224)
    cb, cr = 2 * (1 - blue) * chroma, 2 * (1 - red) * chroma
    linear = np.array([[luma, 0, cr], [luma, -cb * blue / green, -cr * red / green], [luma, cb, 0]])
    zero = np.array([0 if full else 16, 128, 128])
    return np.column_stack([linear, -linear @ zero])
