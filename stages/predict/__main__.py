"""Run a trained system, or TSAV's published weights, on face videos or images, with or without sound.

    python -m stages.predict VIDEO ... --out DIR [--system NAME | --weights FILE] [--side left | --people all]
        [--overlay] [--timeline] [--adapt]

VIDEO: files, folders of them, patterns in quotes. For each: DIR/<name>.parquet and .csv, one row a frame (frame, time
in s, face box in pixels, 12 AU and 7 expression probabilities, valence, arousal; empty where no face is seen or the
system does not tell); DIR/{AU,EXPR,VA}_Set/<name>.txt in Aff-Wild2's form, −1 or −5 there; and with --overlay a picture
of it all. `--system all`: every trained one, into DIR/<system>. `--people all`: a row a frame and person (column
person), annotations of each in <name>_1.txt, <name>_2.txt …

Networks, windows, features and masks are those that the models' cards tell. How faces are looked for is not
in them: that is section `frames` of params.yaml.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stages.core.errors import UserError
from stages.core.runtime import main

if TYPE_CHECKING:
    from stages.predict.films import Look, Predictor

ALL = "all"  # in place of a system's name


def run() -> None:
    """Read the command line and how faces are looked for, then predict."""
    options = parse()
    # What takes seconds to import, once the command line is known to be one.
    from stages.core.params import load
    from stages.core.runtime import setup_torch, workers
    from stages.frames.search import Params, search_of
    from stages.predict.films import SEED, Look, check_system, predict_all
    from stages.predict.inputs import listed

    videos = listed(options.videos)
    check_names(videos)
    check_folder(options.out)
    if not options.weights:
        check_system(None if options.system == ALL else options.system)
    setup_torch(workers(), SEED)
    look = Look(
        search_of(load(Params, "frames")), options.side, options.overlay, options.people, options.timeline
    )
    predict_all(videos, places(options, videos, look), look)


def people(told: str) -> int | None:
    """What --people names: None the main person, 0 everybody, else so many."""
    if told in ("main", ALL):
        return None if told == "main" else 0
    if not told.isdecimal() or int(told) < 1:
        raise argparse.ArgumentTypeError(f"{told!r} is neither main, all nor a number from 1 up")
    return int(told)


def places(options: argparse.Namespace, videos: Sequence[Path], look: Look) -> dict[Path, Predictor]:
    """Folder of results → what predicts them."""
    from stages.predict.films import adapted, every, published, trained
    from stages.predict.ready import models_root

    if options.weights:
        return {options.out: published(options.weights)}
    name = None if options.system == ALL else options.system
    models = adapted(videos, look, models_root(name)) if options.adapt else None
    if options.system == ALL:
        return {options.out / name: one for name, one in every(models).items()}
    return {options.out: trained(name, models)}


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    summary = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=summary)
    parser.add_argument(
        "videos", nargs="+", type=Path, metavar="VIDEO", help="video or image, folder or pattern"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--system", help="trained system, or all (default: combined, if there)")
    choice.add_argument("--weights", type=Path, metavar="FILE", help="TSAV's published weights instead")
    parser.add_argument("--side", choices=("left", "right"), default="", help="which of two people")
    parser.add_argument(
        "--people", type=people, metavar="main|all|N", help="everybody, or the N seen longest (default: main)"
    )
    parser.add_argument("--overlay", action="store_true", help="also draw the results beside the picture")
    parser.add_argument("--timeline", action="store_true", help="also draw each film's results over time")
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="take batch-norm statistics from the faces at hand (docs/predict.md)",
    )
    options = parser.parse_args(arguments)
    if options.people is not None and (options.side or options.overlay):
        parser.error("--people goes with neither --side nor --overlay, which are of one person")
    if options.adapt and options.weights:
        parser.error("--adapt is for trained systems, not for --weights")
    return options


def check_names(videos: Sequence[Path]) -> None:
    """Errors: UserError where two videos would write the same files."""
    stems = [video.stem for video in videos]
    for video in videos:
        if stems.count(video.stem) > 1:
            raise UserError(f"{video}: another video is named {video.stem} too; run them with another --out")


def check_folder(out: Path) -> None:
    """Errors: UserError where results cannot be put, before any work is done."""
    place = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not place.is_dir():
        raise UserError(f"{place}: is a file; name a folder with --out")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UserError(f"{place}: cannot be written to; name another folder with --out")


if __name__ == "__main__":
    main(run)
