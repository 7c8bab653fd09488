"""AU codes of pictures as a CSV file: what names the picture, a column an action unit, maybe an expression.

BP4D (Zhang et al. 2014) has such a file a sequence: frame number, then AUs by their number; 9 = not coded.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from stages.core.errors import UserError
from stages.core.labels import AU_NAMES, EXPRESSIONS, LABELS, MISSING

NOT_CODED = {"", "9", "-1"}
HEADING = re.compile(r"(?:AU)?[ _]?0*(\d+)", re.IGNORECASE)
CODES: Mapping[str, int] = {"0": 0, "1": 1} | dict.fromkeys(NOT_CODED, MISSING)
FACES: Mapping[str, int] = {
    **{name.lower(): number for number, name in enumerate(EXPRESSIONS)},
    **{str(number): number for number in range(len(EXPRESSIONS))},
    **dict.fromkeys(NOT_CODED, MISSING),
}


def read_codes(path: Path) -> pd.DataFrame:
    """Columns `picture` (first cell), `line`, 12 AUs and `expression` int8 (−1 not coded), one row a line.

    AUs are headed 4, AU4 or AU04 in any order, expressions are names or 0–6; other columns are not read.
    Errors: UserError naming the file, and the line and column of the first fault.
    """
    header, *lines = _lines(path)
    columns = _columns(path, header)
    rows = []
    for number, cells in lines:
        if len(cells) != len(header[1]):
            raise UserError(f"{path}, line {number}: has {len(cells)} cells, the header {len(header[1])}")
        codes = {name: _code(path, number, name, cells[place]) for name, place in columns.items()}
        rows.append({"picture": cells[0], "line": number, **codes})
    table = pd.DataFrame(rows, columns=["picture", "line", *LABELS])
    return table.fillna(dict.fromkeys(LABELS, MISSING)).astype(dict.fromkeys(LABELS, "int8"))


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line numbers and cells without blanks around them; empty lines are left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as a CSV file ({error}); write it again") from None
    if not lines:
        raise UserError(f"{path}: is empty; write a header and a line for each picture")
    return lines


def _columns(path: Path, header: tuple[int, list[str]]) -> dict[str, int]:
    """Label → its place in a line."""
    places: dict[str, int] = {}
    for place, title in enumerate(header[1][1:], start=1):
        found = HEADING.fullmatch(title)
        name = f"AU{found[1]}" if found else title.lower()
        if name not in LABELS:
            continue
        if name in places:
            raise UserError(f"{path}, line {header[0]}: two columns are headed {name}; keep one")
        places[name] = place
    if not places:
        known = ", ".join(AU_NAMES)
        raise UserError(f"{path}, line {header[0]}: heads no column of {known} or expression; name them so")
    return places


def _code(path: Path, number: int, name: str, cell: str) -> int:
    """Code of a cell; whole numbers may be written as 1.0."""
    codes = FACES if name == "expression" else CODES
    text = cell.lower().removesuffix(".0")
    if text in codes:
        return codes[text]
    wanted = "one of the seven names or 0 to 6" if name == "expression" else "0 or 1"
    raise UserError(
        f"{path}, line {number}, column {name}: is {cell!r}; write {wanted}, and 9, −1 or nothing where it"
        " is not coded"
    )
