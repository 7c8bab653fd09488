from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.combine import __main__ as combine
from stages.combine import systems
from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.ensemble.mixture import describe, mix
from stages.ensemble.weight_search import Rules
from stages.scoring.candidates import Candidate
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import SELECTION, half_of, halves
from tests.scoring.prediction_tables import frame_table, predict

RULES = Rules(step=0.25, criterion="score", margin=0.0, start="best")
FACES, UNITS = "faces2020", "units2020"


@pytest.fixture
def table() -> pd.DataFrame:
    return frame_table(trials=10, frames=40)


@pytest.fixture
def paths(tmp_path: Path, table: pd.DataFrame) -> dict[Candidate, Path]:
    """One system that is good at expressions and one that is good at AUs and knows no valence."""
    faces, units = predict(table, noise=1.5, seed=1), predict(table, noise=1.5, seed=2)
    for name in AU_LOGITS:
        faces[name] = -faces[name]
        units[name] = np.sign(units[name])
    units = units.assign(**dict.fromkeys(VA_NAMES, np.float32(np.nan)))
    (tmp_path / "smooth").mkdir()
    for name, predictions in ((FACES, faces), (UNITS, units)):
        predictions.to_parquet(tmp_path / "smooth" / f"{name}.parquet", index=False)
    return systems.finals([FACES, UNITS], tmp_path / "smooth")


def select(
    table: pd.DataFrame, paths: dict[Candidate, Path], sides: dict[str, str] | None = None
) -> dict[str, list[dict[str, str | float]]]:
    """The selection as it is written; `sides`: the halves, by default those of the table."""
    labels = labelled.validation(table)
    rows = labels[half_of(labels["trial"], sides or halves(table), SELECTION)]
    return describe(systems.select(paths, rows, RULES, class_margin=0.0))


def test_units_go_to_who_knows_them(table: pd.DataFrame, paths: dict[Candidate, Path]) -> None:
    selection = select(table, paths)
    assert set(selection) == {*AU_NAMES, *EXPRESSIONS, *VA_NAMES}
    source = {"system": UNITS, "step": "smooth", "checkpoint": "final", "weight": 1.0}
    assert selection["AU1"] == [source]
    assert selection["valence"] == [{**source, "system": FACES}]


def test_labels_of_the_scoring_half_have_no_say(table: pd.DataFrame, paths: dict[Candidate, Path]) -> None:
    before, sides = select(table, paths), halves(table)
    labels = [*AU_NAMES, "expression", *VA_NAMES]
    selected = table["trial"].map(sides).eq(SELECTION)
    backwards = table.copy()
    backwards[labels] = table[labels].to_numpy()[::-1]
    held, chosen = table.copy(), table.copy()
    held.loc[~selected, labels] = backwards.loc[~selected, labels]
    chosen.loc[selected, labels] = backwards.loc[selected, labels]
    assert select(held, paths, sides) == before
    assert select(chosen, paths, sides) != before  # so the labels that may speak do


def test_best_single_system_is_the_best_of_each_task_on_the_scoring_half(
    table: pd.DataFrame, paths: dict[Candidate, Path]
) -> None:
    labels, sides = labelled.validation(table), halves(table)
    best = systems.best_single(paths, labels, sides, "drop")
    assert best["AU"].system == UNITS and best["VA"].system == FACES
    single, units = mix(systems.singles(best), paths), pd.read_parquet(paths[best["AU"]])
    assert single["logit_AU1"].equals(units["logit_AU1"]) and single["valence"].notna().all()


def test_margin_is_over_the_best_single_system(
    tmp_path: Path, table: pd.DataFrame, paths: dict[Candidate, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    perfect = predict(table, noise=0)
    combine.report(table, paths, combine.Predicted(perfect, perfect, "both"), "drop")
    scores = json.loads(Path("data/scores/combined.json").read_text())
    single, ensemble, smooth = scores["steps"]
    assert [single["step"], ensemble["step"], smooth["step"]] == ["single", "ensemble", "smooth"]
    assert f"AU {UNITS}" in single["checkpoint"] and f"VA {FACES}" in single["checkpoint"]
    assert ensemble["checkpoint"] == smooth["checkpoint"] == "both"
    for task, gain in scores["margin"]["change"].items():
        assert gain == pytest.approx(1 - single["scoring"][task], abs=2e-4) and gain > 0
    assert smooth["change"] == {"AU": 0, "EXPR": 0, "VA": 0}
    assert json.loads(Path("metrics/combined.json").read_text())["au"]["f1"] == 1


def test_a_task_that_no_system_predicts_is_absent(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("smooth").mkdir()
    silent = predict(table, noise=1).assign(**dict.fromkeys(VA_NAMES, np.float32(np.nan)))
    silent.to_parquet(f"smooth/{UNITS}.parquet", index=False)
    paths = systems.finals([UNITS], Path("smooth"))
    assert not {*VA_NAMES} & set(select(table, paths))
    combine.report(table, paths, combine.Predicted(silent, silent, UNITS), "drop")
    scores = json.loads(Path("data/scores/combined.json").read_text())
    assert set(scores["margin"]["change"]) == {"AU", "EXPR"} == set(scores["steps"][0]["scoring"])
    assert "va" not in json.loads(Path("metrics/combined.json").read_text())
