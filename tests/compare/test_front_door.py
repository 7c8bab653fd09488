from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from stages.compare.__main__ import read_scores, run
from stages.core.errors import UserError
from stages.core.files import write_json
from tests.compare.test_comparison import SCORES


def test_scores_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"toy\.json: not there.*`systems`"):
        read_scores(tmp_path / "toy.json")


def test_scores_are_read(tmp_path: Path) -> None:
    (tmp_path / "toy.json").write_text('{"steps": [], "published": {"AU": 0.7}}')
    assert read_scores(tmp_path / "toy.json")["published"]["AU"] == 0.7


def test_what_the_front_door_writes_names_whose_each_step_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, own in SCORES.items():
        write_json(Path(f"data/scores/{name}.json"), own, digits=None)
    write_json(Path("data/values/departures.json"), {"toy": []})
    Path("params.yaml").write_text("scale: demo\nsystems: [toy]\n")
    run()
    found = json.loads(Path("metrics/compare.json").read_text())["toy"]
    assert [found[step]["by"] for step in ("visual", "averaged", "audio")] == ["paper", "ours", "paper"]
    assert pd.read_csv("metrics/compare.csv")["by"].tolist()[1:4] == ["paper", "ours", "paper"]
    assert "- toy: a paper, Table 1" in Path("metrics/compare.md").read_text()
