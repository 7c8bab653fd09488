"""Filming: a video's performances drawn frame by frame, voiced, encoded, annotated, and its truth kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from stages.core.runtime import atomic_path
from stages.synthesize.acting.dynamics import Track
from stages.synthesize.acting.labels import occurrence
from stages.synthesize.filming.annotations import annotate, rows_of
from stages.synthesize.filming.cast import Video
from stages.synthesize.filming.container import open_writer
from stages.synthesize.filming.players import Player, on_set
from stages.synthesize.filming.soundtrack import RATES, soundtrack
from stages.synthesize.filming.timing import frame_times
from stages.synthesize.filming.truth import Truth
from stages.synthesize.scenes.backgrounds import Image, background
from stages.synthesize.scenes.camera import sample_camera, shoot
from stages.synthesize.seeds import rng_of

CAMERA = 0.5  # how bad a video's camera may be, of what stills see
GREY = 0.08  # share of grey-scale videos
CRF = (19, 30)  # x264 quality of the videos, from, to


def film(seed: int, video: Video, corpus: Path, truth: Path) -> None:
    """Make one video: file under `corpus`/<batch>, annotations beside, truth Parquet under `truth`."""
    rng = rng_of(seed, "video", video.name)
    times = frame_times(rng, video.fps, video.seconds, video.variable_rate)
    players = [on_set(rng, seed, video, index, times) for index in range(len(video.parts))]
    tracks = [Truth(player.part.trial, player.part.person) for player in players]
    _encode(rng, video, players, _shots(rng, video, players, tracks, times), times, corpus)
    for player in players:
        annotate(corpus, player.part, _rows(rng, player, times))
    Truth.write(truth / f"{video.name}.parquet", tracks)


def _encode(
    rng: np.random.Generator,
    video: Video,
    players: Sequence[Player],
    shots: Iterator[Image],
    times: Track,
    corpus: Path,
) -> None:
    sound = soundtrack(rng, [player.performance.speech for player in players], video.sound)
    quality, rate = int(rng.integers(*CRF)), RATES[video.sound]
    with (
        atomic_path(corpus / video.folder / f"{video.name}{video.suffix}") as path,
        open_writer(path, video.size, video.fps, sound, rate, quality, video.variable_rate) as writer,
    ):
        for image, time in zip(shots, times.tolist(), strict=True):
            writer.write(image, time)


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
    camera = sample_camera(rng, CAMERA, GREY, compress=False)
    for frame, time in enumerate(times.tolist()):
        canvas = scene
        for player, track in zip(players, tracks, strict=True):
            drawn = player.draw(canvas, frame, time)
            track.add(frame, player.performance, drawn, player.seen(time))
            canvas = drawn.image
        for player in players:
            for intrusion in player.intrusions:
                canvas = intrusion.draw(canvas, player.centre(frame, time), player.iod, time)
        yield shoot(rng, camera, canvas)


def _rows(rng: np.random.Generator, player: Player, times: Track) -> dict[str, list[str]]:
    """Annotation rows; in a gap nobody annotated."""
    show = player.performance
    known = np.ones(len(times), bool)
    if player.part.gap:
        first = int(len(times) * rng.uniform(0.1, 0.7))
        known[first : first + max(2, len(times) // 8)] = False
    affect = np.stack([show.valence, show.arousal], axis=1)
    return rows_of(occurrence(show.units), show.expression, affect, known)
