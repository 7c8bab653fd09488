"""A film to tables: everything that `python -m stages.predict` does, beside its networks alone and bare decoding."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.frames import FRAMES, HEIGHT, decode, film
from benchmarks.measure import Row, seconds
from stages.core.runtime import setup_torch, workers
from stages.media.decode import read_frames
from stages.media.detect import detect_faces, mtcnn
from stages.media.extract import Search, extract
from stages.media.frame import Frame
from stages.media.refine import onet
from stages.predict.films import Look, frames_of, trained
from stages.predict.recording import NAME, Recording

LOOK = Look(Search())


def rows() -> list[Row]:
    """Frames a second of the system that predicts by default here."""
    setup_torch(workers(), 0)
    with tempfile.TemporaryDirectory() as folder:
        path = film(Path(folder) / "film.mp4")
        predictor = trained()
        places = {path: predictor}
        frames = list(read_frames(path))
        faces, table = extract(path, LOOK.search)
        np.save(Path(folder) / f"{NAME}.npy", faces)
        table.to_parquet(Path(folder) / f"{NAME}.parquet", index=False)
        points = [*table.filter(regex=r"^p\d[xy]$").to_numpy().reshape(-1, 5, 2)]

        def networks() -> None:
            search_by_networks(frames, points)
            predictor.predict(Recording(scratch(Path(folder)), predictor.models, lambda *_: None))

        whole, alone, bare = seconds(
            lambda: frames_of(path, places, LOOK), networks, lambda: decode(path), repeat=3
        )
    name = f"film to tables, {HEIGHT}p"
    return [
        Row(name, "frames/s", FRAMES / whole, "its networks alone", FRAMES / alone, "≥ 0.7 ×"),
        Row("the same", "frames/s", FRAMES / whole, "bare PyAV decoding", FRAMES / bare),
    ]


def search_by_networks(frames: list[Frame], points: list[np.ndarray]) -> None:
    """What finding the face runs: the detector on every tenth frame, its last network on each."""
    cv2.setNumThreads(workers())
    detector, refine = mtcnn(), onet()
    for place, (frame, own) in enumerate(zip(frames, points, strict=False)):
        if place % LOOK.search.detect_every == 0:
            detect_faces(frame, detector, LOOK.search.detect_height)
        refine(frame, own)


def scratch(stored: Path) -> Path:
    """A new folder with the faces, so that nothing of an earlier prediction is there."""
    folder = Path(tempfile.mkdtemp(dir=stored))
    for name in (f"{NAME}.npy", f"{NAME}.parquet"):
        (folder / name).hardlink_to(stored / name)
    return folder
