"""One person's performance in a video: everything the face does at every frame, and the true labels of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stages.core.labels import EXPRESSIONS, MISSING
from stages.synthesize.acting import dynamics
from stages.synthesize.acting.pose import Array, yielding
from stages.synthesize.acting.script import GESTURE, Act, Event, write_script
from stages.synthesize.acting.speech import RATE, Speaker, Speech, plan_speech
from stages.synthesize.acting.valence_arousal import affect
from stages.synthesize.face import UNITS, FaceState
from stages.synthesize.face.names import INDEX

Track = NDArray[np.float64]

HABITS = ("AU7", "AU7", "AU10", "AU10", "AU10", "AU12")  # squinting, a raised lip, a polite smile, at rest
HABITUAL = 0.6  # share of people with such a habit; it makes these units the common ones, as in Aff-Wild2

TOLD = 0.28  # intensity from which an expression is told, or a gesture makes the label doubtful
YAW, PITCH, ROLL = 24.0, 14.0, 16.0  # degrees; the drawing holds to about 25


@dataclass(frozen=True)
class Performance:
    """One person at T frames: tracks [T], units float32 [T, 2, units], sway [T, 2] in interocular units."""

    units: Array
    yaw: Track
    pitch: Track
    roll: Track
    gaze_x: Track
    gaze_y: Track
    sway: NDArray[np.float64]
    expression: NDArray[np.int8]
    valence: Track
    arousal: Track
    speech: Speech

    def state(self, frame: int) -> FaceState:
        """State of the face at a frame (0-based)."""
        turn = (float(track[frame]) for track in (self.yaw, self.pitch, self.roll, self.gaze_x, self.gaze_y))
        return FaceState(self.units[frame], *turn)


def perform(
    rng: np.random.Generator,
    acts: Sequence[Act],
    phrases: Sequence[tuple[float, float]],
    times: Track,
    speaker: Speaker,
) -> Performance:
    """Play `acts` over the frames' `times` (s), talking during `phrases` (start, stop in s)."""
    seconds = float(times[-1]) + 0.05
    events = write_script(rng, acts, seconds)
    phrases = [phrase for phrase in phrases if not any(presses(event, phrase) for event in events)]
    grid = np.arange(int(np.ceil(seconds * RATE)) + 1) / RATE
    felt = affect(rng, events, grid)
    speech = plan_speech(rng, speaker, phrases, felt)
    at_frames = [np.interp(times, grid, felt[:, i]) for i in range(2)]
    talking = _talking(phrases, times)
    units = _units(rng, events, speech, times, grid)
    return Performance(
        units, *_head(rng, times, talking), *_gaze(rng, times), _sway(rng, times),
        told(events, times), at_frames[0], at_frames[1], speech,
    )  # fmt: skip


def presses(event: Event, phrase: tuple[float, float]) -> bool:
    """Whether the lips are pressed at some time of the phrase: nobody talks then."""
    start, stop = phrase
    overlaps = event.start < stop and start < event.start + event.onset + event.apex + event.offset
    return overlaps and float(event.peak[:, INDEX["AU24"]].max()) > 0.2


def told(events: Sequence[Event], times: Track) -> NDArray[np.int8]:
    """Expression label at `times`, int8 [T]: Neutral, what is shown, −1 under a gesture that tells none."""
    labels = np.full(len(times), EXPRESSIONS.index("Neutral"), np.int8)
    for event in events:
        label = MISSING if event.kind == GESTURE else EXPRESSIONS.index(event.kind)
        labels[event.course(times) * event.strength >= TOLD] = label
    return labels


def _talking(phrases: Sequence[tuple[float, float]], times: Track) -> Track:
    shares = [dynamics.envelope(times, start - 0.1, 0.15, stop - start, 0.2) for start, stop in phrases]
    return np.max([np.zeros_like(times), *shares], axis=0)


def _units(
    rng: np.random.Generator,
    events: Sequence[Event],
    speech: Speech,
    times: Track,
    grid: Track,
) -> Array:
    """Events, speech, breath of life and blinks in one track, float32 [T, 2, units]."""
    units = np.zeros((len(times), 2, len(UNITS)), np.float32)
    for event in events:
        np.maximum(units, _played(rng, event, times), out=units)
    for name, track in _mouth(speech, times, grid).items():
        units[..., INDEX[name]] = np.maximum(units[..., INDEX[name]], track[:, None])
    lids = dynamics.blinks(rng, times)
    units[..., INDEX["AU43"]] = np.maximum(units[..., INDEX["AU43"]], lids[:, None])
    return yielding(np.clip(units + _restless(rng, times), 0, 1))


def _played(rng: np.random.Generator, event: Event, times: Track) -> Array:
    """An event's units in time: each starts a little apart from the others and flickers at its apex."""
    units = np.zeros((len(times), *event.peak.shape), np.float32)
    for unit in np.flatnonzero(event.peak.max(axis=0)):
        course = event.course(times - rng.uniform(0, 0.25) * event.onset)
        flicker = 1 + 0.05 * dynamics.wander(rng, times, 0.5)
        units[:, :, unit] = np.outer(course * flicker, event.peak[:, unit])
    return units


def _mouth(speech: Speech, times: Track, grid: Track) -> dict[str, Track]:
    """Units that speech moves, each [T]."""
    opening, rounding, spreading = (
        np.interp(times, grid, track) for track in (speech.opening, speech.rounding, speech.spreading)
    )
    return {
        "AU25": np.clip(opening * 4, 0, 1) * (0.35 + 0.5 * opening),
        "AU26": 0.6 * np.clip(opening - 0.15, 0, 1),
        "AU18": 0.6 * rounding,
        "AU20": 0.25 * spreading,
    }


def _restless(rng: np.random.Generator, times: Track) -> Array:
    """Traces of movement at rest, and in some people a habit that is coded, float32 [T, 2, units]."""
    faint = np.zeros((len(times), 2, len(UNITS)), np.float32)
    for name in ("AU1", "AU2", "AU4", "AU6", "AU7", "AU10", "AU12", "AU14", "AU15", "AU17", "AU23"):
        level = rng.uniform(0, 0.06) + 0.02 * dynamics.wander(rng, times, 0.8)
        faint[..., INDEX[name]] = np.clip(level, 0, 0.12)[:, None]
    if rng.random() < HABITUAL:
        level = rng.uniform(0.1, 0.3) + 0.2 * dynamics.wander(rng, times, 1.5)
        faint[..., INDEX[rng.choice(HABITS)]] = np.clip(level, 0, 0.45)[:, None]
    return faint


def _head(rng: np.random.Generator, times: Track, talking: Track) -> tuple[Track, Track, Track]:
    """Yaw, pitch, roll in degrees: a habitual pose, slow wandering, nods while talking."""
    yaw = rng.normal(0, 8) + rng.uniform(1.5, 5) * dynamics.wander(rng, times, 1.2)
    pitch = rng.normal(0, 4) + rng.uniform(0.8, 2.5) * dynamics.wander(rng, times, 1.0)
    pitch += dynamics.nods(rng, times, talking)
    roll = rng.normal(0, 4) + rng.uniform(0.8, 3) * dynamics.wander(rng, times, 1.4)
    return limited(yaw, YAW), limited(pitch, PITCH), limited(roll, ROLL)


def limited(track: Track, limit: float) -> Track:
    """Bend a track smoothly so that it never passes ±`limit`."""
    return limit * np.tanh(track / limit)


def _gaze(rng: np.random.Generator, times: Track) -> tuple[Track, Track]:
    return dynamics.glances(rng, times, 0.35), dynamics.glances(rng, times, 0.2)


def _sway(rng: np.random.Generator, times: Track) -> NDArray[np.float64]:
    """Movement of the head in the image, right and down, in interocular units [T, 2]."""
    return np.stack([reach * dynamics.wander(rng, times, 1.5) for reach in (0.10, 0.06)], axis=1)
