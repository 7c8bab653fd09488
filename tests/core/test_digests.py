"""The code version changes with the code that an array depends on, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.core import digests


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "stages/__init__.py": "",
        "stages/core/errors.py": "x = 1",
        "stages/media/__init__.py": "",
        "stages/media/warp.py": "from stages.media import template\nimport numpy\n",
        "stages/media/template.py": "from stages.core.errors import x\n",
        "stages/media/other.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(digests, "ROOT", tmp_path.resolve())
    return tmp_path.resolve()


def test_closure_follows_imports(project: Path) -> None:
    closure = digests.import_closure(project / "stages/media/warp.py")
    names = {path.relative_to(project).as_posix() for path in closure}
    assert names == {
        "stages/__init__.py",
        "stages/core/errors.py",
        "stages/media/__init__.py",
        "stages/media/warp.py",
        "stages/media/template.py",
    }


@pytest.mark.parametrize(
    ("file", "changes"), [("media/template", True), ("media/other", False), ("core/errors", False)]
)
def test_version_changes_with_the_closure(project: Path, file: str, changes: bool) -> None:
    first = digests.code_version(project / "stages/media/warp.py")
    path = project / "stages" / f"{file}.py"
    path.write_text(path.read_text() + "\ny = 2\n")
    assert (digests.code_version(project / "stages/media/warp.py") != first) is changes
