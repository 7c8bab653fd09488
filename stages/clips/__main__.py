"""Train an aural-visual model on clips of faces, masks and sound: supervised, or with a mean teacher.

Run: python -m stages.clips SYSTEM STEP, a run of section `clips` in params.yaml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
from torch import nn

from stages.clips.augment import ClipAugment
from stages.clips.batches import clip_batches, hide_labels, student_loss, taught_loss
from stages.clips.cutting import Clips, Shape, read_clips, with_stills
from stages.clips.mean_teacher import MeanTeacher, ramp_up
from stages.clips.model import clips_model, predict_clips
from stages.core.params import load_run
from stages.core.resume import data_digest, resumable
from stages.core.runtime import arguments, log, main, start
from stages.core.store import read_notes
from stages.networks.tsav import TSAV
from stages.networks.tsav_weights import start_from_tsav
from stages.scoring.prediction_table import prediction_table
from stages.training.checkpoints import Outs, outs_of, publish, recorder
from stages.training.objectives import Objectives
from stages.training.recipe import Recipe, scaled
from stages.training.samples.extra_stills import read_extra
from stages.training.train import train

INDEX = Path("data/index/frames.parquet")
FRAMES = Path("data/frames")
MASKS = Path("data/masks")
MELS = Path("data/mel")


class Params(Recipe, Objectives):
    """Section `<system>.clips` of params.yaml and the run's entry in `clips`."""

    weights: Path | None
    width: float
    frames: int
    dilation: int
    input_size: int
    mask: Literal["none", "lines", "filled"]
    front_end: str
    mel_rows: int
    mel_steps: int
    tasks: tuple[str, ...]
    extra: Path | Literal[False]
    steps: int
    hide: float
    teacher: bool
    decay: float
    consistency: float
    ramp_up: int
    ramp_up_of: int
    augment: ClipAugment
    predict_stride: int | None


def run() -> None:
    """Read params, train, publish."""
    system, step = arguments("system", "step")
    clips(system, step, load_run(Params, "clips", system, step), outs_of(system, step))


def clips(system: str, step: str, params: Params, outs: Outs) -> None:
    """Train `system`'s clip model and publish its epochs; goes on where a killed run stopped."""
    fabric = start(params.threads, params.seed)
    table = pd.read_parquet(INDEX)
    seen, validation = training_clips(table, params), read(table, "validation", params)
    student, card = build(system, step, params)
    model: nn.Module = MeanTeacher(student, params.decay) if params.teacher else student
    network = model.teacher if isinstance(model, MeanTeacher) else student

    def predict() -> pd.DataFrame:
        return prediction_table(validation.keys(), predict_clips(network, validation, params.predict_stride))

    loss = taught_loss if params.teacher else student_loss
    with resumable("clips", card["params"], card.pop("inputs")) as state:
        history = train(
            model,
            loss(params.losses()),
            clip_batches(
                seen,
                params.augment,
                lambda epoch: weight(params, epoch),
                tasks=params.tasks,
                batch=params.batch,
                steps=params.steps,
                seed=params.seed,
                fabric=fabric,
            ),
            params,
            state=state,
            fabric=fabric,
            on_epoch=recorder(state, predict, table, network),
            after_step=model.follow if isinstance(model, MeanTeacher) else None,
        )
        if fabric.is_global_zero:
            publish(state, outs, history, card)


def training_clips(table: pd.DataFrame, params: Params) -> Clips:
    """Clips of the training videos, some of their labels hidden, and the extra stills behind them."""
    clips = hide_labels(read(table, "train", params), params.hide, params.seed)
    return with_stills(clips, read_extra(params.extra)) if params.extra else clips


def read(table: pd.DataFrame, split: str, params: Params) -> Clips:
    """Clips of a split as the run sees them."""
    return read_clips(table, split, FRAMES, masks_of(params), MELS / params.front_end, shape_of_run(params))


def masks_of(params: Params) -> Path | None:
    """Folder of the masks that the run sees, if any."""
    return None if params.mask == "none" else MASKS / params.mask


def scheme_of(params: Params) -> str | None:
    """Landmark scheme that the run's masks are drawn in, as the stage masks has noted it."""
    folder = masks_of(params)
    return next((note.get("scheme") for note in read_notes(folder).values()), None) if folder else None


def shape_of_run(params: Params) -> Shape:
    """What a clip is."""
    return Shape(params.frames, params.dilation, params.input_size, params.mel_rows, params.mel_steps)


def weight(params: Params, epoch: int) -> float:
    """Weight of consistency in an epoch: it rises over `ramp_up` of `ramp_up_of` epochs, or in proportion."""
    length = scaled([params.ramp_up], params.ramp_up_of, params.epochs)[0]
    return params.consistency * ramp_up(epoch, length)


def build(system: str, step: str, params: Params) -> tuple[TSAV, dict[str, Any]]:
    """The model before training, and its card."""
    files = [INDEX, FRAMES, masks_of(params), MELS / params.front_end, params.weights, params.extra]
    inputs = [path for path in files if path]
    card = {
        "stage": "clips",
        "system": system,
        "step": step,
        "network": {"width": 1.0 if params.weights else params.width},  # published weights, published size
        "clip": shape_of_run(params)._asdict(),
        "mask": params.mask,
        "scheme": scheme_of(params),
        "front_end": params.front_end,
        "tasks": params.tasks,
        "params": params.model_dump(mode="json"),
        "data": data_digest(inputs),
        "inputs": inputs,
    }
    model = clips_model(card, params.dropout)
    if params.weights:
        log.print(f"{params.weights}: {start_from_tsav(model, params.weights)}")
    return model, card


if __name__ == "__main__":
    main(run)
