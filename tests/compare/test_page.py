from __future__ import annotations

from stages.compare import comparison
from stages.compare.page import page
from tests.compare.test_comparison import SCORES


def lines() -> list[str]:
    return page(comparison.rows(SCORES)).splitlines()


def test_summary_has_each_systems_final_step_beside_the_papers_figures_combined_last() -> None:
    first = lines().index("| system | AU | EXPR | VA | AU, paper | EXPR, paper | VA, paper |")
    assert lines()[first + 2 : first + 5] == [
        "| toy | 0.470 |  |  | 0.712 | 0.477 |  |",
        "| combined | 0.560 | 0.500 |  |  |  |  |",
        "",
    ]


def test_a_section_for_each_system_and_what_combining_is_measured_against() -> None:
    assert [line for line in lines() if line.startswith("## ")] == ["## toy", "## combined"]
    assert "| + audio | 0.470 | -0.030 | 0.520 |  |  |  |  |  |  | best |" in lines()
    assert any(line.startswith("| visual | 0.500 |") and line.endswith("| epoch_04 |") for line in lines())
    assert any("itself (best), the hardest to beat" in line for line in lines())


def test_published_figures_stand_with_a_warning_and_a_source() -> None:
    assert any("not comparable on the drawn corpus" in line for line in lines())
    assert lines()[-1] == "- toy: Jin et al. 2021, Tables 1 and 2"
