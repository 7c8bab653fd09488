"""How stored pixels are shown: their shape, and the quarter turns and mirror image of a display matrix."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]  # width, height

EXTREME = 4  # a pixel that is told to be longer than this is a fault of the file


@dataclass(frozen=True)
class Geometry:
    """Where stored pixels stand in the picture shown.

    `across` and `down`: how many columns and rows of the picture one goes by a column and by a row of the
    stored one, each 1 and 0 or −1 in some order. `pixel`: width of a stored pixel over its height.
    """

    across: tuple[int, int] = (1, 0)
    down: tuple[int, int] = (0, 1)
    pixel: Fraction = Fraction(1)

    @property
    def turned(self) -> bool:
        """Whether rows are shown as columns."""
        return self.across[0] == 0

    def size(self, stored: Size) -> Size:
        """Of the picture shown; the shorter side of a pixel grows, so that nothing is lost."""
        width, height = self._square(stored)
        return (height, width) if self.turned else (width, height)

    def matrix(self, stored: Size) -> NDArray[np.float64]:
        """[3, 3] map from stored pixels to those shown, whose centres are whole."""
        square = self._square(stored)
        grow = np.divide(square, stored)
        linear = np.array([self.across, self.down]) * grow
        corner = np.minimum(np.array([self.across, self.down]), 0) @ -np.array(square)
        shift = linear @ [0.5, 0.5] + corner - 0.5
        return np.vstack([np.column_stack([linear, shift]), [0, 0, 1]])

    def show(self, picture: np.ndarray) -> np.ndarray:
        """Turn and mirror a picture [H, W, C] whose pixels are square."""
        if self.turned:
            picture = picture.swapaxes(0, 1)
        flips = tuple(axis for axis, line in enumerate((self.down, self.across)) if sum(line) < 0)
        return np.ascontiguousarray(np.flip(picture, flips))

    def _square(self, stored: Size) -> Size:
        width, height = stored
        if self.pixel >= 1:
            return round(width * self.pixel), height
        return width, round(height / self.pixel)


UPRIGHT = Geometry()


def geometry(frame: av.VideoFrame, pixel: Fraction | None) -> Geometry:
    """What a container (ISO 14496-12, 8.3.2; Matroska) or EXIF tells of a decoded frame.

    `pixel`: its stream's sample aspect ratio; 0 and None stand for square.
    """
    if not pixel or not 1 / EXTREME <= pixel <= EXTREME:
        pixel = Fraction(1)
    a, b, c, d = _linear(frame)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Geometry((_sign(a), 0), (0, _sign(d)), pixel)
    return Geometry((0, _sign(c)), (_sign(b), 0), pixel)


def _linear(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """a, b, c, d of a display matrix: a stored (x, y) is shown at (a·x + c·y, b·x + d·y)."""
    try:
        found: Any = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV stumbles over kinds of side data that it does not know
        return ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[round(frame.rotation / 90) % 4]
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(found))
    return a, b, c, d


def _sign(value: int) -> int:
    return -1 if value < 0 else 1
