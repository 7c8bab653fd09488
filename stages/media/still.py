"""Pictures in files of their own, as they are shown (EXIF): one reader for crops, stills and single frames."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings, simplefilter

import cv2
import numpy as np

from stages.core.errors import UserError
from stages.media.names import check_readable

JPEG, JPEG_SCAN, JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"  # markers (ITU-T T.81, table B.1)
GIF = b"GIF8"  # may move

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # what is wrong is told in one sentence


def is_still(path: Path) -> bool:
    """Whether a file is a picture by its first bytes."""
    check_readable(path)
    return path.is_file() and cv2.haveImageReader(str(path)) and _head(path) != GIF


def read_still(path: Path) -> np.ndarray:
    """RGB [H, W, 3] as it is shown: turned and mirrored by EXIF, 8 bits, transparency left out.

    Errors: UserError for a file that is no picture or is not whole.
    """
    data = path.read_bytes() if path.is_file() else b""
    picture = _decoded(data) if _is_known(path, data) else None
    if picture is None or _is_cut(data):
        raise UserError(f"{path}: cannot be read as an image, it may be damaged; replace it")
    return picture


def _decoded(data: bytes) -> np.ndarray | None:
    with suppress(cv2.error):  # larger than OpenCV itself allows
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return None


def _is_known(path: Path, data: bytes) -> bool:
    """Whether the header is a picture's. Errors: UserError where it tells of more pixels than there may be."""
    from PIL import Image

    try:
        with catch_warnings():
            simplefilter("ignore")  # of sizes that are large
            with Image.open(BytesIO(data)):
                return True
    except Image.DecompressionBombError:  # memory is asked for by the header, whatever the file holds
        raise UserError(f"{path}: has more than 179 million pixels; make it smaller") from None
    except Exception:  # whatever its readers stumble over
        return False


def _is_cut(data: bytes) -> bool:
    """Whether a JPEG lacks its end, which decoders fill up in grey."""
    return data.startswith(JPEG) and data.rfind(JPEG_END) < data.rfind(JPEG_SCAN)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(GIF))
