"""Run a trained system on face videos or images, with or without sound.

    python -m stages.predict VIDEO ... --out DIR [--system jin2021] [--side left|right] [--overlay]

For each video: DIR/<name>.parquet and .csv, one row a frame (frame, time in s, face box in pixels, 12 AU and
7 expression probabilities, valence, arousal; empty where no face is seen); DIR/{AU,EXPR,VA}_Set/<name>.txt in
Aff-Wild2's form, −1 or −5 where no face is seen; and with --overlay a picture of it all.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pandas as pd

from stages import audio, embed, frames, sequence
from stages.corpora.labels import PREDICTION_COLUMNS
from stages.errors import UserError
from stages.learning.inference import NAME, Clip, System, predict_clip, read_system
from stages.media.clip import find_times, store_faces, store_mel
from stages.media.extract import Search
from stages.media.mel import MelTrack
from stages.params import load
from stages.reporting.overlay import write_overlay
from stages.reporting.per_frame import frame_rows, predicted_tasks, write_annotations, write_rows
from stages.runtime import fabric, log, main, setup_torch, workers

# torchvision turns FFmpeg's log on when it is imported; stages/media/decode.py tells why it must be off.
av.logging.set_level(None)

MODELS = Path("models")
FORWARDS = {"audio": audio.forward, "sequence": sequence.forward}
SEED = 0  # nothing is drawn


def run() -> None:
    """Read the command line and the parameters of the stages whose work is done here, then predict."""
    options = parse()
    check_names(options.videos)
    system = read_system(MODELS, options.system)
    embeddings = {name: load(embed.Params, f"{name}.embed").checkpoint for name in system.hearing}
    search = frames.search_of(load(frames.Params, "frames"))
    system = replace(system, embeddings=embeddings)
    predict_all(options.videos, options.out, system, search, options.side, options.overlay)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=summary)
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO", help="video or image file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--system", default="jin2021", help="trained system (default: %(default)s)")
    parser.add_argument("--side", choices=("left", "right"), default="", help="which of two people")
    parser.add_argument("--overlay", action="store_true", help="also draw the results beside the picture")
    return parser.parse_args(arguments)


def check_names(videos: Sequence[Path]) -> None:
    """Errors: UserError where two videos would write the same files."""
    stems = [video.stem for video in videos]
    for video in videos:
        if stems.count(video.stem) > 1:
            raise UserError(f"{video}: another video is named {video.stem} too; run them with another --out")


def predict_all(
    videos: Sequence[Path], out: Path, system: System, search: Search, side: str = "", overlay: bool = False
) -> None:
    """Write the results of all videos to `out`; one that cannot be read does not stop the others.

    Errors: UserError once the others are done.
    """
    failed = 0
    for video in videos:
        try:
            predict(video, out, system, search, side, overlay)
        except UserError as error:
            if len(videos) == 1:
                raise
            failed += 1
            log.print(f"left out: {error}")
    if failed:
        raise UserError(f"{failed} of {len(videos)} videos could not be read; the others are done")


def predict(
    video: Path, out: Path, system: System, search: Search, side: str = "", overlay: bool = False
) -> None:
    """Write the results of one video to `out`, all of them once everything is computed.

    Errors: UserError for a file that cannot be read.
    """
    rows = frames_of(video, system, search, side)
    write_rows(out, video.stem, rows)
    write_annotations(out, video.stem, rows, predicted_tasks(rows))
    if overlay:
        write_overlay(video, rows, out / f"{video.stem}.overlay.{'mp4' if len(rows) > 1 else 'png'}")
    seen = int(rows["x0"].notna().sum())
    log.print(f"{video}: a face in {seen} of {len(rows)} frames" + ("" if seen else "; all rows are empty"))


def frames_of(video: Path, system: System, search: Search, side: str = "") -> pd.DataFrame:
    """One row a frame; see `reporting.per_frame.frame_rows`."""
    times = find_times(video, workers())
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        faces = store_faces(video, search, side, scratch, NAME, workers())
        if faces.empty:
            return frame_rows(pd.DataFrame(columns=list(PREDICTION_COLUMNS)), faces, times)
        clip = Clip(scratch, {name: _mel(video, name, scratch) for name in system.front_ends()})
        setup_torch(workers(), SEED)
        predictions = predict_clip(system, clip, FORWARDS, fabric().device)
    return frame_rows(predictions, faces, times)


def _mel(video: Path, front_end: str, scratch: Path) -> MelTrack:
    folder = scratch / "mel" / front_end
    folder.mkdir(parents=True)
    return store_mel(video, front_end, folder, NAME)


if __name__ == "__main__":
    main(run)
