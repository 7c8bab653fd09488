"""Pack one trained network into models/ready, in half precision. Run: python -m repro.ready [SYSTEM STEP]

It then is a system of that name which consists of this network, its checkpoint the one that stands. With it go a film
of the drawn corpus and what the packed network says of it. Prediction reads the package where the pipeline has not run.
"""

from __future__ import annotations

import argparse
import json
import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from safetensors.torch import load_file

from repro.ready_page import page
from stages.combine.systems import TASK_UNITS
from stages.core.card import ModelCard, read_card, save_weights
from stages.core.errors import UserError
from stages.core.files import write_json, write_parquet, write_text
from stages.core.params import load
from stages.core.paths import INDEX, MODELS, SCORES
from stages.core.runtime import device, log, main, setup_torch
from stages.ensemble.mixture import Source, describe
from stages.frames.search import Params, search_of
from stages.predict.films import SEED, Look, Predictor, frames_of
from stages.predict.inference import predict_recording
from stages.predict.ready import READY, SAMPLE
from stages.predict.recording import LANDMARKS
from stages.predict.trained_systems import System, read_system
from stages.scoring.provenance import SYSTEM
from stages.training.trained import Models

LARGEST = 20e6  # bytes of a package
FILMS = Path("data/synthetic")


def run() -> None:
    """Read the command line and pack."""
    parser = argparse.ArgumentParser(prog="python -m repro.ready", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("system", nargs="?", default="jin2021", help="trained system (default: jin2021)")
    parser.add_argument("step", nargs="?", default="visual", help="one of its networks (default: visual)")
    told = parser.parse_args()
    setup_torch(1, SEED)
    with TemporaryDirectory(dir=MODELS) as beside:
        packed = Path(beside) / READY.name
        pack(told.system, told.step, packed)
        shutil.rmtree(READY, ignore_errors=True)
        packed.rename(READY)
    log.print(f"{READY}: {told.system}, {told.step}, {size(READY) / 1e6:.1f} MB")


def pack(system: str, step: str, out: Path) -> None:
    """Write the package of a trained network to a new folder.

    Errors: UserError where the network is not there, or its package larger than `LARGEST`.
    """
    card = read_card(MODELS / system / step)
    alone = System(system, by_itself(card), {})
    film, models = smallest(), Models(MODELS, device())
    say(alone, models, film)
    for path in sorted({*models.loaded, MODELS / LANDMARKS / "model"}):
        halve(path, out / path)
    write_json(out / MODELS / system / SYSTEM, {"selection": describe(alone.selection), "widths": {}})
    shutil.copyfile(film, out / SAMPLE.name)
    said = say(read_system(out / MODELS, system), Models(out / MODELS, device()), film)
    write_parquet(out / SAMPLE.with_suffix(".parquet").name, said)
    write_text(out / "README.md", page(card, scores(system, step)))
    if size(out) > LARGEST:
        raise UserError(
            f"{system} {step}: its package has {size(out) / 1e6:.1f} MB, at most {LARGEST / 1e6:.0f}; name another"
        )


def by_itself(card: ModelCard) -> dict[str, list[Source]]:
    """Every unit that a network predicts, from the checkpoint that stands for it."""
    source = Source(card.system, card.step, str(card.chosen), 1.0)
    return {unit: [source] for task in card.tasks for unit in TASK_UNITS[task]}


def scores(system: str, step: str) -> dict[str, Any]:
    """What evaluate tells of a network: score, low and high by task. Errors: UserError where it does not."""
    path = SCORES / f"{system}.json"
    found = json.loads(path.read_text())["steps"] if path.is_file() else []
    own = next((row for row in found if row["step"] == step), None)
    if own is None:
        raise UserError(f"{path}: has no scores of {step}; run `dvc repro evaluate@{system}`")
    return dict(own)


def say(system: System, models: Models, film: Path) -> pd.DataFrame:
    """What a system says of a film, a row a frame; `models.loaded` then holds what it took."""
    predict = partial(predict_recording, system)
    look = Look(search_of(load(Params, "frames")))
    return frames_of(film, {film: Predictor(predict, models)}, look)[film]


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


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(run)
