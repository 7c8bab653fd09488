"""The weights that come with the project: they load, say what was committed, and are taken where nothing is trained."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.core.digests import ROOT
from stages.core.labels import AU_NAMES, EXPRESSIONS, VA_NAMES
from stages.predict.ready import READY, SAMPLE, models_root
from tests.shell import run

LARGEST = 20e6  # bytes


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is cloned, without anything trained."""
    root = tmp_path_factory.mktemp("fresh")
    for name in ("stages", "models/ready"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copyfile(ROOT / "params.yaml", root / "params.yaml")
    return root


def test_a_newcomer_gets_the_committed_predictions(fresh: Path) -> None:
    run(fresh, sys.executable, "-m", "stages.predict", str(SAMPLE), "--out", "results")
    said = pd.read_parquet(fresh / "results/sample.parquet")
    wanted = pd.read_parquet(ROOT / SAMPLE.with_suffix(".parquet"))
    assert said["frame"].tolist() == wanted["frame"].tolist()
    columns = [*AU_NAMES, *EXPRESSIONS, *VA_NAMES]
    assert wanted[columns].notna().all(axis=None)
    np.testing.assert_allclose(said[columns], wanted[columns], atol=0.01)
    assert np.ptp(wanted["AU1"]) + np.ptp(wanted["AU12"]) > 0.2, "something happens in the face"


def test_what_is_trained_here_comes_first(fresh: Path, tmp_path: Path) -> None:
    ready = fresh / READY / "models"
    assert models_root(None, tmp_path, ready) == models_root("jin2021", tmp_path, ready) == ready
    assert models_root("wang2021", tmp_path, ready) == tmp_path, "which says that it is not there"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/system.json").write_text("{}")
    assert models_root(None, tmp_path, ready) == tmp_path


def test_the_package_is_small_and_its_card_tells_scores_and_limits() -> None:
    files = [path for path in (ROOT / READY).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LARGEST
    page = (ROOT / READY / "README.md").read_text()
    assert all(word in page for word in ("drawn faces alone", "## Scores", "## Limits", "code "))
