"""No file does harm, however spoilt: a sentence that names it or a result, in little memory and time, nothing else.

The tests look at some cases, always the same; FUZZ_COUNT and FUZZ_SEED, which `make fuzz` sets, at thousands of others.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.fuzz import annotations, media, names, params, weights
from tests.fuzz.sandbox import MOST, End, Sandbox

KINDS: dict[str, tuple[ModuleType, str, int]] = {  # what reads it, and cases in the tests
    "annotations": (annotations, "read_annotations", 100),
    "weights": (weights, "read_any", 100),
    "media": (media, "read_media", 100),
    "params": (params, "read_all", 40),
    "names": (names, "use_name", 40),
}
COUNT, SEED = os.environ.get("FUZZ_COUNT"), int(os.environ.get("FUZZ_SEED", "1"))
CONTROLLED = {
    "database": None,
    "deadline": None,
    "derandomize": not COUNT,
    "phases": [Phase.generate, Phase.shrink] if COUNT else [Phase.generate],
    "suppress_health_check": list(HealthCheck),
    "print_blob": False,
    "verbosity": Verbosity.quiet,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    box = Sandbox()
    yield box
    box.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_does_harm(kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    module, target, few = KINDS[kind]
    made, work = tmp_path / "made", tmp_path / "work"
    made.mkdir()
    ends: Counter[str] = Counter()
    most = [0.0, 0.0]

    def look(case: tuple[Any, ...]) -> None:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        end = sandbox.run(f"{module.__name__}:{target}", work, *case)
        ends[end.kind] += 1
        most[:] = max(most[0], end.space), max(most[1], end.seconds)
        if found := harm(end, module.file_of(case)):
            (tmp_path / "case").write_text(repr(case), errors="backslashreplace")
            pytest.fail(f"{found}\nby what stands in {tmp_path / 'case'}", pytrace=False)

    checked = given(module.cases(made))(look)
    checked = settings(max_examples=int(COUNT) if COUNT else few, **CONTROLLED)(checked)  # type: ignore[arg-type]
    (seed(SEED)(checked) if COUNT else checked)()
    print(f"\n{kind}: {dict(ends)}, at most {most[0]:.0f} MiB and {most[1]:.1f} s")
    assert ends["told"] and ends["fine"]  # they are spoilt, and not beyond use


def harm(end: End, file: str) -> str:
    """What is wrong with how a case ended, "" if nothing."""
    if end.kind not in ("fine", "told"):
        return f"{end.kind}: {end.text}"
    if end.kind == "told" and ("\n" in end.text or file not in end.text):
        return f"no sentence on {file}: {end.text}"
    return f"{end.space:.0f} MiB" if end.space > MOST else ""


@pytest.mark.parametrize(
    ("target", "kind"),
    [("crash", "crash"), ("hunger", "fault"), ("raise_it", "fault"), ("write", "deed"), ("start", "deed")],
)
def test_the_sandbox_notices(target: str, kind: str, sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.run(f"tests.fuzz.harmful:{target}", tmp_path).kind == kind
    assert sandbox.run("tests.fuzz.harmful:nothing", tmp_path).kind == "fine"
