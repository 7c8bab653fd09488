"""Train variants of a system one after another and set their figures beside the published ones.

    python -m repro.ablation jiang2022          at the scale of params.yaml
    python -m repro.ablation jiang2022 smoke    at another one

The pipeline has to have made what the system's training reads. Every row is trained as its stage would, in a
folder of its own below .state; a sweep that was stopped goes on behind the last row. Writes
metrics/ablation/NAME.csv and .md.
"""

from __future__ import annotations

import json
import shutil
import sys
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from repro.studies import STUDIES
from repro.study import INDEX, Changes, Study, changed
from stages.core.card import kind_named, read_card
from stages.core.errors import UserError
from stages.core.files import write_csv, write_json, write_text
from stages.core.params import SCALES, Strict, check, read_params
from stages.core.resume import data_digest, stage_code
from stages.core.runtime import log, main
from stages.core.store import digest
from stages.params.places import in_force
from stages.scoring.tables import labelled
from stages.training.checkpoints import Outs
from stages.training.step import train_step

SCRATCH = Path(".state/ablation")
METRICS = Path("metrics/ablation")


def run() -> None:
    """Read the command line and params.yaml, sweep."""
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in STUDIES:
        raise UserError(
            f"python -m repro.ablation takes a study ({', '.join(STUDIES)}) and, if wanted, a scale"
        )
    name, *scale = sys.argv[1:]
    sweep(name, STUDIES[name], block_values(STUDIES[name], *scale), SCRATCH, METRICS)


def block_values(study: Study, scale: str | None = None) -> dict[str, Any]:
    """The parameters of the study's run as its stage would get them. Errors: UserError for no such scale."""
    values = read_params()
    if scale and scale not in SCALES:
        raise UserError(f"params.yaml, key scale: there is no {scale!r}; choose one of {', '.join(SCALES)}")
    return in_force(values | ({"scale": scale} if scale else {}), f"{study.verb}@{study.run}")


def sweep(name: str, study: Study, values: dict[str, Any], scratch: Path, metrics: Path) -> pd.DataFrame:
    """Train and score every variant; the table so far is written after each row.

    `values` are the parameters of the block. Errors: UserError for a change of a key that there is not.
    """
    rows = [(variant, checked(study, values, changes)) for variant, changes in study.rows()]
    table: list[dict[str, Any]] = []
    for variant, params in rows:
        figures = trained(study, params, scratch / name / variant.name)
        log.print(f"{name} {variant.name}: {figures}")
        row = {"name": variant.name, "change": variant.says, "published": variant.published, **figures}
        table.append(row)
        write_csv(metrics / f"{name}.csv", pd.DataFrame(table))
        write_text(metrics / f"{name}.md", page(name, study, pd.DataFrame(table)))
    return pd.DataFrame(table)


def checked(study: Study, values: dict[str, Any], changes: Changes) -> Strict:
    """Parameters of a variant as its front door takes them."""
    block = f"{study.system}.{study.verb}"
    return check(kind_named(study.verb).Params, changed(values, changes), block)


def trained(study: Study, params: Strict, folder: Path) -> dict[str, float]:
    """Figures of a variant, trained unless `folder` already holds it with these parameters, code and data."""
    done, key = folder / "figures.json", key_of(study, params)
    if done.exists() and (kept := json.loads(done.read_text()))["key"] == key:
        return dict(kept["figures"])
    shutil.rmtree(folder, ignore_errors=True)
    outs = Outs(folder / "models", folder / "predictions", folder / "history.csv")
    train_step(kind_named(study.verb), params, outs)
    figures = scores(study, outs)
    write_json(done, {"key": key, "figures": figures})
    return figures


def key_of(study: Study, params: Strict) -> str:
    """Digest of what a variant's figures depend on; paths among its parameters are inputs."""
    paths = [value for _, value in params if isinstance(value, Path)]
    inputs = data_digest([*study.inputs, *paths])
    return digest(params.model_dump(mode="json"), stage_code(study.verb), inputs)


def scores(study: Study, outs: Outs) -> dict[str, float]:
    """Figures, on the validation videos, of the checkpoint that stands."""
    table = pd.read_parquet(INDEX)
    predictions = pd.read_parquet(outs.predictions / f"{read_card(outs.models).chosen}.parquet")
    scored, _ = labelled.join(labelled.validation(table), predictions, "drop")
    return study.figures(scored)


def page(name: str, study: Study, table: pd.DataFrame) -> str:
    """The sweep as a Markdown page."""
    head = [f"# Ablation of {name}", f"`python -m repro.ablation {name}`. {study.note}".strip()]
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n\n".join([*head, "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)]) + "\n"


def cell(value: Any) -> str:
    """A cell of the page; a figure that there is not stays empty."""
    if isinstance(value, float) and not isnan(value):
        return f"{value:.3f}"
    return "" if pd.isna(value) else str(value)


if __name__ == "__main__":
    main(run)
