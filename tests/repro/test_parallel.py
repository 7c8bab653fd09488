"""Several stages at a time end in what one at a time ends in; a failure and Ctrl-C stop what they must."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repro.check import environment
from repro.compare import byte_differences, digests
from repro.planned import LOCK, plan
from repro.slots import cores, settings
from tests.shell import dvc, run, started

ROOT = Path(__file__).parents[2]
SAY = 'echo "$DVC_STAGE {} $(date +%s%N) $$" >> told.txt'
STAGE = f"""
  {{name}}:
    cmd:
      - {SAY.format("begins")}; {{first}}
      - cat {{deps}} > {{name}}; echo '{{{{"words":1}}}}' > {{name}}.json; {SAY.format("ends")}
    deps: [{{list}}]
    outs: [{{name}}]
    metrics: [{{name}}.json: {{{{cache: false}}}}]
"""
# Comes first in the order of one at a time, and, unless alone, ends after one that comes later.
SLOW = "until [ -n \"$ALONE\" ] || grep -q 'behind ends' told.txt; do sleep 0.05; done"
STAGES = {
    "a": ("true", "source"),
    "slow": (SLOW, "a"),
    "quick": ("true", "a"),
    "behind": ("true", "quick"),
    "end": ("true", "slow behind"),
    "other": ("true", "source"),
}


def pipeline(**other: str) -> str:
    """dvc.yaml; `other`: what some stages do first."""
    stages = {name: (other.get(name, first), deps) for name, (first, deps) in STAGES.items()}
    return "stages:\n" + "".join(
        STAGE.format(name=name, first=first, deps=deps, list=", ".join(deps.split()))
        for name, (first, deps) in stages.items()
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    (folder / "source").write_text("first\n")
    (folder / "dvc.yaml").write_text(pipeline())
    monkeypatch.setenv("ALONE", "1")  # but for `parallel`
    return folder


def parallel(folder: Path, *words: str) -> subprocess.Popen[str]:
    env = {**environment(), "PYTHONPATH": str(ROOT), "ALONE": ""}
    command = [sys.executable, "-m", "repro.parallel", *words]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def parallel_run(folder: Path, *words: str, code: int = 0) -> tuple[str, str]:
    """Standard output and the last sentence of a run that has to end with a code."""
    process = parallel(folder, *words)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err
    return out, err.splitlines()[-1]


def moments(folder: Path) -> dict[tuple[str, str], int]:
    """When each stage began and ended, by its own words."""
    lines = [line.split() for line in (folder / "told.txt").read_text().splitlines()]
    return {(name, what): int(when) for name, what, when, _ in lines}


def test_the_same_bytes_as_one_at_a_time(project: Path, tmp_path: Path) -> None:
    one = Path(shutil.copytree(project, tmp_path / "one"))
    for text in ("first\n", "second\n"):
        for folder in (project, one):
            (folder / "source").write_text(text)
        dvc(one, "repro")
        (project / "told.txt").unlink(missing_ok=True)
        parallel_run(project, "--jobs", "3")
        found = digests(project)
        assert len(found) == 1 + 2 * len(STAGES)
        assert byte_differences(digests(one), found) == []
    check_order(moments(project))
    told = (project / "told.txt").read_text()
    out, last = parallel_run(project, "--jobs", "2")
    assert out == "" and last == "6 of 6 stages have not changed"
    (project / "quick").unlink()
    (project / LOCK).unlink()
    assert started(dvc(project, "repro")) == []  # DVC finds all that was made, by its log of runs
    assert digests(project) == found and (project / "told.txt").read_text() == told


def check_order(when: dict[tuple[str, str], int]) -> None:
    """None began before what it reads from had ended; some were at work at the same time."""
    for name, (_, deps) in STAGES.items():
        needs = [when[dep, "ends"] for dep in deps.split() if dep in STAGES]
        assert all(when[name, "begins"] > end for end in needs)
    assert when["behind", "ends"] < when["slow", "ends"]


def test_a_failure_stops_what_waits_for_it_and_nothing_else(project: Path) -> None:
    (project / "dvc.yaml").write_text(pipeline(slow="true", quick="echo oh no; exit 3"))
    out, last = parallel_run(project, "--jobs", "2", code=2)
    assert last == ("error: quick failed, see the lines that begin so; not run because of it: behind, end")
    assert "quick | oh no" in out.splitlines()
    assert {name for name, what in moments(project) if what == "ends"} == {"a", "slow", "other"}
    (project / "told.txt").unlink()
    (project / "dvc.yaml").write_text(pipeline(slow="true"))
    parallel_run(project, "--jobs", "2")
    assert {name for name, _ in moments(project)} == {"quick", "behind", "end"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_all_and_the_next_run_goes_on(project: Path, number: signal.Signals) -> None:
    (project / "dvc.yaml").write_text(pipeline(slow="sleep 60", quick="sleep 61", other="sleep 62"))
    process = parallel(project, "--jobs", "2")
    while not (project / "told.txt").exists() or len(moments(project)) < 4:  # a is done, two are at work
        time.sleep(0.05)
        assert process.poll() is None
    begun = time.monotonic()
    process.send_signal(number)
    err = process.communicate(timeout=30)[1]
    assert process.returncode == 130 and time.monotonic() - begun < 9
    assert err.splitlines()[-1] == "error: stopped; started again, it goes on where it was"
    pids = [int(line.split()[-1]) for line in (project / "told.txt").read_text().splitlines()]
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    (project / "dvc.yaml").write_text(pipeline())
    (project / "told.txt").unlink()
    parallel_run(project, "--jobs", "2")
    assert {name for name, _ in moments(project)} == {*STAGES} - {"a"}
    assert started(dvc(project, "repro", "--dry")) == []


def test_a_broken_pipeline_and_a_wrong_stage_are_told_in_a_sentence(project: Path) -> None:
    assert "nothing" in parallel_run(project, "nothing", code=2)[1]
    (project / "dvc.yaml").write_text("stages: [")
    assert parallel_run(project, code=2)[1].startswith("error: ")


def test_each_place_has_its_share_of_cores_and_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKERS", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    places = [settings(place, 3, ["0", "2"]) for place in range(3)]
    assert [place["CUDA_VISIBLE_DEVICES"] for place in places] == ["0", "2", "0"]
    assert {int(place["WORKERS"]) for place in places} == {max(1, cores() // 3)}
    assert "CUDA_VISIBLE_DEVICES" not in settings(0, 1)
    monkeypatch.setenv("WORKERS", "7")
    assert settings(0, 2)["WORKERS"] == "7"
    assert settings(0, 2).get("OMP_NUM_THREADS") == os.environ.get("OMP_NUM_THREADS")


def test_the_plan_is_dvcs_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    found = plan()
    assert found.needs["end"] == {"slow", "behind"} and found.unchanged == frozenset()
    assert found.readers("quick") == {"behind", "end"} and found.readers("other") == set()
    assert [*found.order] == started(dvc(project, "repro"))
    (project / "quick").write_text("by hand")
    assert plan().unchanged == {"a", "slow", "other"}
    assert plan(["quick"]).order == ("a", "quick")
    assert plan(force=True).unchanged == frozenset()
