from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.files import write_json
from stages.core.labels import AU_LOGITS, AU_NAMES, EXPRESSION_LOGITS, EXPRESSIONS, VA_NAMES
from stages.evaluate import __main__ as evaluate
from stages.evaluate.majority import majority
from stages.evaluate.plot_tables import confusion_table, units_table
from stages.scoring import figures, step_scores
from stages.scoring.candidates import Candidate
from stages.scoring.crossfit import PARTS, write_parts
from stages.scoring.provenance import provenance
from stages.scoring.tables import labelled
from stages.scoring.tables.halves import halves
from tests.scoring.prediction_tables import frame_table, predict


@pytest.fixture
def table() -> pd.DataFrame:
    return frame_table(trials=8)


def spoil(table: pd.DataFrame, half: str) -> pd.DataFrame:
    """Perfect predictions, but for one half of the videos, where they are the opposite."""
    predictions = predict(table, noise=0)
    rows = predictions["trial"].map(halves(table)).eq(half)
    predictions.loc[rows, predictions.columns[2:]] *= -1
    return predictions


def test_figures_are_of_all_videos_with_their_intervals(table: pd.DataFrame) -> None:
    scored, counts = labelled.join(labelled.validation(table), spoil(table, "first"), "drop")
    metrics = figures.measure(scored, counts)
    assert metrics["au"]["score"] == labelled.official(scored)["AU"] < 0.8
    assert metrics["interval"]["au"]["low"] < metrics["au"]["score"] < metrics["interval"]["au"]["high"]
    assert metrics["abaw3"]["au"] == metrics["au"]["f1"] < metrics["au"]["score"]
    assert metrics["abaw3"]["expr_without_other"] == metrics["expr"]["f1"]
    assert metrics["abaw3"]["va"] == metrics["va"]["ccc"]
    assert metrics["frames"]["labelled"] == len(scored.trials)


def test_units_table_counts_labels(table: pd.DataFrame) -> None:
    table.loc[table.index[-10:], "AU4"] = -1
    scored, _ = labelled.join(labelled.validation(table), predict(table, noise=0), "drop")
    units = units_table(scored).set_index("unit")
    assert list(units.index) == list(AU_NAMES)
    assert units.loc["AU4", "labelled"] == units.loc["AU1", "labelled"] - 10
    assert units.loc["AU1", ["f1", "accuracy", "auc"]].tolist() == [1, 1, 1]
    assert units.loc["AU1", "positives"] == (scored.units[:, 0] == 1).sum()


def test_confusion_has_every_pair_in_order(table: pd.DataFrame) -> None:
    table["expression"] = np.int8(2)
    predictions = predict(table, noise=0)
    predictions.loc[:4, "logit_Sadness"] = 9
    scored, _ = labelled.join(labelled.validation(table), predictions, "drop")
    counts = confusion_table(scored)
    assert len(counts) == 49 and list(counts["actual"].unique()) == list(EXPRESSIONS)
    found = counts[counts["frames"] > 0].to_dict("records")
    assert found == [
        {"actual": "Disgust", "predicted": "Disgust", "frames": 355},
        {"actual": "Disgust", "predicted": "Sadness", "frames": 5},
    ]


def test_a_system_without_expressions_confuses_none(table: pd.DataFrame) -> None:
    predictions = predict(table, noise=0).drop(columns=[f"logit_{name}" for name in EXPRESSIONS])
    scored, _ = labelled.join(labelled.validation(table), predictions, "drop")
    assert confusion_table(scored)["frames"].tolist() == [0] * 49


def test_what_a_system_does_not_predict_has_no_key(table: pd.DataFrame) -> None:
    predictions = predict(table, noise=0).assign(valence=np.nan, arousal=np.nan, logit_AU7=np.nan)
    scored, counts = labelled.join(labelled.validation(table), predictions, "drop")
    metrics = figures.measure(scored, counts)
    assert "va" not in metrics and "va" not in metrics["interval"] and "va" not in metrics["abaw3"]
    assert set(metrics["au"]["per_unit"]) == set(AU_NAMES) - {"AU7"} and metrics["au"]["score"] == 1


def folder(name: str) -> Path:
    Path(name).mkdir(parents=True)
    return Path(name)


def test_figures_for_the_comparison_are_not_rounded(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`compare` rounds them, once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["evaluate", "toy"])
    write_params(
        {"tasks": ["AU"], "measure": "macro F1", "steps": {"visual": {"AU": 0.7}}, "source": "a paper"}
    )
    noisy = predict(table, noise=1.5)
    table.to_parquet(folder("data/index") / "frames.parquet")
    lay(noisy, Path("data/ensemble/toy"), Path("data/smooth/toy"))
    write_json(
        Path("data/ensemble/toy/provenance.json"),
        provenance([Candidate("toy", "visual", "epoch_01")], []).as_json(),
    )
    evaluate.run()
    scores = json.loads(Path("data/scores/toy.json").read_text())
    final = scores["steps"][-1]
    scored, _ = labelled.join(labelled.validation(table), noisy, "drop")
    assert final["score"] == labelled.official(scored)
    assert final["papers"] == labelled.macro_f1(scored), "what its paper measures by"
    visual = scores["published"]["steps"]["visual"]
    assert (visual["AU"], visual["EXPR"]) == (0.7, None) and scores["published"]["measure"] == "macro F1"
    metrics = json.loads(Path("metrics/toy.json").read_text())
    assert metrics["au"]["score"] == round(final["score"]["AU"], 4) != final["score"]["AU"]


def write_params(published: dict[str, Any]) -> None:
    block = {"published": published}
    params = {"scale": "smoke", "evaluate": {"missing": "drop"}, "toy": block}
    Path("params.yaml").write_text(json.dumps(params))


def lay(said: pd.DataFrame, *folders: Path) -> None:
    """The same predictions of every part, and of the network behind them."""
    for own in folders:
        write_parts(own, dict.fromkeys(PARTS, said))
    said.to_parquet(folder(str(folders[0] / "networks")) / "visual.parquet", index=False)


def test_a_published_step_that_there_is_not_is_an_error(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["evaluate", "toy"])
    table.to_parquet(folder("data/index") / "frames.parquet")
    behind = provenance([Candidate("toy", "visual", "epoch_01")], [])
    write_json(Path("data/ensemble/toy/provenance.json"), behind.as_json())
    write_params({"tasks": ["AU"], "steps": {"smooth": {}, "visaul": {}}, "source": "a paper"})
    with pytest.raises(
        UserError, match=r"toy\.published\.steps: .*'visaul'; steps are visual, ensemble, smooth"
    ):
        evaluate.run()
    write_params({"tasks": ["AU"], "steps": {"visual": {"F1": 0.5}}, "source": "a paper"})
    with pytest.raises(UserError, match=r"key toy\.published\.steps\.visual\.F1: is not a parameter"):
        evaluate.run()


def test_steps_are_the_networks_then_ensemble_and_smoothing(
    tmp_path: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    final = predict(table, noise=0)
    lay(final, Path("data/ensemble/toy"))
    visual, other = Candidate("toy", "visual", "epoch_01"), Candidate("toy", "visual", "epoch_03")
    steps = list(
        evaluate.steps(table, Path("data/ensemble/toy"), provenance([visual], [other, visual]), final)
    )
    assert [step.name for step in steps] == ["majority", "visual", "ensemble", "smooth"]
    used = "visual epoch_01, epoch_03"
    assert [step.checkpoint for step in steps] == ["", "epoch_01", used, used]


def test_a_step_has_its_score_its_interval_and_what_it_changes(table: pd.DataFrame) -> None:
    perfect = predict(table, noise=0)
    steps = [
        step_scores.Step("majority", "", majority(table, perfect)),
        step_scores.Step("visual", "epoch_01", perfect),
        step_scores.Step("ensemble", "best", spoil(table, "second")),
    ]
    baseline, visual, ensemble = step_scores.score_steps(labelled.validation(table), steps, "drop")
    assert baseline["step"] == "majority" and baseline["score"]["AU"] < 0.7 and baseline["score"]["VA"] == 0
    assert visual["score"]["AU"] == visual["low"]["AU"] == visual["high"]["AU"] == 1
    assert ensemble["low"]["AU"] < ensemble["score"]["AU"] < ensemble["high"]["AU"] < 1
    assert baseline["change"] == baseline["error"] == {}
    assert ensemble["change"]["AU"] == ensemble["score"]["AU"] - 1 and ensemble["error"]["AU"] > 0.1


def test_change_is_from_the_last_step_that_has_the_task(table: pd.DataFrame) -> None:
    """Expressions, then action units alone, then expressions again."""
    good, noisy, nothing = predict(table, noise=0), predict(table, noise=2), dict.fromkeys(VA_NAMES, np.nan)
    faces, units = dict.fromkeys(EXPRESSION_LOGITS, np.nan), dict.fromkeys(AU_LOGITS, np.nan)
    steps = [
        step_scores.Step("visual", "", noisy.assign(**nothing, **units)),
        step_scores.Step("units", "", noisy.assign(**nothing, **faces)),
        step_scores.Step("gru", "", good.assign(**nothing, **units)),
    ]
    visual, second, third = step_scores.score_steps(labelled.validation(table), steps, "drop")
    assert np.isnan(list(second["change"].values())).all()
    assert third["change"]["EXPR"] == third["score"]["EXPR"] - visual["score"]["EXPR"] > 0
    assert third["error"]["EXPR"] > 0 and np.isnan(third["change"]["AU"])
