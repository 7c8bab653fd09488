"""What DVC was writing when it was killed, made whole again: it writes two of its files in place.

Run: python -m repro.heal (`make repro` does, before DVC). Not while a DVC command runs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from voluptuous import Invalid

from stages.core.files import write_text

LOCK, READERS = Path("dvc.lock"), Path(".dvc/tmp/rwlock")
STAGE = re.compile(r"^  (?=\S)", re.MULTILINE)  # where the entry of a stage begins


def main() -> None:
    """Heal the project in this folder; say what was mended."""
    for line in heal(Path()):
        print(line)


def heal(root: Path) -> list[str]:
    """Cut dvc.lock off behind its last whole stage, remove a torn list of readers; one sentence for each.

    DVC finds the outs of the stages that were cut off in its cache, by the log that it keeps of runs there.
    """
    told = []
    if (root / READERS).is_file() and not _json(root / READERS):
        (root / READERS).unlink()
        told.append(f"{READERS}: was cut off by a kill; removed")
    if (root / LOCK).is_file() and not whole(
        text := (root / LOCK).read_text(encoding="utf-8", errors="replace")
    ):
        write_text(root / LOCK, longest(text))
        told.append(f"{LOCK}: was cut off by a kill; its whole stages are kept")
    return told


def longest(text: str) -> str:
    """The longest beginning of a lock, by stages, that is one; empty where there is none."""
    cuts = [found.start() for found in STAGE.finditer(text)]
    return next((text[:cut] for cut in reversed(cuts[1:]) if whole(text[:cut])), "")


def whole(text: str) -> bool:
    """Whether DVC reads this as a dvc.lock."""
    try:
        COMPILED_LOCKFILE_SCHEMA(YAML(typ="safe").load(text) or {})
    except (YAMLError, Invalid):
        return False
    return True


def _json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
