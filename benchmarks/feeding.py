"""What feeding costs on one process, beside the usual data loader: faces with labels, and clips with masks and mels."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from lightning_fabric import Fabric
from torch.utils.data import DataLoader, Dataset

from benchmarks.measure import Row, seconds
from stages.clips.augment import ClipAugment
from stages.clips.batches import clip_batches
from stages.clips.cutting import Clips, Footage, Shape, cut_clips
from stages.core.runtime import setup_torch
from stages.training.samples.ahead import ahead
from stages.training.samples.faces import Faces, Labels
from stages.training.samples.mels import MelTrack, mel_window
from stages.training.samples.tracks import Track

FACES, FACE_BATCH, CLIP_BATCH, CLIPS = 4096, 64, 28, 280
AUGMENT = ClipAugment(flip=0.5, hue=10, saturation=25, value=20, brightness=0.2)  # TSAV's, as published
BY_HAND = "a data loader of single samples"


def rows() -> list[Row]:
    """Faces and clips a second, of a processor's time: other work on the machine does not count."""
    setup_torch(1, 0)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        clips = _clips(Path(folder))
        faces = Faces(
            [clips.footage[0].track.visual],
            np.zeros(FACES, int),
            np.arange(FACES),
            clips.footage[0].track.labels,
        )
        return [_faces_row(faces), _clips_row(clips)]


def _faces_row(faces: Faces) -> Row:
    order = np.random.default_rng(0).permutation(FACES)
    batches = np.split(order, FACES // FACE_BATCH)

    def read(rows: np.ndarray) -> list[Any]:
        return [faces.images(rows), *(faces.labels.targets(task, rows) for task in ("AU", "EXPR", "VA"))]

    class Single(Dataset[Any]):
        def __len__(self) -> int:
            return FACES

        def __getitem__(self, index: int) -> Any:
            return tuple(part[0] for part in read(np.array([index])))

    loader = DataLoader(Single(), FACE_BATCH, sampler=order.tolist())
    times = _time(lambda: ahead(read, batches, threads=0), lambda: iter(loader))
    return Row("reading faces and labels", "faces/s", FACES / times[0], BY_HAND, FACES / times[1], "≥ 5,000")


def _clips_row(clips: Clips) -> Row:
    make = clip_batches(
        clips, AUGMENT, lambda _: 1.0, tasks=("AU", "EXPR", "VA"), batch=CLIP_BATCH, steps=CLIPS // CLIP_BATCH,
        seed=0, fabric=Fabric(accelerator="cpu", devices=1),
    )  # fmt: skip
    chosen = np.random.default_rng(0).permutation(len(clips))[:CLIPS].tolist()
    loader = DataLoader(_Single(clips), CLIP_BATCH, sampler=chosen)
    times = _time(lambda: make(1), lambda: iter(loader))
    return Row(
        "reading and augmenting clips", "clips/s", CLIPS / times[0], BY_HAND, CLIPS / times[1], "≥ 667"
    )


class _Single(Dataset[Any]):
    """A clip at a time, frame by frame."""

    def __init__(self, clips: Clips) -> None:
        self.clips = clips

    def __getitem__(self, index: int) -> Any:
        clips, random = self.clips, np.random.default_rng(index)
        footage, place = clips.footage[clips.of[index]], clips.place[index]
        shift, mirror = random.integers(-10, 11, 3), random.random() < 0.5
        frames = []
        for back in range(clips.shape.frames - 1, -1, -1):
            row = max(place - back * clips.shape.dilation, 0)
            hsv = cv2.cvtColor(footage.track.visual[row], cv2.COLOR_RGB2HSV).astype(np.int16) + shift
            colours = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
            frame = np.dstack([colours, footage.masks[row]])  # type: ignore[index]
            frames.append(frame[:, ::-1] if mirror else frame)
        sound = mel_window(footage.track.sound, float(footage.track.time[place]), clips.shape.rows)
        return np.stack(frames), np.ascontiguousarray(sound.T)


def _clips(folder: Path) -> Clips:
    """A minute or two of noise on disk: faces, masks, sound and labels of every frame."""
    random = np.random.default_rng(0)
    arrays = {
        "faces": random.integers(0, 256, (FACES, 112, 112, 3), np.uint8),
        "masks": random.integers(0, 256, (FACES, 112, 112), np.uint8),
        "sound": random.normal(size=(FACES * 4, 64)).astype(np.float32),
    }
    opened = {}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
        opened[name] = np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r"))
    labels = Labels(
        random.integers(0, 2, (FACES, 12)).astype(np.int8),
        random.integers(0, 7, FACES).astype(np.int8),
        random.random((FACES, 2)).astype(np.float32),
    )
    place = np.arange(FACES)
    sound = MelTrack(opened["sound"], 0.01, 0.0)
    track = Track("", 1, place, place / 30, labels, np.ones(FACES, bool), opened["faces"], sound)
    return cut_clips([Footage(track, opened["masks"])], Shape())


def _time(*ways: Callable[[], Iterator[Any]]) -> list[float]:
    """Processor's time to exhaust each."""

    def exhaust(way: Callable[[], Iterator[Any]]) -> None:
        for _ in way():
            pass

    return seconds(*(partial(exhaust, way) for way in ways), repeat=3, clock=time.process_time)
