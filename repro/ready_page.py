"""The card of the weights that come with the project: Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stages.core.card import ModelCard

HEAD = """\
# Weights that come with the project

`python -m stages.predict film.mp4 --out results` predicts by these where the pipeline has not run: the network `{step}`
of {system} as the default run trained it, in half precision, packed by `python -m repro.ready {system} {step}`.
`sample.mp4` is a film of the drawn corpus and `sample.parquet` what they say of it (tested).

## Data

Trained on drawn faces alone: no person's picture is in them, and they may be used as the project may (MIT). Data
{data}, code {code}, checkpoint {chosen}.

## Scores

ABAW2 measures on drawn people who are in no training film, with 95 % intervals over videos:

| task | score | from | to |
| --- | --: | --: | --: |
{scores}

## Limits

What is known of models trained on drawn faces on real ones is in
[docs/systems.md](../../docs/systems.md#drawn-faces-and-real-ones): ranks within a film can be trusted more than levels.
An expression label is how a face looks to somebody, not what its owner feels; do not decide on people by it
([docs/data_ethics.md](../../docs/data_ethics.md)).
"""


def page(card: ModelCard, scores: Mapping[str, Any]) -> str:
    """The card of a network; `scores`: score, low and high by task."""
    rows = [
        f"| {task} | " + " | ".join(f"{scores[name][task]:.3f}" for name in ("score", "low", "high")) + " |"
        for task in card.tasks
    ]
    told = {"system": card.system, "step": card.step, "data": card.data, "code": card.code}
    return HEAD.format(**told, chosen=card.chosen, scores="\n".join(rows))
