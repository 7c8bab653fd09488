"""Source-filter speech: glottal pulses and noise through five moving formants (Klatt 1980, JASA 67(3))."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt

from stages.synthesize.acting.speech import RATE, Speech, Track

BANDWIDTHS = (80.0, 100.0, 140.0, 220.0, 300.0)  # Hz
OPEN_QUOTIENT = 0.6  # share of the period in which the glottis is open
FLOOR = 10 ** (-66 / 20)  # noise of the room, full scale = 1
LEVEL = 0.12  # RMS of plain speech at loudness 1


def voice(rng: np.random.Generator, speech: Speech, rate: int) -> NDArray[np.float32]:
    """Waveform of a speech plan at `rate` Hz, mono float32 [samples] in [-1, 1], without the room's noise."""
    samples = len(speech.opening) * rate // RATE
    at = np.arange(samples) * RATE / rate
    read = lambda track: np.interp(at, np.arange(len(track)), track)  # noqa: E731 - the one resampling rule
    loudness = read(speech.loudness)
    source = glottis(rng, read(speech.pitch), rate) + 0.02 * rng.standard_normal(samples)
    formed = resonate(source, speech.formants, rate)
    formed *= LEVEL / (np.sqrt(np.mean(formed**2)) + 1e-9)
    noise = 0.35 * LEVEL * frication(rng, samples) * read(speech.hiss)
    return np.tanh((formed + noise) * loudness).astype(np.float32)


def room(rng: np.random.Generator, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add the faint brown noise of a room and microphone."""
    hum = lfilter([1.0], [1.0, -0.97], rng.standard_normal(len(sound)))
    return (sound + FLOOR * hum / hum.std()).astype(np.float32)


def glottis(rng: np.random.Generator, pitch: Track, rate: int) -> Track:
    """Derivative of the glottal flow at `pitch` Hz, with jitter (KLGLOTT88: Klatt & Klatt 1990, eq. 1)."""
    jitter = 1 + 0.01 * lfilter([0.02], [1, -0.98], rng.standard_normal(len(pitch))) * 7
    phase = np.cumsum(pitch * jitter / rate) % 1.0
    t = phase / OPEN_QUOTIENT
    return np.where(t < 1, 2 * t - 3 * t**2, 0.0)


def resonate(source: Track, formants: NDArray[np.float64], rate: int) -> Track:
    """Five resonators in cascade whose centres move every 1/`RATE` s, float64 [samples]."""
    sections = _resonators(formants, rate)
    state = np.zeros((len(BANDWIDTHS), 2))
    out = np.empty_like(source)
    edges = np.arange(len(formants) + 1) * rate // RATE
    for row, (first, last) in enumerate(pairwise(edges)):
        out[first:last], state = sosfilt(sections[row], source[first:last], zi=state)
    return out


def _resonators(formants: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Second-order sections of unit gain at 0 Hz, float64 [n, 5, 6]."""
    radius = np.exp(-np.pi * np.array(BANDWIDTHS) / rate)
    a1 = -2 * radius * np.cos(2 * np.pi * formants / rate)
    a2 = np.broadcast_to(radius**2, a1.shape)
    sections = np.zeros((*formants.shape, 6))
    sections[..., 0], sections[..., 3] = 1 + a1 + a2, 1.0
    sections[..., 4], sections[..., 5] = a1, a2
    return sections


def frication(rng: np.random.Generator, samples: int) -> Track:
    """Hiss of s and t: noise with its strength above some 4 kHz, unit RMS."""
    hiss = lfilter([1.0, -0.95], [1.0, 0.2], rng.standard_normal(samples))
    return hiss / hiss.std()
