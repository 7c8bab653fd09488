"""What every step of every system earns, in one table. Run: python -m stages.compare"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stages.compare import comparison
from stages.compare.departures import departures
from stages.compare.lines import table
from stages.compare.page import page
from stages.core.errors import UserError
from stages.core.files import read_json, write_csv, write_json, write_text
from stages.core.params import Strict, load
from stages.core.paths import DEPARTURES, METRICS, SCORES
from stages.core.runtime import log, main


class Params(Strict):
    """Top-level keys of params.yaml."""

    systems: list[str]


def run() -> None:
    """Read the systems' scores; print the table and write it as JSON, as Markdown and for plots."""
    params = load(Params, "")
    names = [*params.systems, comparison.COMBINED]
    scores = {name: read_scores(SCORES / f"{name}.json") for name in names}
    rows = comparison.rows(scores)
    log.print(table(rows))
    published = {name: own["published"] for name, own in scores.items() if "published" in own}
    write_text(METRICS / "compare.md", "\n".join([page(rows, published), departures(read_json(DEPARTURES))]))
    write_json(METRICS / "compare.json", comparison.nested(rows))
    write_csv(METRICS / "compare.csv", comparison.plotted(rows))


def read_scores(path: Path) -> dict[str, Any]:
    """What `evaluate` wrote for one system, or `combine` for all. Errors: UserError where it has not run."""
    if not path.exists():
        raise UserError(f"{path}: not there; run dvc repro, or take it out of `systems` in params.yaml")
    scores: dict[str, Any] = json.loads(path.read_text())
    return scores


if __name__ == "__main__":
    main(run)
