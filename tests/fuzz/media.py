"""Films, sounds and pictures to spoil, and what stages do with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import cv2
import numpy as np
from hypothesis import strategies as st

from stages.core.errors import UserError
from stages.index.lengths import container_frames
from stages.media.extract import Search, extract
from stages.mel.video_mel import MakeMel
from tests.fuzz.spoiling import spoilt

CODECS = {
    "film.mp4": ("libx264", "aac"),
    "film.mkv": ("libx264", "libmp3lame"),
    "film.avi": ("mpeg4", "libmp3lame"),
    "film.ts": ("mpeg2video", "mp2"),
    "film.webm": ("libvpx", "libopus"),
    "film.mov": ("mjpeg", "pcm_s16le"),
    "film.flv": ("flv", None),
    "film.gif": ("gif", None),
}  # fmt: skip
PICTURES = ("still.jpg", "still.png", "still.bmp", "still.webp", "still.tif")
SIDE, FRAMES, RATE = 48, 6, 10


def bases(folder: Path) -> dict[str, bytes]:
    """Name → bytes of small whole files."""
    films = {name: _film(folder / name, *codecs) for name, codecs in CODECS.items()}
    return films | {name: _picture(folder / name) for name in PICTURES}


@cache
def film() -> bytes:
    """A whole MP4, silent, in which nobody is."""
    with TemporaryDirectory() as folder:
        return _film(Path(folder) / "film.mp4", "libx264", None)


def read_media(folder: Path, name: str, data: bytes) -> None:
    """What index, frames, mel and prediction do with a file, past damage too. Errors: as theirs."""
    path = folder / name
    path.write_bytes(data)
    told: list[Exception] = []
    for step in _steps(path, folder):
        try:
            step()
        except Exception as error:
            told.append(error)
    if told:
        raise next((error for error in told if not isinstance(error, UserError)), told[0])


def cases(folder: Path) -> st.SearchStrategy[tuple[str, bytes]]:
    """Name and bytes."""
    whole = bases(folder)
    return st.sampled_from(sorted(whole)).flatmap(lambda name: st.tuples(st.just(name), spoilt(whole[name])))


def file_of(case: tuple[str, bytes]) -> str:
    """What a sentence has to name."""
    return case[0]


def _steps(path: Path, folder: Path) -> list[Callable[[], object]]:
    return [
        lambda: container_frames(path),
        lambda: extract(path, Search(detect_every=1), threads=1),
        lambda: extract(path, Search(detect_every=4, on_error="skip"), threads=1),
        lambda: MakeMel({"sound": path}, "jin2021")("sound", folder),
        lambda: MakeMel({"sound": path}, "jin2021", "skip")("sound", folder),
    ]


def _film(path: Path, codec: str, sound: str | None) -> bytes:
    random = np.random.default_rng(0)
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(codec, rate=RATE)
        stream.width = stream.height = SIDE
        stream.pix_fmt = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
        ear: Any = file.add_stream(sound, rate=48000 if sound == "libopus" else 44100) if sound else None
        for _ in range(FRAMES):
            image = av.VideoFrame.from_ndarray(
                random.integers(0, 256, (SIDE, SIDE, 3), np.uint8), format="rgb24"
            )
            file.mux(stream.encode(image))
        if ear:
            _hum(file, ear)
        file.mux(stream.encode(None))
    return path.read_bytes()


def _hum(file: Any, ear: Any) -> None:
    rate = ear.codec_context.sample_rate
    wave = (3000 * np.sin(np.arange(int(rate * FRAMES / RATE)) / 20)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.sample_rate = rate
    file.mux(ear.encode(frame))
    file.mux(ear.encode(None))


def _picture(path: Path) -> bytes:
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    cv2.imwrite(str(path), image)
    return path.read_bytes()
