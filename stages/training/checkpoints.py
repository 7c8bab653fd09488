"""What every epoch of a training leaves: its weights, its predictions on validation, its scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from torch import nn

from stages.core.card import ChosenOn, ModelCard, save_card, save_weights
from stages.core.epochs import checkpoint_name, epoch_of
from stages.core.files import write_parquet
from stages.core.runtime import atomic_dir, atomic_path, link
from stages.networks.common.weights import load_file_into
from stages.scoring.tables import labelled, measures
from stages.scoring.tables.halves import HALVES, half_of, halves
from stages.training.fit import History
from stages.training.keeping import rating, thin_out

OVERALL = "overall"  # history column of the score that the best epoch has most of
JUDGED_BY = ("AU", "EXPR")
Stands = Literal["last", "best"]
WHOLE = "whole"  # folder of the state: predictions of all frames, where training looked at some of them


@dataclass(frozen=True)
class Outs:
    """Where a training step publishes: epochs' weights and card, epochs' predictions, the training curve."""

    models: Path
    predictions: Path
    history: Path


def outs_of(system: str, step: str) -> Outs:
    """Where dvc.yaml expects what a training step publishes."""
    return Outs(
        Path("models", system, step),
        Path("data/predictions", system, step),
        Path("metrics", system, f"{step}.csv"),
    )


def recorder(
    state: Path,
    predict: Callable[[], pd.DataFrame],
    table: pd.DataFrame,
    model: nn.Module,
    judge: Callable[[], float] | None = None,
    keep: Literal["all"] | int = "all",
    stands: Stands = "best",
) -> Callable[[int], dict[str, float]]:
    """`on_epoch` for `fit`: writes weights and predictions beside the state, returns validation scores.

    `predict()` makes the prediction table of the model as it is; `table` is the frame table. Scores are the
    ABAW2 measures on the validation videos, and `overall`: `judge()`, or else the mean of AU and EXPR. `keep` and
    `stands`: as `Course` has them; other epochs' files are deleted.
    """
    labels, sides = labelled.validation(table), halves(table)

    def record(epoch: int) -> dict[str, float]:
        predictions = predict()
        save_weights(state / "models" / f"{checkpoint_name(epoch)}.safetensors", model.state_dict())
        write_parquet(state / "predictions" / f"{checkpoint_name(epoch)}.parquet", predictions)
        scored, _ = labelled.join(labels, predictions, "drop")
        scores = epoch_scores(scored) | ({OVERALL: judge()} if judge else {})
        if keep != "all":
            parts = {half: scored.where(half_of(scored.trials, sides, half)) for half in HALVES}
            stands_by = scores[OVERALL] if stands == "best" else float(epoch)
            thin_out(state, epoch, rating({**parts, "all": scored}, stands_by), keep)
        return scores

    return record


def epoch_scores(scored: labelled.Scored) -> dict[str, float]:
    """Validation scores val_AU, val_EXPR, val_VA and `overall`, the mean of AU and EXPR."""
    official = labelled.official(scored)
    both = measures.mean(np.array([official[task] for task in JUDGED_BY]))
    return {f"val_{task}": score for task, score in official.items()} | {OVERALL: both}


def chosen_epoch(history: History, stands: Stands) -> str:
    """Name of the checkpoint that stands for the network."""
    return checkpoint_name(len(history)) if stands == "last" else best_epoch(history)


def best_epoch(history: History) -> str:
    """Name of the checkpoint with the best overall score; of equals the first."""
    scores = np.nan_to_num([row[OVERALL] for row in history], nan=-np.inf)
    return checkpoint_name(int(np.argmax(scores)) + 1)


def exhausted(history: History, patience: int) -> bool:
    """Whether the last `patience` epochs brought nothing over the best one before them."""
    return len(history) - epoch_of(best_epoch(history)) >= patience if history else False


def predict_whole(state: Path, model: nn.Module, predict: Callable[[], pd.DataFrame]) -> None:
    """Replace the predictions of the epochs that were kept by those of `predict()`; goes on after a kill."""
    for weights in sorted((state / "models").glob("*.safetensors")):
        table = state / WHOLE / f"{weights.stem}.parquet"
        if not table.exists():
            load_file_into(model, weights)
            write_parquet(table, predict())


def publish(
    state: Path, outs: Outs, history: History, card: ModelCard, stands: Stands, chosen_on: ChosenOn
) -> None:
    """Put the run's epochs in place of the outs, each whole, each with a card that names the one that stands.

    Files are linked, not copied: the state goes once all is there.
    """
    chosen = {"chosen": chosen_epoch(history, stands), "chosen_on": chosen_on}
    told = card.model_copy(update=chosen | {"scores": _scores(history)})
    tables = WHOLE if (state / WHOLE).exists() else "predictions"
    for part, out in (("models", outs.models), (tables, outs.predictions)):
        with atomic_dir(out) as folder:
            shutil.copytree(state / part, folder, dirs_exist_ok=True, copy_function=link)
            save_card(folder, told)
    with atomic_path(outs.history) as beside:
        pd.DataFrame(history).to_csv(beside, index=False, float_format="%.6g")


def _scores(history: History) -> dict[str, dict[str, float | None]]:
    columns = ("val_AU", "val_EXPR", "val_VA", OVERALL)
    return {checkpoint_name(int(row["epoch"])): {key: _known(row[key]) for key in columns} for row in history}


def _known(score: float) -> float | None:
    return None if np.isnan(score) else round(score, 6)
