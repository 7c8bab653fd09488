"""The plan of the project's own params.yaml: tables, what to set, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.core.params import read_params
from stages.plan.__main__ import memory, run
from stages.plan.counts import Count, affwild2, indexed
from stages.plan.disk import cache_links, mel_bytes
from stages.plan.missing import missing
from stages.plan.outline import Made, outlines
from tests.world import build_world

ROOT = Path(__file__).resolve().parents[2]
UNITS, GRU = "finetune@jiang2022-units", "sequence@fan2021-gru"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("MICRO_BATCH", "DEVICES", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def planned(
    patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stages: list[str], told: str
) -> dict[str, list[str]]:
    """Lines of the plan by their first cell, and the last ones under ""."""
    patch.setattr("sys.argv", ["plan", *stages, "--counts", "affwild2", *told.split()])
    run()
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells if len(row) > 1} | {
        "": [line for line in lines if "|" not in line]
    }


def test_what_fits_a_card_of_24_gb(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = planned(monkeypatch, capsys, [UNITS, GRU], "--scale paper --memory 24GB")
    assert rows["AU"] == ["validation", "105", "546,000"]
    assert rows[UNITS][3] == "256" and rows[GRU][6] == "all"
    step, at_once = float(rows[UNITS][5]), int(rows[UNITS][6])
    assert 31.6 < step < 36 and 100 < at_once < 256  # 31.6 GB of activations alone, and the network
    assert f"MICRO_BATCH={at_once}" in rows[""][-1]
    assert rows["data/frames"] == ["106"]  # 2,813,201 crops of 37,632 bytes


def test_what_a_step_takes_with_devices_and_a_rate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEVICES", "4")
    rows = planned(monkeypatch, capsys, [UNITS], "--scale paper --memory 24GB --rate 30")
    assert rows[UNITS][6] == "all" and "MICRO_BATCH" not in "".join(rows[""])
    images, validated, flops = 1_982_464, 546_000, 25.18e9
    assert float(rows[UNITS][7]) == pytest.approx(
        15 * (3 * images / 4 + validated) * flops / 30e12 / 3600, rel=0.05
    )


@pytest.mark.parametrize(
    ("stage", "told", "says"),
    [
        (GRU, "--memory 0.01GB", f"^{GRU}: 2 windows at once take .* its network; give it a larger device$"),
        (
            "masks",
            "--memory 24GB",
            "^masks: trains no network at scale paper; name one of specialise@expressions, ",
        ),
        ("finetune@nobody", "", "^finetune@nobody: there is no such stage"),
        (GRU, "--memory 24", "^--memory 24: is no amount of memory; write it like 24GB$"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    stage: str, told: str, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=says):
        planned(monkeypatch, capsys, [stage], f"--scale paper {told}")


@pytest.mark.parametrize("scale", ["demo", "paper"])
def test_every_run_is_planned(scale: str) -> None:
    values = read_params() | {"scale": scale}
    named = [f"{kind}@{run}" for kind, runs in values["runs"].items() for run in runs if kind != "embed"]
    assert {*named} <= {stage for stage, _ in outlines(Made(values), affwild2())}


def test_frames_are_counted_in_the_index(tmp_path: Path) -> None:
    """Two trials of 40 frames each to train on; the last five have no action units but a split all the same."""
    build_world(tmp_path)
    counts = indexed(tmp_path / "data/index/frames.parquet")
    assert counts.of["EXPR", "train"] == Count(2, 80) and counts.of["VA", "validation"] == Count(2, 80)
    assert (counts.videos, counts.frames, counts.seconds) == (4, 160, pytest.approx(160 / 30))
    with pytest.raises(UserError, match=r"missing; run `dvc repro index` .* or give --counts affwild2$"):
        indexed(tmp_path / "none.parquet")


def test_amounts() -> None:
    assert (memory("24GB"), memory("1.5 tb"), memory("512MB")) == (24e9, 1.5e12, 512e6)
    assert mel_bytes("wang2021", 10.0) == pytest.approx(1000 * 64 * 4)  # a row each 10 ms


@pytest.mark.parametrize(
    ("told", "links"),
    [("", False), ("[cache]\ntype = copy", False), ("[cache]\n    type = reflink,hardlink,symlink\n", True)],
)
def test_what_dvc_keeps_once_more(told: str, links: bool, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[core]\n    analytics = false\n{told}")
    assert cache_links([tmp_path / "config", tmp_path / "config.local"]) is links


def test_what_is_missing() -> None:
    values = read_params()
    weights = {"jin2021": values["jin2021"], "corpus": "/nowhere/Aff-Wild2"}
    values["wang2021"]["clips"]["weights"] = "models/published/none.pth.tar"
    told = missing(values | weights)
    assert "corpus: /nowhere/Aff-Wild2" in told
    assert "wang2021.clips.weights: models/published/none.pth.tar" in told
    assert not any("data/stills" in each for each in told), json.dumps(told)


def test_an_index_of_another_release_may_lack_a_task(tmp_path: Path) -> None:
    build_world(tmp_path)
    path = tmp_path / "data/index/frames.parquet"
    pd.read_parquet(path).assign(va_split="").to_parquet(path, index=False)
    assert indexed(path).of["VA", "train"] == Count(0, 0)
