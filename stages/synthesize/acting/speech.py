"""Speech as a plan of syllables that moves the mouth and drives the voice alike.

The plan lives on a grid of `RATE` values a second from time 0; pitch, loudness and syllable rate follow
arousal and valence (Scherer 2003, "Vocal communication of emotion", table 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Track = NDArray[np.float64]

RATE = 200  # Hz

# Formants (Hz; Peterson & Barney 1952, men; usual F4, F5), jaw opening, lip rounding and spreading (0..1).
VOWELS: dict[str, tuple[tuple[int, ...], float, float, float]] = {
    "a": ((730, 1090, 2440, 3400, 4500), 1.0, 0.0, 0.1),
    "e": ((530, 1840, 2480, 3500, 4500), 0.6, 0.0, 0.5),
    "i": ((270, 2290, 3010, 3600, 4500), 0.35, 0.0, 0.7),
    "o": ((570, 840, 2410, 3300, 4400), 0.6, 0.6, 0.0),
    "u": ((300, 870, 2240, 3300, 4400), 0.35, 0.9, 0.0),
    "ə": ((500, 1500, 2500, 3500, 4500), 0.5, 0.1, 0.1),
}
NEUTRAL_TRACT = VOWELS["ə"][0]


@dataclass(frozen=True)
class Speaker:
    """Habitual pitch (Hz) and length of the vocal tract (factor on formants)."""

    pitch: float
    tract: float


@dataclass
class Speech:
    """Mouth and voice on the grid: tracks [n] in 0..1, pitch [n] and formants [n, 5] in Hz."""

    opening: Track
    rounding: Track
    spreading: Track
    loudness: Track
    pitch: Track
    formants: NDArray[np.float64]
    hiss: Track


def sample_speaker(rng: np.random.Generator) -> Speaker:
    """A voice between a low man's and a child's."""
    height = rng.uniform(0, 1)
    return Speaker(pitch=90 * 2.6**height * rng.uniform(0.93, 1.07), tract=1.0 + 0.22 * height)


def plan_speech(
    rng: np.random.Generator,
    speaker: Speaker,
    phrases: Sequence[tuple[float, float]],
    affect: NDArray[np.float64],
) -> Speech:
    """Fill phrases (start, stop in s) with syllables; `affect` is valence and arousal on the grid, [n, 2]."""
    speech = _silence(len(affect), speaker)
    for start, stop in phrases:
        at = start
        while at < stop - 0.08:
            at = _syllable(rng, speech, speaker, at, stop, affect)
    return _smoothed(speech, speaker, affect)


def _silence(length: int, speaker: Speaker) -> Speech:
    zeros = [np.zeros(length) for _ in range(6)]
    formants = np.tile(np.array(NEUTRAL_TRACT, float) * speaker.tract, (length, 1))
    return Speech(zeros[0], zeros[1], zeros[2], zeros[3], zeros[4], formants, zeros[5])


def _syllable(
    rng: np.random.Generator,
    speech: Speech,
    speaker: Speaker,
    at: float,
    stop: float,
    affect: NDArray[np.float64],
) -> float:
    """Write one syllable that starts at `at` s; returns where the next one starts."""
    _, arousal = affect[min(int(at * RATE), len(affect) - 1)]
    length = min(rng.uniform(0.8, 1.3) / (4.2 * (1 + 0.4 * arousal)), stop - at)
    first, last = int(at * RATE), min(int((at + length) * RATE), len(affect))
    span, hump = slice(first, last), np.sin(np.linspace(0, np.pi, last - first))
    formants, jaw, rounding, spreading = VOWELS[rng.choice(list(VOWELS))]
    floor = rng.choice([0.0, 0.15, 0.25])  # lips meet (p, b, m), teeth meet (s, t), or neither
    speech.opening[span] = floor + (jaw * (0.8 + 0.3 * arousal) - floor) * hump**0.8
    speech.rounding[span], speech.spreading[span] = rounding * hump, spreading * hump
    speech.formants[span] = np.array(formants) * speaker.tract
    speech.loudness[span] = (0.35 + 0.65 * hump) * rng.uniform(0.75, 1.0)
    speech.pitch[span] = rng.uniform(-1, 1) * (0.4 + 0.6 * max(arousal, 0))  # intonation, −1..1
    speech.hiss[span] = np.where(np.arange(last - first) < 0.25 * (last - first), 0.6 * (floor == 0.15), 0.05)
    return at + length + (rng.uniform(0.05, 0.2) if rng.random() < 0.12 else 0.0)


def _smoothed(speech: Speech, speaker: Speaker, affect: NDArray[np.float64]) -> Speech:
    """Inertia of jaw, lips and larynx; loud, high and bright as affect says; silent with a shut mouth."""
    valence, arousal = affect.T
    for track in (speech.opening, speech.rounding, speech.spreading, speech.loudness):
        track[:] = np.clip(gaussian_filter1d(track, 0.02 * RATE), 0, 1)
    speech.formants[:] = gaussian_filter1d(speech.formants, 0.02 * RATE, axis=0)
    speech.formants[:, 1:3] *= 1 + 0.06 * valence[:, None]  # a smile shortens the tract
    intonation = gaussian_filter1d(speech.pitch, 0.06 * RATE)
    speech.pitch[:] = speaker.pitch * 2 ** (0.45 * arousal + 0.08 * valence + 0.25 * intonation)
    speech.loudness *= open_gate(speech.opening) * 10 ** (0.6 * (arousal - 0.3))
    return speech


def open_gate(opening: Track) -> Track:
    """Sound that passes the lips: 0 when shut, 1 from a visible opening on."""
    t = np.clip((opening - 0.14) / 0.12, 0, 1)
    return t * t * (3 - 2 * t)
