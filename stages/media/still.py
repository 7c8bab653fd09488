"""Pictures in files of their own, as they are shown (EXIF): one reader for crops, stills and single frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from stages.core.errors import UserError

JPEG, JPEG_SCAN, JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"  # markers (ITU-T T.81, table B.1)
GIF = b"GIF8"  # may move


def is_still(path: Path) -> bool:
    """Whether a file is a picture by its first bytes."""
    return path.is_file() and cv2.haveImageReader(str(path)) and _head(path) != GIF


def read_still(path: Path) -> np.ndarray:
    """RGB [H, W, 3] as it is shown: turned and mirrored by EXIF, 8 bits, transparency left out.

    Errors: UserError for a file that is no picture or is not whole.
    """
    data = path.read_bytes() if path.is_file() else b""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if picture is None or _is_cut(data):
        raise UserError(f"{path}: cannot be read as an image, it may be damaged; replace it")
    return picture


def _is_cut(data: bytes) -> bool:
    """Whether a JPEG lacks its end, which decoders fill up in grey."""
    return data.startswith(JPEG) and data.rfind(JPEG_END) < data.rfind(JPEG_SCAN)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(GIF))
