from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.combine import __main__ as combine
from stages.combine import systems
from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.ensemble.mixture import describe
from stages.ensemble.weight_search import Rules
from stages.scoring.candidates import Candidate
from stages.scoring.crossfit import PARTS, held_out, read_parts, write_parts
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import FIRST, halves
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
    for name, predictions in ((FACES, faces), (UNITS, units)):
        write_parts(tmp_path / "data/smooth" / name, dict.fromkeys(PARTS, predictions))
    return systems.finals([FACES, UNITS], tmp_path / "data/smooth", FIRST)


def select(table: pd.DataFrame, paths: dict[Candidate, Path]) -> dict[str, list[dict[str, str | float]]]:
    """The selection on all validation videos, as it is written."""
    return describe(systems.select(paths, labelled.validation(table), RULES, class_margin=0.0))


def test_units_go_to_who_knows_them(table: pd.DataFrame, paths: dict[Candidate, Path]) -> None:
    selection = select(table, paths)
    assert set(selection) == {*AU_NAMES, *EXPRESSIONS, *VA_NAMES}
    source = {"system": UNITS, "step": "smooth", "checkpoint": "final", "weight": 1.0}
    assert selection["AU1"] == [source]
    assert selection["valence"] == [{**source, "system": FACES}]


def params(*names: str) -> combine.Params:
    rules = {"criterion": "score", "margin": 0.0}
    return combine.Params(
        systems=list(names),
        evaluate={"missing": "drop"},
        grid_step=0.25,
        class_margin=0.0,
        start="best",
        smooth={"widths": [1], **rules},
        **rules,
    )


def run(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, *names: str) -> pd.DataFrame:
    """The front door in the working folder; returns the combined predictions."""
    Path("data/index").mkdir(exist_ok=True)
    table.to_parquet("data/index/frames.parquet")
    told = params(*names).model_dump(mode="json")
    top = {name: told.pop(name) for name in ("systems", "evaluate")}
    Path("params.yaml").write_text(json.dumps({"scale": "smoke", **top, "combine": told}))
    monkeypatch.setattr("sys.argv", ["combine"])
    combine.run()
    return held_out(read_parts(Path("data/combined")), table)


def test_labels_of_a_half_have_no_say_in_its_own_predictions(
    tmp_path: Path, table: pd.DataFrame, paths: dict[Candidate, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before, sides = run(table, monkeypatch, FACES, UNITS), halves(table)
    monkeypatch.setattr("stages.scoring.crossfit.halves", lambda _: sides)  # those of the labels as they were
    labels = [*AU_NAMES, "expression", *VA_NAMES]
    first = table["trial"].map(sides).eq(FIRST)
    backwards = table.copy()
    backwards[labels] = table[labels].to_numpy()[::-1]
    changed = table.copy()
    changed.loc[first, labels] = backwards.loc[first, labels]
    after = run(changed, monkeypatch, FACES, UNITS)
    own = before["trial"].map(sides).eq(FIRST)
    assert after[own].equals(before[own])
    assert not after[~own].equals(before[~own])  # so the labels that may speak do


def test_best_single_system_is_the_best_of_each_task(
    table: pd.DataFrame, paths: dict[Candidate, Path]
) -> None:
    tables = {candidate.system: pd.read_parquet(path) for candidate, path in paths.items()}
    best = systems.best_single(tables, labelled.validation(table), "drop")
    assert best["AU"] == UNITS and best["VA"] == FACES
    single = systems.singles(best, tables)
    assert single["logit_AU1"].equals(tables[UNITS]["logit_AU1"]) and single["valence"].notna().all()


def test_margin_is_over_the_best_single_system(
    tmp_path: Path, table: pd.DataFrame, paths: dict[Candidate, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    perfect = predict(table, noise=0)
    combine.report(table, params(FACES, UNITS), perfect, perfect, "both")
    scores = json.loads(Path("data/scores/combined.json").read_text())
    single, ensemble, smooth = scores["steps"]
    assert [single["step"], ensemble["step"], smooth["step"]] == ["single", "ensemble", "smooth"]
    assert f"AU {UNITS}" in single["checkpoint"] and f"VA {FACES}" in single["checkpoint"]
    assert ensemble["checkpoint"] == smooth["checkpoint"] == "both"
    for task, gain in scores["margin"]["change"].items():
        assert gain == pytest.approx(1 - single["score"][task], abs=2e-4) and gain > 0
    assert smooth["change"] == {"AU": 0, "EXPR": 0, "VA": 0}
    assert json.loads(Path("metrics/combined.json").read_text())["au"]["f1"] == 1


def test_a_task_that_no_system_predicts_is_absent(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    silent = predict(table, noise=1).assign(**dict.fromkeys(VA_NAMES, np.float32(np.nan)))
    write_parts(Path("data/smooth") / UNITS, dict.fromkeys(PARTS, silent))
    assert run(table, monkeypatch, UNITS)[[*VA_NAMES]].isna().all(axis=None)
    system = json.loads(Path("models/combined/system.json").read_text())
    assert not {*VA_NAMES} & set(system["selection"])
    scores = json.loads(Path("data/scores/combined.json").read_text())
    assert set(scores["margin"]["change"]) == {"AU", "EXPR"} == set(scores["steps"][0]["score"])
    assert "va" not in json.loads(Path("metrics/combined.json").read_text())
