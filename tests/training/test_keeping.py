from __future__ import annotations

from math import nan
from pathlib import Path

import numpy as np
import pytest

from stages.core.epochs import checkpoint_name
from stages.training.keeping import CHOSEN, Rating, thin_out

FIGURES = (CHOSEN, "score AU1", "f1 AU1", "score overall")


def ratings(*rows: tuple[float, ...]) -> list[Rating]:
    return [dict(zip(FIGURES, row, strict=True)) for row in rows]


def train(state: Path, rows: list[Rating], keep: int, first: int = 1) -> set[int]:
    """Write the files of each epoch, as training does, and thin out; epochs that are left, of weights and tables."""
    for epoch, own in enumerate(rows, 1):
        if epoch < first:
            continue
        for part, suffix in (("models", "safetensors"), ("predictions", "parquet")):
            (state / part).mkdir(parents=True, exist_ok=True)
            (state / part / f"{checkpoint_name(epoch)}.{suffix}").write_text(str(epoch))
        thin_out(state, epoch, own, keep)
    left = [{int(path.stem[6:]) for path in (state / part).iterdir()} for part in ("models", "predictions")]
    assert left[0] == left[1]
    return left[0]


def test_the_best_of_each_figure_stays(tmp_path: Path) -> None:
    rows = ratings((0.1, 0.9, 0.2, 0.3), (0.5, 0.1, 0.1, 0.1), (0.2, 0.2, 0.8, 0.2), (0.0, 0.0, 0.0, 0.0))
    assert train(tmp_path, rows, 1) == {1, 2, 3}
    assert train(tmp_path / "two", rows, 2) == {1, 2, 3}


def test_of_equals_the_longest_trained_stays_but_the_first_that_is_chosen(tmp_path: Path) -> None:
    assert train(tmp_path, ratings(*[(0.5, 0.5, 0.5, 0.5)] * 4), 1) == {1, 4}


def test_what_cannot_be_measured_keeps_nothing_but_the_chosen_one(tmp_path: Path) -> None:
    assert train(tmp_path, ratings(*[(nan, nan, nan, nan)] * 3), 1) == {1}
    rows = ratings((nan, nan, 0.1, 0.1), (0.1, nan, 0.2, 0.2), (nan, nan, 0.1, 0.1))
    assert train(tmp_path / "some", rows, 1) == {2}


@pytest.mark.parametrize("keep", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_thinning_epoch_by_epoch_leaves_the_best_of_all(tmp_path: Path, seed: int, keep: int) -> None:
    values = np.random.default_rng(seed).integers(0, 8, (20, len(FIGURES))) / 8
    wanted: set[int] = set()
    for column in values.T[1:]:
        wanted |= {int(n) + 1 for n in sorted(range(20), key=lambda n: (column[n], n))[-keep:]}
    wanted |= {int(n) + 1 for n in np.argsort(-values[:, 0], kind="stable")[:keep]}
    rows = ratings(*map(tuple, values.tolist()))
    assert train(tmp_path, rows, keep) == wanted
    assert train(tmp_path, rows, keep, first=20) == wanted, "an epoch that is done again after a kill"
