from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from repro.chance import differences, scores_of
from stages.core.digests import ROOT
from stages.core.errors import UserError


def scores(au: float, half: float = 0.03) -> dict[str, Any]:
    own = {"score": {"AU": au, "EXPR": 0.5}, "low": {"AU": au - half}, "high": {"AU": au + half}}
    return {"toy": {"visual": own}, "combined": {"margin": {"AU": 0.1}, "smooth": own}}


def test_a_difference_counts_beyond_the_intervals_of_both() -> None:
    near, far = (list(differences(scores(0.6), scores(au))) for au in (0.64, 0.65))
    assert [(row.system, row.step, row.task) for row in near] == [
        (system, step, task)
        for system, step in (("toy", "visual"), ("combined", "smooth"))
        for task in ("AU", "EXPR")
    ]
    assert near[0].chance == pytest.approx(0.03 * 2**0.5)
    assert [row.stands_out for row in near] == [False] * 4
    assert [row.stands_out for row in far] == [True, False, True, False], (
        "without an interval nothing is said"
    )


def test_scores_are_of_a_folder_a_revision_or_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "metrics").mkdir()
    for au, name in ((0.5, "first"), (0.6, "second")):
        Path("metrics/compare.json").write_text(json.dumps(scores(au)))
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", name], check=True)
    subprocess.run([*git, "update-ref", "refs/exps/ab/cdef/lr001", "HEAD~1"], check=True)
    Path("metrics/compare.json").write_text(json.dumps(scores(0.7)))
    found = [scores_of(run)["toy"]["visual"]["score"]["AU"] for run in ("HEAD", "HEAD~1", "lr001", ".")]
    assert found == [0.6, 0.5, 0.5, 0.7]
    with pytest.raises(
        UserError, match=r"nowhere: no folder, revision or experiment with metrics/compare\.json"
    ):
        scores_of("nowhere")


def test_the_command_prints_a_line_a_score(tmp_path: Path) -> None:
    for name, au in (("a", 0.5), ("b", 0.7)):
        (tmp_path / name / "metrics").mkdir(parents=True)
        (tmp_path / name / "metrics/compare.json").write_text(json.dumps(scores(au)))
    command = [sys.executable, "-m", "repro.compare", str(tmp_path / "a"), str(tmp_path / "b")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told[1].split() == ["toy", "visual", "AU", "0.500", "0.700", "+0.200", "0.042", "beyond", "chance"]
    assert told[-1] == "2 of 4 differences are beyond chance"
