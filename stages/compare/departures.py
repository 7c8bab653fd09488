"""The end of metrics/compare.md: what of each system is not as its paper has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Departures = Mapping[str, Sequence[Mapping[str, str]]]  # system → key, value in force, published value

TITLE = """# Departures

What of each system is not as its paper has it, by its key in params.yaml: the value in force, and the
published one (null: none)."""


def departures(found: Departures) -> str:
    """The section, a list to unfold for each system."""
    return "\n\n".join([TITLE, *(_system(system, own) for system, own in found.items())]) + "\n"


def _system(system: str, own: Sequence[Mapping[str, str]]) -> str:
    if not own:
        return f"{system}: none."
    count = "1 value" if len(own) == 1 else f"{len(own)} values"
    return "\n".join([f"<details><summary>{system}: {count}</summary>", "", *_lines(own), "", "</details>"])


def _lines(own: Sequence[Mapping[str, str]]) -> Iterator[str]:
    yield from ("| key | value | published |", "| --- | --- | --- |")
    for line in own:
        yield f"| {line['key']} | {line['value']} | {line['published']} |"
