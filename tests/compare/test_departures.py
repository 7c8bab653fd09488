from __future__ import annotations

from stages.compare.departures import departures

FOUND = {
    "a": [
        {"key": "a.finetune.epochs", "value": "8", "published": "15"},
        {"key": "corpus", "value": "data/synthetic", "published": "Aff-Wild2"},
    ],
    "b": [],
    "c": [{"key": "lr", "value": "0.1", "published": "0.001"}],
}


def test_each_system_has_its_list() -> None:
    page = departures(FOUND)
    assert (
        "<details><summary>a: 2 values</summary>\n\n| key | value | published |\n| --- | --- | --- |\n"
        in page
    )
    assert "| a.finetune.epochs | 8 | 15 |\n| corpus | data/synthetic | Aff-Wild2 |\n\n</details>" in page
    assert "\n\nb: none.\n\n" in page and "c: 1 value</summary>" in page
    assert page.startswith("# Departures\n") and page.endswith("</details>\n")
