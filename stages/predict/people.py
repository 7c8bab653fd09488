"""Every face of a film as persons 1, 2, …: followed from frame to frame, known again after a cut or behind another.

Who is who is told by the aligned face itself, its colours at eight by eight pixels: of drawn people 99 % of a person's
faces lie within 0.11 of their mean, and 99 % of another's beyond 0.17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.media.detect import Face
from stages.media.frame import Frame
from stages.media.refine import Refiner
from stages.media.track import MIN_SCORE, near, polish
from stages.media.warp import warp_face

SIDE = 8  # of the face that a look is taken of, pixels
SAME = 0.14  # distance of looks up to which a face is somebody known
CHANGED = 0.25  # beyond which a face that is followed is another: a cut, or somebody in front
MEMORY = 50  # faces that a look is the mean of, about

Find = Callable[[Frame], list[Face]]
Looks = NDArray[np.float32]


@dataclass
class Person:
    """Somebody: their face now, all their faces by the place of the frame, and their mean look."""

    now: Face | None = None
    faces: dict[int, Face] = field(default_factory=dict)
    look: Looks | None = None

    def is_at(self, place: int, face: Face, look: Looks) -> None:
        """Note a face."""
        share = 1 / min(len(self.faces) + 1, MEMORY)
        self.look = look if self.look is None else (1 - share) * self.look + share * look
        self.now = self.faces[place] = face

    def distance(self, look: Looks) -> float:
        """How far a look is from theirs."""
        return float("inf") if self.look is None else float(np.sqrt(np.mean((look - self.look) ** 2)))

    def was_near(self, place: int, face: Face, within: int) -> bool:
        """Whether their last face was there, at most so many frames ago."""
        last = max(self.faces, default=-within - 1)
        return place - last <= within and near(face, self.faces[last])


def follow_all(
    frames: Iterable[Frame], find: Find, refine: Refiner | None, every: int
) -> tuple[list[float], list[Person]]:
    """Times of the frames, and all people in the order in which they appear.

    As `track.follow`: `find` looks for faces on every `every`-th frame and when somebody is lost, `refine` follows
    them in between.
    """
    people: list[Person] = []
    times = []
    for place, frame in enumerate(frames):
        lost = _advance(frame, place, people, refine)
        if place % every == 0 or (lost and refine is not None):
            _meet(frame, place, people, _candidates(frame, people, find, refine), every)
        times.append(frame.time)
    return times, _one_each(people)


def _one_each(people: Sequence[Person]) -> list[Person]:
    """Those who look the same and are never there together are one, seen badly in between."""
    found: list[Person] = []
    for person in people:
        alike = [own for own in found if not own.faces.keys() & person.faces.keys()]
        closest = min(alike, key=lambda own: own.distance(_known(person)), default=None)
        if closest is not None and closest.distance(_known(person)) < SAME:
            closest.look = _mean(closest, person)
            closest.faces |= person.faces
        else:
            found.append(person)
    return found


def _mean(one: Person, other: Person) -> Looks:
    """Look of two who are one, by how often each was seen."""
    share = len(one.faces) / (len(one.faces) + len(other.faces))
    return np.asarray(share * _known(one) + (1 - share) * _known(other), np.float32)


def _known(person: Person) -> Looks:
    assert person.look is not None, "who is noted has been seen"
    return person.look


def look_of(frame: Frame, face: Face) -> Looks:
    """Colours of the aligned face in CIELAB, [SIDE, SIDE, 3]; lightness counts half, and without its mean."""
    small = cv2.resize(warp_face(frame, face.points), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    look = cv2.cvtColor(small, cv2.COLOR_RGB2LAB).astype(np.float32)
    look[..., 0] = (look[..., 0] - look[..., 0].mean()) / 2
    return np.asarray(look / 50, np.float32)


def _advance(frame: Frame, place: int, people: Sequence[Person], refine: Refiner | None) -> bool:
    """Everybody's face one frame on; whether somebody was lost."""
    here = [person for person in people if person.now]
    moved = {id(person): _moved(frame, person, refine) for person in here}
    for one, other in combinations(here, 2):
        first, second = moved[id(one)], moved[id(other)]
        if first and second and near(first[0], second[0]):  # one face: who looks less like it is behind
            behind = max((one, other), key=lambda person: person.distance(moved[id(person)][1]))  # type: ignore[index]
            moved[id(behind)] = None
    for person in here:
        person.now = None
        if found := moved[id(person)]:
            person.is_at(place, *found)
    return any(person.now is None for person in here)


def _moved(frame: Frame, person: Person, refine: Refiner | None) -> tuple[Face, Looks] | None:
    if refine is None or person.now is None:
        return None
    face = refine(frame, person.now.points)
    if face.score < MIN_SCORE:
        return None
    look = look_of(frame, face)
    return (face, look) if person.distance(look) < CHANGED else None


def _candidates(frame: Frame, people: Sequence[Person], find: Find, refine: Refiner | None) -> list[Face]:
    """Faces that nobody who is followed has."""
    faces = [person.now for person in people if person.now]
    found: list[Face] = []
    for face in find(frame):
        if not any(near(face, other) for other in (*faces, *found)):
            found.append(polish(frame, face, refine))
    return found


def _meet(frame: Frame, place: int, people: list[Person], faces: Sequence[Face], every: int) -> None:
    """Give faces to those who are not there: the most alike first, then to newcomers."""
    looks = [look_of(frame, face) for face in faces]
    pairs = sorted(
        (person.distance(look), number, who)
        for number, (face, look) in enumerate(zip(faces, looks, strict=True))
        for who, person in enumerate(people)
        if person.now is None
        and person.distance(look) < (CHANGED if person.was_near(place, face, 2 * every) else SAME)
    )
    for _, number, who in pairs:
        if people[who].now is None and number not in _given(people, faces):
            people[who].is_at(place, faces[number], looks[number])
    for number in sorted(set(range(len(faces))) - _given(people, faces)):
        people.append(Person())
        people[-1].is_at(place, faces[number], looks[number])


def _given(people: Sequence[Person], faces: Sequence[Face]) -> set[int]:
    return {number for number, face in enumerate(faces) if any(person.now is face for person in people)}
