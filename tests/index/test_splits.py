from __future__ import annotations

import pandas as pd
import pytest

from stages.core.errors import UserError
from stages.index.splits import check_splits, cross_task_leaks, require_filled

ROWS = [
    ("AU", "train", "shared", "shared"),
    ("AU", "train", "own", "own"),
    ("AU", "validation", "au_val", "au_val"),
    ("EXPR", "train", "au_val_left", "au_val"),
    ("EXPR", "train", "own", "own"),
    ("EXPR", "validation", "shared", "shared"),
]


def tracks(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["task", "split", "trial", "video"])
    return table.assign(labelled=10, path=table["split"] + "/" + table["trial"] + ".txt")


@pytest.mark.parametrize(
    ("rule", "leaves"),
    [
        ("train", [("AU", "shared"), ("EXPR", "au_val_left")]),
        ("validation", [("AU", "au_val"), ("EXPR", "shared")]),
        ("keep", []),
    ],
)
def test_cross_task_rule(rule: str, leaves: list[tuple[str, str]]) -> None:
    table = tracks(ROWS)
    removed = table[cross_task_leaks(table, rule)]
    assert list(removed[["task", "trial"]].itertuples(index=False, name=None)) == leaves


@pytest.mark.parametrize("rule", ["train", "validation"])
def test_afterwards_no_task_trains_on_what_another_validates(rule: str) -> None:
    table = tracks([*ROWS, ("VA", "train", "own", "own"), ("VA", "validation", "shared", "shared")])
    kept = table[~cross_task_leaks(table, rule)]
    training = set(kept.loc[kept["split"] == "train", "video"])
    assert training and not training & set(kept.loc[kept["split"] == "validation", "video"])


def test_a_trial_in_both_splits_of_a_task_is_told() -> None:
    assert check_splits(tracks(ROWS)) == []
    sentences = check_splits(tracks([*ROWS, ("AU", "validation", "own", "own")]))
    assert len(sentences) == 1
    assert "train/own.txt and validation/own.txt" in sentences[0] and "AU" in sentences[0]


def test_empty_splits_are_named() -> None:
    table = tracks([row for row in ROWS if row[:2] != ("EXPR", "validation")])
    with pytest.raises(UserError, match="the validation split of EXPR has no labelled frame"):
        require_filled(table, pd.Series(False, index=table.index))
    unlabelled = tracks(ROWS).assign(labelled=[10, 10, 0, 10, 10, 10])
    with pytest.raises(UserError, match="the validation split of AU has no labelled frame"):
        require_filled(unlabelled, pd.Series(False, index=unlabelled.index))


def test_a_split_emptied_by_the_rule_is_named() -> None:
    table = tracks([row for row in ROWS if row[2] != "own"])
    with pytest.raises(UserError, match=r"the train split of AU is empty after index\.cross_task"):
        require_filled(table, cross_task_leaks(table, "train"))
