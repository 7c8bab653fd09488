"""Clips with a given sound."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stages.mel.sound import RATE

BLACK = [np.zeros((32, 32, 3), np.uint8)] * 25


def write_clip(
    path: Path,
    channels: list[np.ndarray],
    rate: int = RATE,
    codec: str = "pcm_f32le",
    late: float = 0.0,
    pictures: Sequence[np.ndarray] = BLACK,
) -> Path:
    """A Matroska file of one second of video, or of `pictures`, and the given sound, `late` seconds after it."""
    with av.open(str(path), "w", format="matroska", options={"fflags": "bitexact"}) as out:
        video = out.add_stream("mpeg4", rate=25)
        video.height, video.width = pictures[0].shape[:2]
        sound = out.add_stream(codec, rate=rate, layout="stereo" if len(channels) == 2 else "mono")
        for number, pixels in enumerate(pictures):
            picture = av.VideoFrame.from_ndarray(pixels, "rgb24")
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        encode(out, sound, np.stack(channels), rate, late)
    return path


def encode(
    out: av.container.OutputContainer, stream: av.AudioStream, samples: np.ndarray, rate: int, late: float
) -> None:
    for start in range(0, samples.shape[1], 1024):
        packed = np.ascontiguousarray(samples[:, start : start + 1024].T.reshape(1, -1), np.float32)
        frame = av.AudioFrame.from_ndarray(packed, "flt", stream.layout.name)
        frame.rate, frame.time_base, frame.pts = rate, Fraction(1, rate), start + round(late * rate)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def sine(frequency: float, rate: int = RATE, peak: float = 0.5) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * frequency * np.arange(rate) / rate)).astype(np.float32)
