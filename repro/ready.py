"""Pack what a trained system predicts by into models/ready, in half precision. Run: python -m repro.ready [SYSTEM]

With it go a film of the drawn corpus and what the packed system says of it. Prediction reads the package where the
pipeline has not run.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from safetensors.torch import load_file

from repro.ready_page import page
from stages.core.card import read_card, save_weights
from stages.core.errors import UserError
from stages.core.files import write_parquet, write_text
from stages.core.params import load
from stages.core.paths import INDEX, METRICS, MODELS
from stages.core.runtime import device, log, main, setup_torch
from stages.frames.search import Params, search_of
from stages.predict.__main__ import SEED, Predictor, frames_of
from stages.predict.inference import predict_recording
from stages.predict.ready import READY, SAMPLE
from stages.predict.recording import LANDMARKS
from stages.predict.trained_systems import SELECTION, WIDTHS, read_system
from stages.training.trained import Models

LARGEST = 20e6  # bytes of a package
FILMS = Path("data/synthetic")


def run() -> None:
    """Read the command line and pack."""
    parser = argparse.ArgumentParser(prog="python -m repro.ready", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("system", nargs="?", default="jin2021", help="trained system (default: jin2021)")
    system: str = parser.parse_args().system
    setup_torch(1, SEED)
    with TemporaryDirectory(dir=MODELS) as beside:
        packed = Path(beside) / READY.name
        pack(system, packed)
        shutil.rmtree(READY, ignore_errors=True)
        packed.rename(READY)
    log.print(f"{READY}: {system}, {size(READY) / 1e6:.1f} MB")


def pack(system: str, out: Path) -> None:
    """Write the package of a trained system to a new folder.

    Errors: UserError where the system is not there, or its package larger than `LARGEST`.
    """
    film = smallest()
    models = Models(MODELS, device())
    say(system, models, film)
    for path in sorted({*models.loaded, MODELS / LANDMARKS / "model"}):
        halve(path, out / path)
    for name in (SELECTION, WIDTHS):
        shutil.copyfile(MODELS / system / name, out / MODELS / system / name)
    shutil.copyfile(film, out / SAMPLE.name)
    said = say(system, Models(out / MODELS, device()), film)
    write_parquet(out / SAMPLE.with_suffix(".parquet").name, said)
    cards = {step: read_card(out / MODELS / system / step) for step in steps(out / MODELS / system)}
    write_text(out / "README.md", page(system, cards, json.loads((METRICS / f"{system}.json").read_text())))
    if size(out) > LARGEST:
        raise UserError(
            f"{system}: its package has {size(out) / 1e6:.1f} MB, at most {LARGEST / 1e6:.0f}; name another"
        )


def say(system: str, models: Models, film: Path) -> pd.DataFrame:
    """What a system says of a film, a row a frame; `models.loaded` then holds what it took."""
    predict = partial(predict_recording, read_system(models.root, system))
    return frames_of(film, Predictor(predict, models), search_of(load(Params, "frames")))


def smallest() -> Path:
    """The smallest film of the drawn corpus that some task validates on. Errors: UserError where there is none."""
    table = pd.read_parquet(INDEX)
    held = table[table[["au_split", "expr_split", "va_split"]].eq("validation").any(axis=1)]
    films = [path for video in sorted(held["video"].unique()) for path in FILMS.glob(f"batch*/{video}.mp4")]
    if not films:
        raise UserError(f"{FILMS}: no films to validate on; run `dvc repro` first")
    return min(films, key=lambda path: path.stat().st_size)


def halve(path: Path, target: Path) -> None:
    """A checkpoint's weights in half precision, its card beside it."""
    tensors = load_file(path.with_suffix(".safetensors"))
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    save_weights(target.with_suffix(".safetensors"), half)
    shutil.copyfile(path.parent / "card.json", target.parent / "card.json")


def steps(folder: Path) -> Iterable[str]:
    """Names of the steps in a system's folder."""
    return sorted(path.parent.name for path in folder.glob("*/card.json"))


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(run)
