"""README and docs: commands, keys, stages and links that exist, errors that are told so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "models/published/README.md"]
MADE = {"evaluate@vit2026"}  # by docs/add_a_system.md


def commands(text: str) -> Iterator[list[str]]:
    """Words of each command in indented or fenced blocks and in backticks, without settings in front and remarks."""
    text = text.replace("…", "")
    blocks = re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE) + re.findall(r"`([^`\n]+)`", text)
    for line in (part for block in blocks for part in block.split(";")):
        if re.match(r"\s*([A-Z_]+=\S+ |[A-Z_]+=\"[^\"]*\" )*(python -m|dvc|make) ", line):
            words = shlex.split(line, comments=True)
            yield [word for word in words if not re.match(r"[A-Z_]+=", word)]


def told() -> list[tuple[str, list[str]]]:
    """Every command of every page, with the page's name."""
    return [(page.name, words) for page in PAGES for words in commands(page.read_text())]


def exists(words: list[str], values: dict[str, object], stages: set[str], targets: set[str]) -> bool:
    """Whether a command names modules, targets, keys and stages that there are."""
    if words[0] == "make":
        return all(word in targets for word in words[1:])
    if words[0] == "python":
        return find_spec(words[2]) is not None
    keys = [words[i + 1].split("=")[0] for i, word in enumerate(words[:-1]) if word == "-S"]
    named = {word for word in words[2:] if "@" in word} - MADE
    return all(known(values, key) for key in keys) and all(word in stages for word in named)


def known(values: object, key: str) -> bool:
    """Whether a dotted key is in params.yaml."""
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


@pytest.fixture(scope="module")
def project() -> tuple[dict[str, object], set[str], set[str]]:
    """Values of params.yaml, stages of dvc.lock, targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    return (
        yaml.safe_load((ROOT / "params.yaml").read_text()),
        {*yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]},
        {*re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)},
    )


def test_commands_name_what_there_is(project: tuple[dict[str, object], set[str], set[str]]) -> None:
    assert len(told()) > 40
    assert [(page, " ".join(words)) for page, words in told() if not exists(words, *project)] == []


@pytest.mark.parametrize(
    "line",
    [
        "make repr",
        "dvc exp run -S jin2021.finetune.epoch=2",
        "dvc repro evaluate@nobody",
        "python -m stages.no",
    ],
)
def test_a_wrong_command_is_noticed(line: str, project: tuple[dict[str, object], set[str], set[str]]) -> None:
    assert [exists(words, *project) for words in commands(f"    {line}  # so\n")] == [False]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text())
    assert [link for link in links if "://" not in link[0] and not leads(page, *link)] == []


def leads(page: Path, file: str, heading: str) -> bool:
    """Whether a page links to a file that there is, and to a heading of it."""
    target = page.parent / file if file else page
    return target.exists() and (not heading or heading in headings(target))


def headings(page: Path) -> list[str]:
    """Headings as anchors."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found]


def test_every_sentence_of_the_troubleshooting_is_one_that_is_told() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "stages").rglob("*.py"))
    code = re.sub(r'"\s*\n\s*f?"', "", sources)  # a sentence may go on in the next line
    rows = re.findall(
        r"^\| (?:`` (.+) ``|`([^`]+)`) \| ", (ROOT / "docs/troubleshooting.md").read_text(), re.MULTILINE
    )
    found = ["".join(row) for row in rows]
    assert len(found) > 10
    assert [row for row in found if row not in code] == []
