"""A video with its predictions drawn beside it: face box, bars of probabilities, valence and arousal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd

from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.core.pictures import encoded
from stages.core.runtime import atomic_path
from stages.media.decode import Frame, read_frames
from stages.predict.outputs import BOX, THRESHOLD

Picture = np.ndarray  # uint8 [H, W, 3] RGB

HEIGHT, PANEL = 480, 240  # pixels
ROW = 21  # height of a bar and its name
BARS = slice(92, 232)  # columns of the bars
DASH = 12  # pixels
WHITE, GREY, GREEN, ORANGE = (235, 235, 235), (70, 70, 70), (90, 190, 110), (235, 150, 60)
TICKS = 1000  # time stamps a second
CODEC = {"crf": "20", "preset": "veryfast"}
FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_overlay(source: Path, rows: pd.DataFrame, path: Path) -> None:
    """Draw `rows` (see `per_frame.frame_rows`) over the video or image `source`; a silent MP4, or a PNG.

    `path` ends with .mp4 or .png. Frames keep their times.
    """
    frames = read_frames(source, len(rows), problems=[])  # rows are there: so much can be decoded
    pictures = ((frame.number, draw(frame, rows.iloc[frame.number - 1])) for frame in frames)
    with atomic_path(path) as beside:
        if path.suffix == ".png":
            beside.write_bytes(encoded(next(pictures)[1]))
        else:
            _encode(beside, pictures, rows["time"].to_numpy())


def draw(frame: Frame, row: pd.Series) -> Picture:
    """One frame at a height of 480 pixels with its panel, uint8 [480, W + 240, 3]."""
    scale = HEIGHT / frame.size[1]
    width = round(frame.size[0] * scale / 2) * 2
    picture = np.ascontiguousarray(frame.rgb((width, HEIGHT)))
    if not np.isnan(row["x0"]):
        x0, y0, x1, y1 = (round(float(row[name]) * scale) for name in BOX)
        cv2.rectangle(picture, (x0, y0), (x1, y1), GREEN, 2)
    return np.hstack([picture, panel(row)])


def panel(row: pd.Series) -> Picture:
    """Bars of the outputs, uint8 [480, 240, 3]; a dash stands for what is not known."""
    picture = np.full((HEIGHT, PANEL, 3), 25, np.uint8)
    likeliest = row[list(EXPRESSIONS)].astype(float).idxmax() if row[list(EXPRESSIONS)].notna().any() else ""
    for place, name in enumerate((*AU_NAMES, *EXPRESSIONS, *VA_NAMES)):
        value, top = float(row[name]), 8 + place * ROW + 5 * (place >= 12) + 5 * (place >= 19)
        cv2.putText(picture, name, (6, top + 13), FONT, 0.42, WHITE, 1, cv2.LINE_AA)
        bright = name == likeliest or (name in AU_NAMES and value >= THRESHOLD)
        _bar(picture, top, value, ORANGE if bright else GREEN, signed=name in VA_NAMES)
    return picture


def _bar(picture: Picture, top: int, value: float, colour: tuple[int, int, int], signed: bool) -> None:
    """A bar from the left (0 to 1), or from the middle (−1 to 1); no bar for NaN."""
    if np.isnan(value):
        picture[top + 6 : top + 8, BARS.start : BARS.start + DASH] = GREY
        return
    picture[top : top + 14, BARS] = GREY
    width = BARS.stop - BARS.start
    zero = BARS.start + width // 2 if signed else BARS.start
    end = zero + round(np.clip(value, -1, 1) * (width // 2 if signed else width))
    picture[top : top + 14, min(zero, end) : max(zero, end)] = colour


def _encode(path: Path, pictures: Iterator[tuple[int, Picture]], times: np.ndarray) -> None:
    """Write pictures with the numbers of their frames; `times` [L] in seconds of all frames."""
    places = np.arange(len(times))  # no two frames may have one stamp
    stamps = np.maximum.accumulate(np.round(times * TICKS).astype(int) - places) + places
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=_rate(times), options=CODEC)
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", Fraction(1, TICKS)
        for number, picture in pictures:
            stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = int(stamps[number - 1]), Fraction(1, TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _rate(times: np.ndarray) -> Fraction:
    """Frames a second for the container's header."""
    span = float(times[-1] - times[0]) if len(times) > 1 else 0.0
    return Fraction((len(times) - 1) / span).limit_denominator(1001) if span > 0 else Fraction(25)
