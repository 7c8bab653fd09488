"""The card of the weights that come with the project: Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stages.core.card import ModelCard

HEAD = """\
# Weights that come with the project

`python -m stages.predict film.mp4 --out results` predicts by these where the pipeline has not run. `{system}` of the
default run, in half precision, packed by `python -m repro.ready {system}`; `sample.mp4` is a film of the drawn corpus
and `sample.parquet` what they say of it (tested).

## Data

Trained on drawn faces alone: no person's picture is in them, and they may be used as the project may (MIT).

| step | tasks | data | code |
| --- | --- | --- | --- |
{steps}

## Scores

On drawn people who are in no training film; [docs/systems.md](../../docs/systems.md) tells how they are measured, and
[metrics/compare.md](../../metrics/compare.md) with what uncertainty.

| measure | |
| --- | --: |
{scores}

## Limits

What is known of models trained on drawn faces on real ones is in
[docs/systems.md](../../docs/systems.md#drawn-faces-and-real-ones): ranks within a film can be trusted more than levels.
An expression label is how a face looks to somebody, not what its owner feels; do not decide on people by it
([docs/data_ethics.md](../../docs/data_ethics.md)).
"""


def page(system: str, cards: Mapping[str, ModelCard], scores: Mapping[str, Any]) -> str:
    """The card; `scores` as evaluate leaves them in metrics/."""
    rows = [
        f"| {step} | {', '.join(card.tasks)} | {card.data} | {card.code} |" for step, card in cards.items()
    ]
    measures = [f"| {name} | {value:.3f} |" for name, value in flat(scores)]
    return HEAD.format(system=system, steps="\n".join(rows), scores="\n".join(measures))


def flat(scores: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, float]]:
    """Measures by their path, "au.f1"."""
    for name, value in scores.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}.")
        elif isinstance(value, float):
            yield f"{above}{name}", value
