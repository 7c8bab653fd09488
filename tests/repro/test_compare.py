from __future__ import annotations

import json
from pathlib import Path

import pytest

from repro import compare

FIGURES = {
    "metrics/toy.json:au.f1": 0.5,
    "metrics/toy.json:frames.dropped": 20,
    "metrics/index.json:AU.AU1": 100,
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "data" / "faces").mkdir(parents=True)
    (tmp_path / "data" / "faces" / "a.npy").write_bytes(b"\x00\x01\x02")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "toy.json").write_text(json.dumps({"au": {"f1": 0.5}, "steps": [{"all": None}]}))
    (tmp_path / "data" / "stray.txt").write_text("no out of a stage")
    (tmp_path / "dvc.lock").write_text(
        "stages:\n  a:\n    outs:\n    - path: data/faces\n  b:\n    outs:\n    - path: metrics/toy.json\n"
    )
    return tmp_path


def test_every_out_is_digested(run: Path) -> None:
    assert sorted(compare.digests(run)) == ["data/faces/a.npy", "dvc.lock", "metrics/toy.json"]


@pytest.mark.parametrize("path", ["data/faces/a.npy", "metrics/toy.json", "dvc.lock"])
def test_one_flipped_byte_fails_and_is_named(run: Path, path: str) -> None:
    first = compare.digests(run)
    data = bytearray((run / path).read_bytes())
    data[-1] ^= 1
    if path != "dvc.lock":
        (run / path).write_bytes(bytes(data))
        second = compare.digests(run)
    else:
        second = {**first, path: "another"}
    assert compare.byte_differences(first, first) == []
    assert compare.byte_differences(first, second) == [f"{path}: differs between the two runs"]


def test_a_file_of_one_run_only_fails(run: Path) -> None:
    first = compare.digests(run)
    (run / "data" / "faces" / "b.npy").write_bytes(b"")
    second = compare.digests(run)
    assert compare.byte_differences(first, second) == ["data/faces/b.npy: only in the second run"]


def test_figures_are_read_from_nested_json(run: Path) -> None:
    assert compare.figures(run) == {"metrics/toy.json:au.f1": 0.5, "metrics/toy.json:steps.0.all": None}


def test_another_epoch_may_win_elsewhere_but_not_another_figure() -> None:
    committed = {"metrics/compare.json:toy.visual.checkpoint": "epoch_03", "metrics/toy.json:who": "epoch_03"}
    again = dict.fromkeys(committed, "epoch_04")
    lines = compare.figure_differences(committed, again)
    assert len(lines) == 1 and lines[0].startswith("metrics/toy.json:who: epoch_03 committed, epoch_04 again")


def test_a_figure_within_its_tolerance_passes() -> None:
    again = {**FIGURES, "metrics/toy.json:au.f1": 0.54, "metrics/toy.json:frames.dropped": 22}
    assert compare.figure_differences(FIGURES, again) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metrics/toy.json:au.f1", 0.56),
        ("metrics/toy.json:au.f1", None),
        ("metrics/toy.json:frames.dropped", 25),
        ("metrics/index.json:AU.AU1", 101),
    ],
)
def test_a_figure_that_is_off_fails_and_is_named(key: str, value: float | None) -> None:
    lines = compare.figure_differences(FIGURES, {**FIGURES, key: value})
    assert len(lines) == 1 and lines[0].startswith(f"{key}: {FIGURES[key]} committed, {value} again")


def test_a_figure_that_is_gone_or_new_fails() -> None:
    one = {"metrics/toy.json:au.f1": 0.5}
    assert compare.figure_differences(one, {}) == ["metrics/toy.json:au.f1: only in the committed figures"]
    assert compare.figure_differences({}, one) == ["metrics/toy.json:au.f1: only in the re-run"]
