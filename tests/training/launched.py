"""A training of the small world, as a launcher starts it: `python -m tests.training.launched STEP [EPOCHS]`."""

from __future__ import annotations

import sys
from typing import Any

from stages.clips.augment import ClipAugment
from stages.core.runtime import log
from stages.training.samples.augment import Augment
from tests.clips import test_front_door as clips
from tests.training import test_stages as stages

# Each process draws its own dropout and changes of the images; batch norm sees a process's part of the batch.
STILL = {"dropout": 0.0, "lr": 0.001, "batch": 32}
PLAIN: dict[str, dict[str, Any]] = {
    "visual": {"augment": Augment(), "crop_away": 0.0},
    "teacher": {"augment": ClipAugment(), "hide": 0.0},
    "sequence": {"encoder_dropout": 0.0},
    "gru": {"encoder_dropout": 0.0},
}


def train(step: str, **changes: Any) -> None:
    """A step of the world in the working folder, with nothing drawn at random but the order of the samples."""
    changes = STILL | PLAIN.get(step, {}) | changes
    if step in clips.STEPS:
        clips.train(step, **changes)
        return
    kind, own = stages.kind_and_values(step)
    params = kind.Params(step=step, **{**stages.COMMON, **own, **changes})
    stages.train_step(kind, params, stages.checkpoints.outs_of("x", step))


def run() -> None:
    """Train one step."""
    step, *epochs = sys.argv[1:]
    train(step, **({"epochs": int(epochs[0])} if epochs else {}))
    log.print("done")


if __name__ == "__main__":
    run()
