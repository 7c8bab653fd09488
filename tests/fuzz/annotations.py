"""Annotation files and AU codes spoilt, and what the stages index and extra do with them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from stages.extra.coded import find_coded
from stages.index.layout import AnnotationFile
from stages.index.release import file_faults, read_release
from tests.fuzz.spoiling import spoilt
from tests.index.trees import HEADER_2020, HEADER_2022, HEADERS, au

MTL = f"image,{HEADERS['VA']},expression,{HEADERS['AU']}"
WHOLE = {
    "VA": f"{HEADERS['VA']}\n0.25,-1\n-5,-5\n0,1\n",
    "EXPR": f"{HEADER_2022}\n0\n-1\n7\n",
    "AU": f"{HEADERS['AU']}\n{au()}\n{au(1)}\n{','.join(['-1'] * 12)}\n",
    "AU2020": f"{HEADER_2020}\n0,0,0,0,1,0,1,1\n",
    "MTL": f"{MTL}\nv/00001.jpg,0.5,0.1,3,{au(2)}\nv/00003.jpg,-5,-5,-1,{au()}\nw/00002.jpg,0,0,0,{au()}\n",
    "codes": "picture,AU1,AU04,expression\n1,0,1,Happiness\n2,9,1,\n",
}
CELLS = (
    "", "nan", "inf", "-inf", "1e400", "1_0", "٣", "0x1", "5" * 400, "9" * 5000, "1000000000",
    "v/1000000000.jpg", "v/99999999999999999999.jpg",
    f"v/{'9' * 5000}.jpg", "v/0.jpg", "../../x/1.jpg", "/etc/passwd/1.jpg", "..", "index/1.jpg",
    "a\0b/1.jpg", "x" * 300 + "/1.jpg", "x" * 300,
    '"', "\r", "\x85", "\u2028", "\ufeff", "-5", "7", "8", "0.5", "\ud800",
)  # fmt: skip


def read_annotations(folder: Path, kind: str, data: bytes) -> None:
    """One file read as its stage does, and all its faults listed. Errors: as theirs."""
    path = folder / ("codes.csv" if kind == "codes" else "video.txt")
    path.write_bytes(data)
    if kind == "codes":
        for number in (1, 2):
            (folder / "codes").mkdir(exist_ok=True)
            (folder / "codes" / f"{number}.jpg").touch()
        find_coded(folder)
        return
    file = AnnotationFile(kind.removesuffix("2020"), "train", path)
    told = file_faults(file)
    assert all(str(path) in line and "\n" not in line for line in told), told
    read_release([file])
    assert not told, "a file that is read has no faults"


def cases(folder: Path) -> st.SearchStrategy[tuple[str, bytes]]:
    """Kind and bytes."""
    return st.sampled_from(sorted(WHOLE)).flatmap(
        lambda kind: st.tuples(st.just(kind), st.one_of(spoilt(WHOLE[kind].encode()), _cells(WHOLE[kind])))
    )


def file_of(case: tuple[str, bytes]) -> str:
    """What a sentence has to name."""
    return "codes" if case[0] == "codes" else "video.txt"


@st.composite
def _cells(draw: st.DrawFn, text: str) -> bytes:
    """A table with other cells in some places."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(row) - 1))] = draw(st.one_of(st.sampled_from(CELLS), st.text(max_size=8)))
    return "\n".join(map(",".join, rows)).encode("utf-8", "surrogatepass")
