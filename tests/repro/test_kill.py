from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from repro.check import LOG
from repro.compare import digests
from repro.finished import repeated
from repro.kill import killed_run, moments
from repro.watched import PLANNING, durations

STAGE = "audio@jin2021-audio"


@pytest.mark.pipeline
def test_a_stage_that_is_killed_ends_in_the_same_bytes(project: Path) -> None:
    """Killed while DVC plans, at the start, in the middle and in the saving of a training that DVC has to make anew."""
    expected = digests(project)
    shutil.rmtree(project / ".dvc/cache")
    for out in ("models/jin2021/audio", "data/predictions/jin2021/audio"):
        shutil.rmtree(project / out)
    seconds = durations(project, STAGE)[STAGE]
    assert digests(project) == expected
    for out in ("models/jin2021/audio", "data/predictions/jin2021/audio"):
        shutil.rmtree(project / out)
    shutil.rmtree(project / ".dvc/cache")
    planned = [(PLANNING, 0.5), *((STAGE, share * seconds) for share in (0.1, 0.4, 0.6, 0.7, 0.8, 0.9))]
    delivered = killed_run(project, planned, STAGE)
    assert (
        delivered[PLANNING] == 1 and delivered[STAGE] >= 1
    )  # how many depends on how fast the machine is just then
    assert digests(project) == expected


def test_epochs_that_were_done_twice_are_told(tmp_path: Path) -> None:
    lines = [
        "Running stage 'finetune@a':", "epoch 1/2  loss 1", "Running stage 'finetune@a':", "epoch 2/2  loss 1",
        "Running stage 'finetune@b':", "epoch 1/2  loss 1", "Running stage 'finetune@b':", "epoch 1/2  loss 1",
    ]  # fmt: skip
    log = tmp_path / LOG
    log.write_text("\n".join(lines))
    assert repeated(log) == ["finetune@b, epoch 1: done 2 times"]


def test_moments_are_drawn_over_the_stages_and_within_them() -> None:
    times = {"planning": 1.0, "a": 2.0, "b": 4.0}
    drawn = [moments(times, 2, np.random.default_rng(seed)) for seed in range(200)]
    assert all(len(each) == 2 and [*times].index(each[0][0]) < [*times].index(each[1][0]) for each in drawn)
    assert all(0 <= delay <= times[stage] for each in drawn for stage, delay in each)
    late = [delay for each in drawn for stage, delay in each if stage == "b"]
    assert 100 < len(late) < 170 and min(late) < 0.4 and max(late) > 3.6
    assert moments(times, 9, np.random.default_rng(0))[-1][0] == "b"
