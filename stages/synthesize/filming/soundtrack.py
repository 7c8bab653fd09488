"""A video's sound: the players' voices mixed, in mono or across two channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stages.synthesize.acting.speech import Speech
from stages.synthesize.voice.synthesis import room, voice

RATES = {"mono": 44_100, "stereo": 48_000, "none": 44_100}  # Hz


def soundtrack(rng: np.random.Generator, speeches: Sequence[Speech], kind: str) -> NDArray[np.float32] | None:
    """Sound of a video, float32 [channels, samples] at `RATES[kind]`; None for a silent film."""
    if kind == "none":
        return None
    rate = RATES[kind]
    voices = [voice(rng, speech, rate) for speech in speeches]
    mixed = np.sum(voices, axis=0)
    gains = (1.0,) if kind == "mono" else (0.8, 0.6)
    return np.clip([room(rng, gain * mixed) for gain in gains], -1, 1).astype(np.float32)
