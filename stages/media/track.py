"""Which face is whose: the largest one, or the two largest as left and right, followed through a video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from stages.media.detect import Face
from stages.media.frame import Frame
from stages.media.refine import Refiner

Find = Callable[[Frame], list[Face]]
Slots = list["Face | None"]  # one for each person followed

MIN_SCORE = 0.7  # MTCNN's own threshold for its last network
LOYALTY = 2.0  # how much larger a newcomer's box must be to take over
POLISH = 3  # passes of the refiner after which a detector's whole pixels are forgotten


def follow(
    frames: Iterable[Frame], find: Find, refine: Refiner | None, every: int, people: int = 1
) -> tuple[list[float], list[Slots]]:
    """Times and, for each frame, the face of each person (None: not visible).

    One person: the largest face, and it stays the same one unless another is twice its size. Two: the left
    one first ("the one on the left always left"). `find` looks for faces on every `every`-th frame and when
    somebody is lost; in between `refine` follows them. Without `refine` only frames with `find` have faces.
    """
    times, seen = [], []
    now: Slots = [None] * people
    last: Slots = [None] * people
    for index, frame in enumerate(frames):
        now = _advance(frame, now, refine)
        if index % every == 0 or (refine is not None and None in now):
            now = assign(_candidates(frame, now, find, refine), last, frame.size[0])
        last = [new or old for new, old in zip(now, last, strict=True)]
        times.append(frame.time)
        seen.append(now)
    return times, seen


def assign(faces: Sequence[Face], last: Slots, width: int) -> Slots:
    """Give faces to people: see `follow`. `last`: where each was last seen; `width` of the picture."""
    if len(last) == 1:
        return [
            max(faces, key=lambda face: area(face) * (LOYALTY if near(face, last[0]) else 1), default=None)
        ]
    pair = sorted(sorted(faces, key=area)[-2:], key=lambda face: middle(face)[0])
    if len(pair) == 2:
        return list(pair)
    if not pair:
        return [None, None]
    return [pair[0], None] if _is_left(pair[0], last, width) else [None, pair[0]]


def area(face: Face) -> float:
    """Of the box."""
    return float(np.prod(face.box[2:] - face.box[:2]))


def middle(face: Face) -> np.ndarray:
    """Centre [2] of the five points."""
    return face.points.mean(0)


def near(face: Face | None, other: Face | None) -> bool:
    """Whether two faces are one: centres closer than an interocular distance of the larger."""
    if face is None or other is None:
        return False
    reach = max(np.sqrt(area(face)), np.sqrt(area(other))) / 2
    return bool(np.linalg.norm(middle(face) - middle(other)) < reach)


def _advance(frame: Frame, now: Slots, refine: Refiner | None) -> Slots:
    """Everybody's face one frame on; two who have come to share a face are both lost."""
    if refine is None:
        return [None] * len(now)
    refined = [refine(frame, face.points) if face else None for face in now]
    kept: Slots = [face if face and face.score >= MIN_SCORE else None for face in refined]
    return [None, None] if len(kept) == 2 and near(kept[0], kept[1]) else kept


def _candidates(frame: Frame, now: Slots, find: Find, refine: Refiner | None) -> list[Face]:
    """Faces being followed, and those that the detector finds beside them."""
    faces = [face for face in now if face]
    for found in find(frame):
        if not any(near(found, face) for face in faces):
            faces.append(polish(frame, found, refine))
    return faces


def polish(frame: Frame, found: Face, refine: Refiner | None) -> Face:
    """The detector's face by the refiner, where that agrees (it may not on a profile)."""
    if refine is None:
        return found
    face = found
    for _ in range(POLISH):
        face = refine(frame, face.points)
    return face if face.score >= MIN_SCORE and near(face, found) else found


def _is_left(face: Face, last: Slots, width: int) -> bool:
    """Whether the only visible face is the left person's: who was last nearer, else by the half it is in."""
    left, right = last
    if left is None or right is None:
        return bool(middle(face)[0] < width / 2)
    distances = [np.linalg.norm(middle(face) - middle(old)) for old in (left, right)]
    return bool(distances[0] <= distances[1])
