"""Pictures with AU codes: a folder of stills with a CSV file, or BP4D's layout, both read by `codes`.

A file whose first column holds frame numbers codes a sequence: `F001_T1.csv` belongs to the pictures
`F001_T1/<frame>.jpg` or `F001/T1/<frame>.jpg`, in the folder itself or in one below it (BP4D: `2D+3D`). Any
other file names its pictures, relative to the folder.
"""

from __future__ import annotations

from glob import escape
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import LABELS, MISSING
from stages.core.plain import is_path
from stages.extra.codes import read_codes
from stages.media.names import check_name
from stages.training.samples.still_sets import IMAGE_SUFFIXES

DIGITS = 12  # of a frame's number, at most
CODINGS = ("AUCoding/AU_OCC", "AU_OCC", "")  # where coding files are looked for; the first is BP4D's


def find_coded(folder: Path) -> dict[str, pd.DataFrame]:
    """Name of a coding file → its pictures: `path`, 12 AUs, `expression`; those without a code are left out.

    Frames that have a code and no picture are left out as well: a sequence may be thinned.
    Errors: UserError for a folder without codes, a sequence without pictures, a named picture not there.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder; extra names a folder of coded pictures")
    files = next(filter(None, (_codings(folder / place) for place in CODINGS)), None)
    if files is None:
        raise UserError(
            f"{folder}: holds neither images.npy nor AU codes as CSV files (in it or in AUCoding/AU_OCC)"
        )
    for file in files:
        check_name(file.stem, file)
    found = {file.stem: _pictures(folder, file) for file in files}
    if all(table.empty for table in found.values()):
        raise UserError(f"{files[0]}: codes no AU that is recognised here; give another folder as extra")
    return found


def _codings(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.csv")) if not path.name.startswith(".")]


def _pictures(folder: Path, file: Path) -> pd.DataFrame:
    table = read_codes(file)
    table = table[table[list(LABELS)].ne(MISSING).any(axis=1)]
    if table["picture"].str.fullmatch(r"\d+").all():
        frames = _frames(folder, file) if len(table) else {}
        table = table.assign(path=[frames.get(_number(digits)) for digits in table["picture"]]).dropna(
            subset="path"
        )
        if frames and table.empty:
            raise UserError(f"{file}: none of its frames is among the pictures; check their numbers")
    else:
        table = table.assign(path=[folder / name for name in table["picture"]])
        for line, path in zip(table["line"], table["path"], strict=True):
            if not is_path(str(path)) or not path.is_file():
                raise UserError(f"{file}, line {line}: there is no picture {path}; add it or remove the line")
    return table[["path", *LABELS]].reset_index(drop=True)


def _number(digits: str) -> int:
    """Frame number; 0, which no picture has, where it is longer than any."""
    return int(digits) if len(digits) <= DIGITS else 0


def _frames(folder: Path, file: Path) -> dict[int, Path]:
    """Frame number → picture of a sequence, whatever the zeros in front."""
    person, _, task = file.stem.partition("_")
    places = [escape(file.stem), f"{escape(person)}/{escape(task)}"] if task else [escape(file.stem)]
    patterns = [*places, *(f"*/{place}" for place in places)]
    homes = [home for pattern in patterns for home in sorted(folder.glob(pattern)) if home.is_dir()]
    if not homes:
        expected = " or ".join(str(folder / place) for place in places)
        raise UserError(f"{file}: its pictures are not there; put them in {expected}")
    pictures = [path for path in sorted(homes[0].iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES]
    frames = {int(path.stem): path for path in pictures if path.stem.isdecimal()}
    if not frames:
        raise UserError(f"{homes[0]}: holds no picture named by its frame number, e.g. 0001.jpg; add them")
    return frames
