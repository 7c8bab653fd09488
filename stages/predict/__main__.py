"""Run a trained system, or TSAV's published weights, on face videos or images, with or without sound.

    python -m stages.predict VIDEO ... --out DIR [--system NAME | --weights FILE] [--side left] [--overlay]

For each video: DIR/<name>.parquet and .csv, one row a frame (frame, time in s, face box in pixels, 12 AU and
7 expression probabilities, valence, arousal; empty where no face is seen or the system does not tell);
DIR/{AU,EXPR,VA}_Set/<name>.txt in Aff-Wild2's form, −1 or −5 there; and with --overlay a picture of it all.

Networks, windows, features and masks are those that the models' cards tell. How faces are looked for is not
in them: that is section `frames` of params.yaml.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import PREDICTION_COLUMNS
from stages.core.params import load
from stages.core.paths import MODELS
from stages.core.runtime import device, log, main, setup_torch, workers
from stages.frames.search import Params, search_of
from stages.media.extract import Search
from stages.media.names import MOST_BYTES, ROOM, check_readable
from stages.networks.tsav import load_tsav
from stages.predict.extraction import store_faces, store_mel
from stages.predict.inference import predict_published, predict_recording
from stages.predict.outputs import frame_rows, predicted_tasks, write_annotations, write_rows
from stages.predict.overlay import write_overlay
from stages.predict.ready import models_root
from stages.predict.recording import LANDMARKS, NAME, Recording, has_landmarks
from stages.predict.trained_systems import COMBINED, read_system, trained_systems
from stages.training.trained import Models

# torchvision turns FFmpeg's log on when it is imported; stages/media/decode.py tells why it must be off.
av.logging.set_level(None)

SEED = 0  # nothing is drawn

Predict = Callable[[Recording], pd.DataFrame]  # → one row a frame with a face


class Predictor(NamedTuple):
    """What is run on a recording, and the models that it finds there."""

    predict: Predict
    models: Models


def run() -> None:
    """Read the command line and how faces are looked for, then predict."""
    options = parse()
    check_names(options.videos)
    check_folder(options.out)
    setup_torch(workers(), SEED)
    predictor = published(options.weights) if options.weights else trained(options.system)
    search = search_of(load(Params, "frames"))
    predict_all(options.videos, options.out, predictor, search, options.side, options.overlay)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=summary)
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO", help="video or image file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--system", help="trained system (default: combined, if it is trained)")
    choice.add_argument("--weights", type=Path, metavar="FILE", help="TSAV's published weights instead")
    parser.add_argument("--side", choices=("left", "right"), default="", help="which of two people")
    parser.add_argument("--overlay", action="store_true", help="also draw the results beside the picture")
    return parser.parse_args(arguments)


def trained(name: str | None = None, root: Path | None = None) -> Predictor:
    """A trained system; by default the combined one, or the first by name, of `models_root`.

    Errors: UserError where it is not there, naming the command that trains it.
    """
    root = root or models_root(name)
    chosen = name or next(iter(trained_systems(root)), COMBINED)
    return Predictor(partial(predict_recording, read_system(root, chosen)), Models(root, device()))


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


def check_names(videos: Sequence[Path]) -> None:
    """Errors: UserError where two videos would write the same files, or a name has no room for what ends ours."""
    stems = [video.stem for video in videos]
    for video in videos:
        check_readable(video)
        if len(video.stem.encode()) > MOST_BYTES - ROOM:
            raise UserError(f"{video}: its name is longer than {MOST_BYTES - ROOM} bytes; rename it")
        if stems.count(video.stem) > 1:
            raise UserError(f"{video}: another video is named {video.stem} too; run them with another --out")


def check_folder(out: Path) -> None:
    """Errors: UserError where results cannot be put, before any work is done."""
    place = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not place.is_dir():
        raise UserError(f"{place}: is a file; name a folder with --out")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError(f"{place}: cannot be written to; name another folder with --out")


def predict_all(
    videos: Sequence[Path],
    out: Path,
    predictor: Predictor,
    search: Search,
    side: str = "",
    overlay: bool = False,
) -> None:
    """Write the results of all videos to `out`; one that cannot be read does not stop the others.

    Errors: UserError once the others are done.
    """
    failed = 0
    for video in videos:
        try:
            predict(video, out, predictor, search, side, overlay)
        except UserError as error:
            if len(videos) == 1:
                raise
            failed += 1
            log.print(f"left out: {error}")
    if failed:
        raise UserError(f"{failed} of {len(videos)} videos were left out, see above; the others are done")


def predict(
    video: Path, out: Path, predictor: Predictor, search: Search, side: str = "", overlay: bool = False
) -> None:
    """Write the results of one video to `out`, all of them once everything is computed.

    Errors: UserError for a file that cannot be read.
    """
    rows = frames_of(video, predictor, search, side)
    write_rows(out, video.stem, rows)
    write_annotations(out, video.stem, rows, predicted_tasks(rows))
    if overlay:
        write_overlay(video, rows, out / f"{video.stem}.overlay.{'mp4' if len(rows) > 1 else 'png'}")
    seen = int(rows["x0"].notna().sum())
    log.print(f"{video}: a face in {seen} of {len(rows)} frames" + ("" if seen else "; all rows are empty"))


def frames_of(video: Path, predictor: Predictor, search: Search, side: str = "") -> pd.DataFrame:
    """One row a frame; see `reporting.per_frame.frame_rows`."""
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        times, faces = store_faces(video, search, side, scratch, NAME, workers())
        if faces.empty:
            return frame_rows(pd.DataFrame(columns=list(PREDICTION_COLUMNS)), faces, times)
        recording = Recording(scratch, predictor.models, partial(_mel, video, search, told=[]))
        predictions = predictor.predict(recording)
    return frame_rows(predictions, faces, times)


def _mel(video: Path, search: Search, front_end: str, folder: Path, told: list[str]) -> None:
    """The sound for a front end; the first one tells what cannot be decoded of it."""
    problem = store_mel(video, front_end, folder, NAME, search.on_error)
    if problem and not told:
        log.print(f"{video}: {problem}; what is missing counts as silent")
        told.append(problem)


if __name__ == "__main__":
    main(run)
