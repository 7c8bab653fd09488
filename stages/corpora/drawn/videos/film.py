"""Filming: a video's performances drawn frame by frame, voiced, encoded, annotated, and its truth kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.corpora.drawn.acting.dynamics import Track
from stages.corpora.drawn.acting.labels import occurrence
from stages.corpora.drawn.acting.performance import Performance, perform
from stages.corpora.drawn.acting.speech import sample_speaker
from stages.corpora.drawn.face import Drawn, Face, Light, sample_identity, sample_light
from stages.corpora.drawn.scenes.backgrounds import Image, background
from stages.corpora.drawn.scenes.camera import sample_camera, shoot
from stages.corpora.drawn.seeds import rng_of
from stages.corpora.drawn.videos.annotations import annotate, rows_of
from stages.corpora.drawn.videos.cast import Part, Video
from stages.corpora.drawn.videos.container import open_writer
from stages.corpora.drawn.videos.events import Intrusion, absence_of, passing_hand
from stages.corpora.drawn.videos.soundtrack import RATES, soundtrack
from stages.corpora.drawn.videos.timing import frame_times, turns
from stages.corpora.drawn.videos.truth import Truth
from stages.runtime import atomic_path

CAMERA = 0.5  # how bad a video's camera may be, of what stills see
CRF = (19, 30)  # x264 quality of the videos, from, to


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


def film(seed: int, video: Video, corpus: Path, truth: Path) -> None:
    """Make one video: file under `corpus`/<batch>, annotations beside, truth Parquet under `truth`."""
    rng = rng_of(seed, "video", video.name)
    times = frame_times(rng, video.fps, video.seconds, video.variable_rate)
    players = [_player(rng, seed, video, i, times) for i in range(len(video.parts))]
    tracks = [Truth(player.part.trial, player.part.person) for player in players]
    sound = soundtrack(rng, [player.performance.speech for player in players], video.sound, video.seconds)
    path = corpus / video.folder / f"{video.name}{video.suffix}"
    with (
        atomic_path(path) as beside,
        open_writer(
            beside,
            video.size,
            video.fps,
            sound,
            RATES[video.sound],
            int(rng.integers(*CRF)),
            video.variable_rate,
        ) as writer,
    ):
        for frame, image in enumerate(_shots(rng, video, players, tracks, times)):
            writer.write(image, float(times[frame]))
    for player in players:
        annotate(corpus, player.part, _rows(rng, player, times))
    Truth.write(truth / f"{video.name}.parquet", tracks)


def _player(rng: np.random.Generator, seed: int, video: Video, index: int, times: Track) -> Player:
    part = video.parts[index]
    person = rng_of(seed, "person", part.person)
    face = Face(sample_identity(person))
    phrases = turns(rng_of(seed, "turns", video.name), video.seconds, len(video.parts))[index]
    performance = perform(rng, part.acts, phrases, times, sample_speaker(person))
    width, height = video.size
    iod = float(np.clip(height * rng.uniform(0.155, 0.20), 38, 64)) * (0.9 if len(video.parts) > 1 else 1.0)
    share = (index + 0.5) / len(video.parts) + rng.uniform(-0.03, 0.03)
    intrusions = absence_of(rng, part.absence, video.seconds, width, iod) + passing_hand(rng, video.seconds)
    at = (width * share, height * rng.uniform(0.44, 0.5))
    return Player(part, face, sample_light(rng), performance, at, iod, tuple(intrusions))


def _shots(
    rng: np.random.Generator,
    video: Video,
    players: Sequence[Player],
    tracks: Sequence[Truth],
    times: Track,
) -> Iterator[Image]:
    """The frames as the camera delivers them; fills the tracks' truth on the way."""
    width, height = video.size
    scene = background(rng, height, width)
    camera = sample_camera(rng, CAMERA, grey=0.08, compress=False)
    for frame, time in enumerate(times):
        canvas = scene.copy()
        for player, track in zip(players, tracks, strict=True):
            drawn = _drawn(player, canvas, frame, float(time))
            canvas = drawn.image
            hidden = any(each.hides(float(time)) for each in player.intrusions)
            track.add(frame, player.performance, drawn, not hidden)
        for player in players:
            for intrusion in player.intrusions:
                canvas = intrusion.draw(canvas, player.centre(frame, float(time)), player.iod, float(time))
        yield shoot(rng, camera, canvas)


def _drawn(player: Player, canvas: Image, frame: int, time: float) -> Drawn:
    """Draw a player; on a wider canvas while the head is partly outside the frame."""
    state, centre = player.performance.state(frame), player.centre(frame, time)
    beyond = max(centre[0] + 3 * player.iod - canvas.shape[1], 3 * player.iod - centre[0], 0)
    pad = int(np.ceil(beyond))
    if not pad:
        return player.face.draw(canvas, state, player.light, centre, player.iod)
    wide = np.pad(canvas, ((0, 0), (pad, pad), (0, 0)))
    drawn = player.face.draw(wide, state, player.light, (centre[0] + pad, centre[1]), player.iod)
    shift = np.array([pad, 0], np.float32)
    return drawn._replace(
        image=drawn.image[:, pad:-pad].copy(), points=drawn.points - shift, box=drawn.box - np.tile(shift, 2)
    )


def _rows(rng: np.random.Generator, player: Player, times: Track) -> dict[str, list[str]]:
    """Annotation rows; in a gap nobody annotated."""
    show = player.performance
    known = np.ones(len(times), bool)
    if player.part.gap:
        first = int(len(times) * rng.uniform(0.1, 0.7))
        known[first : first + max(2, len(times) // 8)] = False
    affect = np.stack([show.valence, show.arousal], axis=1)
    return rows_of(occurrence(show.units), show.expression, affect, known)
