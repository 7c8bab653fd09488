"""docs/add_a_system.md, followed to the letter in a clone at smoke scale."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.core.labels import AU_NAMES
from tests.shell import dvc, run, started

PAGE = (Path(__file__).parents[1] / "docs/add_a_system.md").read_text()
OTHERS = ("jin2021", "wang2021", "jiang2022", "thinh2021", "fan2021")
TOGETHER = {"values", "combine", "compare"}  # what reads all systems

pytestmark = pytest.mark.pipeline


def files() -> Iterator[tuple[str, str]]:
    """Path and content of each file that the page gives."""
    yield from re.findall(r"`(stages/networks/\w+\.py)`:\n\n```python\n(.*?)```", PAGE, re.DOTALL)


def blocks() -> Iterator[Any]:
    """What the page adds to params.yaml."""
    yield from (YAML(typ="safe").load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))


def add(values: Any, more: Any) -> None:
    """Put keys into nested sections; those that are there stay, a list is replaced."""
    for key, value in more.items():
        if isinstance(value, dict) and key in values:
            add(values[key], value)
        else:
            values[key] = value


def stale(folder: Path) -> set[str]:
    status = json.loads(dvc(folder, "status", "--json"))
    return {name for name, changed in status.items() if changed}


@pytest.fixture(scope="module")
def extended(project: Path) -> Path:
    """The clone with the page's system, before anything of it has run."""
    assert stale(project) == set()
    for path, text in files():
        (project / path).write_text(text)
    yaml, path = YAML(), project / "params.yaml"
    params = yaml.load(path)
    for block in blocks():
        add(params, block)
    yaml.dump(params, path)
    return project


def test_the_page_gives_its_networks_and_its_values() -> None:
    assert [path for path, _ in files()] == ["stages/networks/vit.py", "stages/networks/tcn.py"]
    assert len(list(blocks())) == 2


def test_it_trains_predicts_and_makes_nothing_of_the_others_run(extended: Path, tmp_path: Path) -> None:
    ran = started(dvc(extended, "repro", "evaluate@vit2026"))
    assert ran == [
        "values", "pretrain@vit", "finetune@vit2026-visual", "embed@vit2026-visual", "sequence@vit2026-tcn",
        "ensemble@vit2026", "smooth@vit2026", "evaluate@vit2026",
    ]  # fmt: skip
    assert stale(extended) <= TOGETHER, "a stage of another system would run again"
    assert json.loads((extended / "metrics/vit2026.json").read_text())["expr"]["score"] > 0
    video = next((extended / "data/synthetic").rglob("*.mp4"))
    run(
        extended,
        sys.executable,
        "-m",
        "stages.predict",
        str(video),
        "--out",
        str(tmp_path),
        "--system",
        "vit2026",
    )
    rows = pd.read_parquet(tmp_path / f"{video.stem}.parquet")
    assert rows.loc[rows["x0"].notna(), list(AU_NAMES)].notna().all(axis=None)


def test_dvc_status_names_no_stage_of_the_others(extended: Path) -> None:
    assert not [name for name in stale(extended) if any(system in name for system in OTHERS)]
