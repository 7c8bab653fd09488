from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from repro.studies import STUDIES
from repro.studies.extra import SCARCE, scarce_units
from stages.core.labels import AU_NAMES
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table, predict


def test_rows_differ_in_the_stills_alone() -> None:
    rows = [changes for _, changes in STUDIES["extra"].rows()]
    for without, stills in zip(rows[::2], rows[1::2], strict=True):
        assert without["extra"] is False and "extra" not in stills
        assert without == {**stills, "extra": False}
    assert len({changes["seed"] for changes in rows}) == len(rows) / 2


def test_figures_are_f1_of_presence() -> None:
    table = frame_table()
    scored, _ = labelled.join(labelled.validation(table), predict(table, noise=1.5), "drop")
    found = scarce_units(scored)
    logits = scored.predicted[[f"logit_{name}" for name in AU_NAMES]].to_numpy()
    wanted = [f1_score(scored.units[:, unit], logits[:, unit] > 0) for unit in range(12)]
    assert found["f1"] == pytest.approx(np.mean(wanted))
    assert list(found)[1:] == list(SCARCE) == ["AU15", "AU23", "AU24"]
    assert [found[name] for name in SCARCE] == pytest.approx([wanted[7], wanted[8], wanted[9]])
