"""Systems run on films and pictures, one after the other: the way from a file to its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from stages.core.errors import UserError
from stages.core.labels import PREDICTION_COLUMNS
from stages.core.paths import MODELS
from stages.core.runtime import device, log, workers
from stages.media.extract import Search
from stages.networks.tsav import load_tsav
from stages.predict.adapt import FEWEST, MOST, AdaptedModels, thinned
from stages.predict.crowd import store_everybody
from stages.predict.extraction import store_faces, store_mel
from stages.predict.inference import predict_published, predict_recording
from stages.predict.outputs import (
    PERSON,
    frame_rows,
    people_rows,
    predicted_tasks,
    write_annotations,
    write_rows,
)
from stages.predict.overlay import write_overlay
from stages.predict.ready import models_root
from stages.predict.recording import LANDMARKS, NAME, Recording, has_landmarks
from stages.predict.timeline import write_timeline
from stages.predict.trained_systems import COMBINED, read_system, trained_systems
from stages.training.samples.faces import open_array
from stages.training.trained import Models

# torchvision turns FFmpeg's log on when it is imported; stages/media/decode.py tells why it must be off.
av.logging.set_level(None)

SEED = 0  # nothing is drawn
ALL = 0  # people
NONE: NDArray[np.uint8] = np.zeros((0, 112, 112, 3), np.uint8)
Predict = Callable[[Recording], pd.DataFrame]  # → one row a frame with a face


class Predictor(NamedTuple):
    """What is run on a recording, and the models that it finds there."""

    predict: Predict
    models: Models


class Look(NamedTuple):
    """How faces are looked for, and whose: the main one's, one of two people's (`side`), or `people`'s.

    `people`: so many, those who are seen longest; ALL: everybody; None: the main one, without a number.
    `overlay`: whether the results are drawn beside the picture; `timeline`: over time, as one picture.
    """

    search: Search
    side: str = ""
    overlay: bool = False
    people: int | None = None
    timeline: bool = False


def check_system(name: str | None) -> None:
    """Errors: UserError where there is no such trained system, or none at all, before any work is done."""
    root = models_root(name)
    read_system(root, name or next(iter(trained_systems(root)), COMBINED))


def trained(name: str | None = None, models: Models | None = None) -> Predictor:
    """A trained system; by default the combined one, or the first by name, of `models_root`.

    Errors: UserError where it is not there, naming the command that trains it.
    """
    models = models or Models(models_root(name), device())
    chosen = name or next(iter(trained_systems(models.root)), COMBINED)
    return Predictor(partial(predict_recording, read_system(models.root, chosen)), models)


def every(models: Models | None = None) -> dict[str, Predictor]:
    """All trained systems by name. Errors: UserError where none is."""
    models = models or Models(models_root(None), device())
    names = trained_systems(models.root) or [COMBINED]  # which then says that it is not there
    return {name: trained(name, models) for name in names}


def published(weights: Path, root: Path = MODELS) -> Predictor:
    """TSAV as published. Errors: UserError for a file that does not hold its weights."""
    models = Models(root, device())
    model, report = load_tsav(weights)
    log.print(f"{weights}: {report}")
    if not has_landmarks(models):
        log.print(
            f"{models.root / LANDMARKS}: no landmark network, so TSAV sees black masks, which costs accuracy;"
            " `dvc repro landmarks` makes one"
        )
    return Predictor(partial(predict_published, model.to(models.device)), models)


def predict_all(videos: Sequence[Path], places: Mapping[Path, Predictor], look: Look) -> None:
    """Write the results of all videos, each predictor's to its folder; what cannot be read does not stop the others.

    Errors: UserError once the others are done.
    """
    from rich.progress import track

    failed = []
    shown = track(
        videos, "predict", console=log, transient=True, disable=not log.is_terminal or len(videos) < 2
    )
    for video in shown:
        try:
            predict(video, places, look)
        except UserError as error:
            if len(videos) == 1:
                raise
            failed.append(str(error))
            log.print(f"left out: {error}")
    if failed:
        raise UserError(
            f"{len(failed)} of {len(videos)} videos were left out, the others are done: {'; '.join(failed)}"
        )


def predict(video: Path, places: Mapping[Path, Predictor], look: Look) -> None:
    """Write the results of one video, all of a folder's once everything is computed.

    Errors: UserError for a file that cannot be read.
    """
    found = frames_of(video, places, look)
    for out, rows in found.items():
        write_rows(out, video.stem, rows)
        for name, own in _persons(video.stem, rows):
            write_annotations(out, name, own, predicted_tasks(own))
        if look.overlay:
            write_overlay(video, rows, out / f"{video.stem}.overlay.{'mp4' if len(rows) > 1 else 'png'}")
        if look.timeline:
            for name, own in _persons(video.stem, rows):
                write_timeline(video, own, out / f"{name}.timeline.png")
    log.print(f"{video}: {_told(next(iter(found.values())))}")


def _persons(name: str, rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Names and rows for annotation files, which know one person: `<name>`, or `<name>_1`, `<name>_2` …"""
    if PERSON not in rows:
        yield name, rows
        return
    frames = rows[["frame", "time"]].drop_duplicates()
    for number, own in rows.groupby(PERSON):
        yield f"{name}_{number}", frames.merge(own.drop(columns=[PERSON, "time"]), how="left", on="frame")


def _told(rows: pd.DataFrame) -> str:
    """What was seen, in words."""
    seen, frames = int(rows["x0"].notna().sum()), rows["frame"].nunique()
    if PERSON in rows:
        return f"{rows[PERSON].nunique()} people, {seen} faces in {frames} frames"
    return f"a face in {seen} of {frames} frames" + ("" if seen else "; all rows are empty")


def frames_of(video: Path, places: Mapping[Path, Predictor], look: Look) -> dict[Path, pd.DataFrame]:
    """One row a frame (see `outputs.frame_rows`) by each predictor, from one extraction.

    With `look.people` one a frame and person, by the column `person`; where nobody is seen, one without.
    """
    if look.people is not None:
        return _frames_of_people(video, places, look)
    with extracted(video, look) as (scratch, times, faces):
        if faces.empty:
            nothing = frame_rows(pd.DataFrame(columns=list(PREDICTION_COLUMNS)), faces, times)
            return dict.fromkeys(places, nothing)
        listen = partial(_mel, video, look.search, told=[])
        found = {}
        for out, (run, models) in places.items():
            predictions = run(Recording(scratch, models, listen))
            found[out] = frame_rows(predictions, faces, times)
    return found


def _frames_of_people(video: Path, places: Mapping[Path, Predictor], look: Look) -> dict[Path, pd.DataFrame]:
    with TemporaryDirectory() as folder:
        most = None if look.people == ALL else look.people
        times, everybody = store_everybody(video, look.search, most, Path(folder), NAME, workers())
        listen = partial(_mel, video, look.search, told=[])
        found = {}
        for out, (run, models) in places.items():
            own = {one.number: run(Recording(one.folder, models, listen)) for one in everybody}
            found[out] = people_rows(own, {one.number: one.table for one in everybody}, times)
    return found


@contextmanager
def extracted(video: Path, look: Look) -> Iterator[tuple[Path, NDArray[np.float64], pd.DataFrame]]:
    """A scratch folder with the faces of a video, the times of its frames, and the faces' table."""
    with TemporaryDirectory() as folder:
        times, faces = store_faces(video, look.search, look.side, Path(folder), NAME, workers())
        yield Path(folder), times, faces


def adapted(videos: Sequence[Path], look: Look, root: Path) -> Models:
    """Models that take their batch-norm statistics from the faces of all videos together (see `adapt`).

    What cannot be read is passed over here and told when it is predicted. Few faces leave the models as they are.
    """
    most = max(1, MOST // len(videos))
    images = [own for video in videos if len(own := _some_faces(video, look, most))]
    pool = np.concatenate(images) if images else NONE
    if len(pool) < FEWEST:
        log.print(
            f"--adapt: {len(pool)} faces tell no statistics ({FEWEST} would); the models stay as they are"
        )
        return Models(root, device())
    return AdaptedModels(root, device(), images=pool)


def _some_faces(video: Path, look: Look, most: int) -> NDArray[np.uint8]:
    try:
        with extracted(video, look) as (scratch, _, faces):
            return thinned(open_array(scratch / f"{NAME}.npy"), most) if len(faces) else NONE
    except UserError:
        return NONE


def _mel(video: Path, search: Search, front_end: str, folder: Path, told: list[str]) -> None:
    """The sound for a front end; the first one tells what cannot be decoded of it."""
    problem = store_mel(video, front_end, folder, NAME, search.on_error)
    if problem and not told:
        log.print(f"{video}: {problem}; what is missing counts as silent")
        told.append(problem)
