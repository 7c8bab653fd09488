from __future__ import annotations

from stages.compare import comparison
from stages.compare.page import page
from tests.compare.test_comparison import PUBLISHED, SCORES


def lines() -> list[str]:
    return page(comparison.rows(SCORES), {"toy": PUBLISHED}).splitlines()


def test_summary_has_the_papers_last_step_beside_its_figures_then_what_is_ours() -> None:
    first = lines().index("| system | step | AU | EXPR | VA | AU, paper | EXPR, paper | VA, paper |")
    assert lines()[first + 2 : first + 6] == [
        "| toy | sequence | 0.480 |  |  | 0.712 | 0.4821 |  |",
        "|  | smoothing (ours) | 0.490 | 0.410 | 0.200 |  |  |  |",
        "| combined | smoothing (ours) | 0.560 | 0.500 |  |  |  |  |",
        "",
    ]


def test_a_paper_that_ends_as_the_system_does_has_one_line() -> None:
    published = {**PUBLISHED, "steps": PUBLISHED["steps"] | {"smooth": PUBLISHED["steps"]["visual"]}}
    rows = comparison.rows({"toy": {**SCORES["toy"], "published": published}})
    text = page(rows, {"toy": published})
    assert "| toy | smoothing | 0.490 | 0.410 |  | 0.712 | 0.4821 |  |\n\n" in text


def test_a_section_for_each_system_and_what_combining_is_measured_against() -> None:
    assert [line for line in lines() if line.startswith("## ")] == ["## toy", "## combined"]
    assert "| + audio | 0.470 | 0.060 | -0.040 |  |  |  |  |  |  | best |" in lines()
    assert any(line.startswith("| visual | 0.500 |") and line.endswith("| epoch_04 |") for line in lines())
    assert any(line.startswith("| published |") and line.endswith("|  |") for line in lines())
    assert any("(best), the hardest to beat" in line for line in lines())


def test_published_figures_stand_with_a_warning_a_source_and_what_they_are_of() -> None:
    assert any("not comparable on the drawn corpus" in line for line in lines())
    assert lines()[-2:] == ["- toy: a paper, Table 1", "  - audio: of one network"]


def test_steps_with_the_same_note_share_it() -> None:
    fold = {**PUBLISHED["steps"]["visual"], "note": "a single network"}
    published = {**PUBLISHED, "note": "of a split", "steps": {"fold1": fold, "fold2": fold}}
    assert page(comparison.rows(SCORES), {"toy": published}).splitlines()[-2:] == [
        "- toy: a paper, Table 1; of a split",
        "  - fold1, fold2: a single network",
    ]
