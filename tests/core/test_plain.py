"""What params.yaml cannot hold is told by its key: no traceback, no endless table, no memory without end."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.core.errors import LONGEST, UserError, shown
from stages.core.params import read_params

LAUGHS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}' if n else '1'] * 9)}]\n" for n in range(12))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]\n[", "cannot be read"),
        ("- a", "holds no keys"),
        ("scale: demo\nd: 2026-99-99", "cannot be read"),
        ("scale: demo\nd: 2026-01-01", "key d: is datetime.date"),
        ("scale: demo\n? [a, b]\n: 1", "is no word"),
        ("scale: demo\na: {b: {1: 2}}", "key a.b.1: is no word"),
        ("scale: demo\na: &a [*a]", "stands in too many tables"),
        ("scale: demo\n" + LAUGHS, "too many"),
        ("scale: demo\nlr: .nan", "key lr: is nan"),
        ("scale: demo\nn: " + "9" * 400, "key n: is a number of more than nine digits"),
        ("scale: demo\nn: 0x" + "f" * 9000, "key n: is a number of more than nine digits"),
        ("scale: demo\nseed: -1", "key seed: is -1; set a whole number from 0"),
        ("scale: demo\nx: {threads: {demo: 100000}}", "key x.threads.demo: is 100000; set"),
        ("scale: demo\nweights: " + "a" * 300, "key weights: is 'aaa"),
        ('scale: demo\ncorpus: "\\ud800"', "params.yaml"),
        ("scale: demo\nsystems: 5", "key systems: is 5; list names"),
        ("scale: demo\nruns: {finetune: [a]}", "key runs.finetune"),
        ("scale: [demo]", "key scale: there is no"),
    ],
)
def test_what_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(UserError, match=r"params\.yaml") as caught:
        read_params(tmp_path / "params.yaml")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_sentence_stays_on_one_line_whatever_it_quotes() -> None:
    assert str(UserError("a\nb\x1b[31m\udcff\u202e.mp4: is é 日本 — “so”")) == (
        "a\\nb\\x1b[31m\\udcff\\u202e.mp4: is é 日本 — “so”"
    )
    assert len(shown("x" * 10**6)) < LONGEST + 10
