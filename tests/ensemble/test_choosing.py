from __future__ import annotations

import pandas as pd

from stages.ensemble.choosing import choose

NAN = float("nan")


def test_a_unit_leaves_the_default_only_by_more_than_the_margin() -> None:
    scores = pd.DataFrame({"far": [0.5, 0.7], "near": [0.5, 0.505], "worse": [0.5, 0.4]}, index=["a", "b"])
    assert choose(scores, "a", margin=0.01) == {"far": "b", "near": "a", "worse": "a"}
    assert choose(scores, "a", margin=0.0) == {"far": "b", "near": "b", "worse": "a"}


def test_of_equals_the_first_is_taken() -> None:
    scores = pd.DataFrame({"unit": [0.1, 0.9, 0.9]}, index=[1, 5, 10])
    assert choose(scores, 1, margin=0.0) == {"unit": 5}
    assert choose(scores, 10, margin=0.0) == {"unit": 10}


def test_unknown_scores() -> None:
    scores = pd.DataFrame({"not by default": [NAN, 0.1], "by nobody": [NAN, NAN]}, index=["a", "b"])
    assert choose(scores, "a", margin=0.5) == {"not by default": "b", "by nobody": "a"}
