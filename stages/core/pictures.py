"""Pictures for `dvc plots`: faces with points and masks, a mel-spectrogram. Equal inputs, equal bytes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.runtime import atomic_path

Image = NDArray[np.uint8]
SCALE = 2  # magnification of the 112-pixel crops
POINT = (0, 255, 0)


def mask_montage(faces: Image, points: NDArray[np.floating], *masks: Image) -> Image:
    """A column a face: the face, its points drawn in, and its masks.

    Faces [N, 112, 112, 3] RGB, points [N, P, 2], each of M `masks` [N, 112, 112] → [(2 + M)·224, N·224, 3].
    """
    grey = [[_enlarge(np.repeat(mask[..., None], 3, axis=2)) for mask in each] for each in masks]
    dotted = [_dotted(face, dots) for face, dots in zip(faces, points, strict=True)]
    rows = [[_enlarge(face) for face in faces], dotted, *grey]
    return np.vstack([np.hstack(row) for row in rows])


def landmark_montage(faces: Image, points: NDArray[np.floating], columns: int = 6) -> Image:
    """Faces [N, 112, 112, 3] RGB with points [N, P, 2] drawn in, `columns` a row, on black."""
    drawn = [_dotted(face, dots) for face, dots in zip(faces, points, strict=True)]
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % columns)
    rows = [np.hstack(drawn[start : start + columns]) for start in range(0, len(drawn), columns)]
    return np.vstack(rows)


def _enlarge(image: Image) -> Image:
    return np.kron(image, np.ones((SCALE, SCALE, 1), np.uint8))


def _dotted(face: Image, points: NDArray[np.floating]) -> Image:
    canvas = np.ascontiguousarray(_enlarge(face))
    for x, y in np.rint((points + 0.5) * SCALE - 0.5).astype(int):
        cv2.circle(canvas, (int(x), int(y)), 1, POINT, -1)
    return canvas


def spread(count: int, most: int) -> list[int]:
    """At most `most` indices spread evenly over `count` rows."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def encoded(image: Image) -> bytes:
    """The bytes of a PNG. Writing them fails aloud on a full disk, where OpenCV's own writer does not."""
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()


def write_png(path: Path, image: Image) -> None:
    """An RGB image [H, W, 3] as PNG."""
    with atomic_path(path) as beside:
        beside.write_bytes(encoded(image))


def mel_picture(
    path: Path,
    decibels: NDArray[np.floating],
    hop: float,
    rate: int,
    title: str,
    curves: pd.DataFrame | None = None,
) -> None:
    """A mel-spectrogram [T, mels] in dB over seconds and Hz, as PNG; `hop` in s, `rate` of the sound in Hz.

    `curves`: columns to draw beneath, indexed by seconds.
    """
    from librosa.display import specshow
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.4), layout="constrained")
    axes, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    seconds = hop * np.arange(len(decibels))
    drawn = specshow(
        decibels.T,
        sr=rate,
        x_coords=seconds,
        x_axis="s",
        y_axis="mel",
        fmax=rate / 2,
        htk=True,
        cmap="magma",
        ax=axes,
    )
    figure.colorbar(drawn, ax=axes, label="dB")
    axes.set(title=title, xlabel="", ylabel="Hz")
    for name, values in (curves if curves is not None else pd.DataFrame()).items():
        below.plot(values.index, values, label=str(name))
        below.legend(loc="upper right")
    below.set(xlabel="s", ylim=(-1, 1))
    with atomic_path(path) as beside:
        FigureCanvasAgg(figure).print_png(beside, metadata={"Software": None})
