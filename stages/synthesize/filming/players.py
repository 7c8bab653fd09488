"""People on the set of a video: who plays what, where in the frame, in which light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stages.synthesize.acting.dynamics import Track
from stages.synthesize.acting.performance import Performance, perform
from stages.synthesize.acting.speech import sample_speaker
from stages.synthesize.face import Drawn, Face, Light, sample_identity, sample_light
from stages.synthesize.filming.cast import Part, Video
from stages.synthesize.filming.events import Intrusion, absence_of, passing_hand
from stages.synthesize.filming.timing import turns
from stages.synthesize.scenes.backgrounds import Image
from stages.synthesize.seeds import rng_of

IOD = (0.155, 0.20)  # interocular distance as a share of the frame's height, from, to
IOD_PIXELS = (38, 64)  # and its limits in pixels: what a detector finds, what is quick to draw


@dataclass(frozen=True)
class Player:
    """A person on the set: who, playing what, where, how large (px an interocular distance)."""

    part: Part
    face: Face
    light: Light
    performance: Performance
    at: tuple[float, float]
    iod: float
    intrusions: tuple[Intrusion, ...]

    def centre(self, frame: int, time: float) -> tuple[float, float]:
        """Pixel between the eyes at a frame."""
        x, y = self.performance.sway[frame] * self.iod + np.array(self.at)
        for intrusion in self.intrusions:
            x += intrusion.shift(time)
        return float(x), float(y)

    def seen(self, time: float) -> bool:
        """Whether the face is in sight."""
        return not any(intrusion.hides(time) for intrusion in self.intrusions)

    def draw(self, canvas: Image, frame: int, time: float) -> Drawn:
        """Draw the person over `canvas` as they are at a frame."""
        state = self.performance.state(frame)
        return self.face.draw(canvas, state, self.light, self.centre(frame, time), self.iod)


def on_set(rng: np.random.Generator, seed: int, video: Video, index: int, times: Track) -> Player:
    """The video's `index`-th person, performance and all; people stand side by side."""
    part, people = video.parts[index], len(video.parts)
    person = rng_of(seed, "person", part.person)
    face = Face(sample_identity(person))
    phrases = turns(rng_of(seed, "turns", video.name), video.seconds, people)[index]
    performance = perform(rng, part.acts, phrases, times, sample_speaker(person))
    width, height = video.size
    iod = float(np.clip(height * rng.uniform(*IOD), *IOD_PIXELS)) * (0.9 if people > 1 else 1.0)
    at = (width * ((index + 0.5) / people + rng.uniform(-0.03, 0.03)), height * rng.uniform(0.44, 0.5))
    intrusions = absence_of(rng, part.absence, video.seconds, width, iod) + passing_hand(rng, video.seconds)
    return Player(part, face, sample_light(rng), performance, at, iod, tuple(intrusions))
