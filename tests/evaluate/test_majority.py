from __future__ import annotations

from stages.core.labels import EXPRESSION_LOGITS
from stages.evaluate.majority import majority
from stages.scoring.tables import labelled
from tests.scoring.prediction_tables import frame_table


def test_majority_says_what_most_training_frames_say() -> None:
    table = frame_table()
    train = table["au_split"] == "train"
    table.loc[train, "AU1"], table.loc[train, "AU2"] = 1, 0
    table.loc[train, "expression"], table.loc[train, "valence"] = 3, 0.25
    said = majority(table, labelled.validation(table))
    assert (said["logit_AU1"] > 0).all() and (said["logit_AU2"] < 0).all()
    assert (said[list(EXPRESSION_LOGITS)].to_numpy().argmax(axis=1) == 3).all()
    assert (said["valence"] == 0.25).all()
