"""What DVC keeps in the cache of a project."""

from __future__ import annotations

import hashlib
from pathlib import Path


def check_cache(project: Path) -> None:
    """Every file of the cache has the content that it is named by."""
    files = [path for path in (project / ".dvc/cache/files/md5").rglob("*") if path.is_file()]
    assert files
    for path in files:
        name = path.parent.name + path.name.removesuffix(".dir")
        assert hashlib.md5(path.read_bytes()).hexdigest() == name
