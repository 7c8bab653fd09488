"""Which videos there are: names, formats, who plays, which tasks and splits; every case a reader must stand.

Case by case as in Aff-Wild2 (2021 release). No person plays in both splits of a task.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from stages.synthesize.acting.script import Act
from stages.synthesize.filming.casting import TRAIN_SHARES, VALIDATION_SHARES, deal

TRAIN, VALIDATION = "train", "validation"
SLOT = 1.2  # s of video for an act
FEWEST = 10  # videos, so that every case is there

Splits = dict[str, str]


@dataclass(frozen=True)
class Count:
    """Videos to cast, at least ten, and validation videos `further` to these; lengths in s."""

    videos: int
    further: int
    seconds: float
    validation_seconds: float


@dataclass(frozen=True)
class Part:
    """A labelled track: one person in one video."""

    trial: str
    person: str
    splits: Splits
    extra: dict[str, int] = field(default_factory=dict)  # label rows more than the video has frames
    absence: str = ""  # "" | "leaves" (the frame) | "covered"
    gap: bool = False  # a stretch nobody annotated
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Video:
    """A video file and its tracks."""

    name: str
    folder: str
    fps: int
    size: tuple[int, int]  # width, height
    parts: tuple[Part, ...]
    suffix: str = ".mp4"
    sound: str = "mono"  # "mono" (44.1 kHz) | "stereo" (48 kHz) | "none"
    variable_rate: bool = False
    seconds: float = 0.0


def every(split: str) -> Splits:
    """All three tasks in one split."""
    return {"AU": split, "EXPR": split, "VA": split}


def solo(name: str, splits: Splits, **of_part: object) -> tuple[Part, ...]:
    """The one track of a video with one person."""
    return (Part(trial=name, person=f"actor-{name}", splits=splits, **of_part),)  # type: ignore[arg-type]


def special_cases() -> list[Video]:
    """The ten videos that every corpus has, one trap or more each."""
    pair = tuple(
        Part(trial=f"video10_1_{side}", person=f"actor-video10_1-{side}", splits=every(TRAIN))
        for side in ("left", "right")
    )
    return [
        Video("1-30-480x360", "batch1", 30, (480, 360), solo("1-30-480x360", every(TRAIN))),
        Video("video2", "batch1", 25, (320, 240), solo("video2", every(VALIDATION))),
        Video("video3", "batch1", 30, (320, 240), solo("video3", every(TRAIN)), variable_rate=True),
        Video("4-25-320x240", "batch1", 25, (320, 240), solo("4-25-320x240", every(VALIDATION)),
              sound="none"),
        Video("video10_1", "batch1", 25, (480, 270), pair),
        Video("6-30-640x360", "batch2", 30, (640, 360),
              solo("6-30-640x360", every(TRAIN), absence="leaves", gap=True)),
        Video("video7", "batch2", 25, (320, 240), solo("video7", every(TRAIN), extra={"AU": 1, "EXPR": -1})),
        Video("video8", "batch2", 25, (320, 240), solo("video8", every(VALIDATION), gap=True), suffix=".avi"),
        Video("9-25-320x240", "batch2", 25, (320, 240),
              solo("9-25-320x240", {"AU": VALIDATION, "EXPR": TRAIN, "VA": VALIDATION})),
        Video("video11", "batch2", 25, (320, 240),
              solo("video11", {"AU": TRAIN, "EXPR": VALIDATION, "VA": TRAIN}), sound="stereo"),
    ]  # fmt: skip


# Which tasks ordinary videos have: they overlap only partly.
TRAIN_TASKS = (("AU", "EXPR", "VA"), ("AU", "VA"), ("EXPR", "VA"), ("AU", "EXPR"),
               ("AU", "EXPR", "VA"), ("AU",))  # fmt: skip
VALIDATION_TASKS = (("AU", "EXPR", "VA"), ("AU", "EXPR", "VA"), ("AU", "EXPR"), ("AU", "EXPR", "VA"),
                    ("EXPR", "VA"), ("AU", "VA"))  # fmt: skip
FORMATS = ((25, (320, 240)), (30, (320, 240)), (25, (480, 270)), (30, (400, 300)))


def split_of(number: int) -> str:
    """Split of the n-th ordinary video: two in five are validation, since its halves need every class."""
    return VALIDATION if number % 5 in (1, 3) else TRAIN


def ordinary(number: int, split: str) -> Video:
    """The n-th video without peculiarities."""
    tasks = VALIDATION_TASKS if split == VALIDATION else TRAIN_TASKS
    fps, size = FORMATS[number % len(FORMATS)]
    name = f"video{number + 20}" if number % 3 else f"{number + 20}-{fps}-{size[0]}x{size[1]}"
    splits = dict.fromkeys(tasks[number // 2 % len(tasks)], split)
    absence = ("leaves", "covered")[number // 11 % 2] if number % 11 == 5 else ""
    parts = solo(name, splits, absence=absence, gap=number % 7 == 4)
    return Video(name, f"batch{1 + number % 2}", fps, size, parts)


def cast(rng: np.random.Generator, count: Count) -> list[Video]:
    """Name the videos, their lengths, their people and what these play."""
    common = max(count.videos - FEWEST, 0)
    splits = [split_of(i) for i in range(common)] + [VALIDATION] * count.further
    videos = special_cases() + [ordinary(i, split) for i, split in enumerate(splits)]
    lengths = {True: count.validation_seconds, False: count.seconds}
    return _with_acts(rng, [replace(v, seconds=lengths[is_validation(v)]) for v in videos])


def is_validation(video: Video) -> bool:
    """Whether any task has the video for validation."""
    return any(VALIDATION in part.splits.values() for part in video.parts)


def _with_acts(rng: np.random.Generator, videos: list[Video]) -> list[Video]:
    """Deal acts so that every class is played in each split as often as its share says."""
    slots = [max(2, round(v.seconds / SLOT)) for v in videos]
    sides = {side: [i for i, v in enumerate(videos) if is_validation(v) is side] for side in (False, True)}
    acts: dict[str, tuple[Act, ...]] = {}
    for side, shares in ((False, TRAIN_SHARES), (True, VALIDATION_SHARES)):
        parts = [(part, slots[i]) for i in sides[side] for part in videos[i].parts]
        deck = iter(deal(rng, shares, sum(n for _, n in parts)))
        acts |= {part.trial: tuple(next(deck) for _ in range(n)) for part, n in parts}
    return [replace(v, parts=tuple(replace(p, acts=acts[p.trial]) for p in v.parts)) for v in videos]
