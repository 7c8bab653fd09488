"""Pickles of arrays and of tensors, read as data: nothing that a file names is looked up, nothing of it is called.

In place of NumPy's and torch's names stand the few classes below, in place of pickle's own tables one whose keys are
plain: a tuple of tuples of tuples takes for ever to hash. Python's unpickler and not C's: that one reserves memory by
numbers that a file holds.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from zipfile import ZIP_STORED, ZipFile

import numpy as np

NUMBER = re.compile(r"[<>|=]?[fiub][1248]")  # of NumPy's names of types
SIZES = {  # bytes of an element, by the name of torch's storage
    **dict.fromkeys(["ByteStorage", "CharStorage", "BoolStorage", "UntypedStorage"], 1),
    **dict.fromkeys(["HalfStorage", "BFloat16Storage", "ShortStorage"], 2),
    **dict.fromkeys(["FloatStorage", "IntStorage"], 4),
    **dict.fromkeys(["DoubleStorage", "LongStorage", "ComplexFloatStorage"], 8),
}
REFUSED = (
    pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET, pickle.INST, pickle.OBJ, pickle.NEWOBJ, pickle.NEWOBJ_EX,
    pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.BYTEARRAY8, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER,
)  # fmt: skip


class Table(dict[Any, Any]):
    """A dict, or an OrderedDict with what torch hangs onto it. Errors: UnpicklingError for a key that is no name."""

    def __init__(self, pairs: Iterable[Any] = ()) -> None:
        super().__init__()
        for key, value in pairs:
            self[key] = value

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, str | bytes | int | float | None):
            raise pickle.UnpicklingError(f"a key is {type(key).__name__}")
        super().__setitem__(key, value)

    def __setstate__(self, state: Any) -> None:
        """Attributes of a state dict: versions of its modules."""


class Kind:
    """Stands for numpy.dtype: that of numbers."""

    def __init__(self, name: str | bytes, align: Any = False, copy: Any = True) -> None:
        text = name.decode("latin1") if isinstance(name, bytes) else name
        if not NUMBER.fullmatch(text):
            raise pickle.UnpicklingError(f"it has elements of type {text!r}")
        self.type = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        order: Any = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"it has byte order {order!r}")
        self.type = self.type.newbyteorder(order)


class Array:
    """Stands for numpy.ndarray; `values` once its state has been read."""

    values: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        found = _numbers(kind, content)
        if found.size != math.prod(shape):
            raise ValueError("an array is not as long as its shape")
        self.values = found.reshape(shape, order="F" if by_columns else "C")


def _reconstruct(cls: Any, shape: Any, code: Any) -> Array:
    if cls is not Array:
        raise pickle.UnpicklingError("it makes other arrays than NumPy's")
    return Array()


def _scalar(kind: Any, content: Any) -> Any:
    return _numbers(kind, content)[0]


def _numbers(kind: Any, content: Any) -> np.ndarray:
    """Bytes as numbers; Python 2's bytes are text here."""
    content = content.encode("latin1") if isinstance(content, str) else content
    if not isinstance(kind, Kind) or not isinstance(content, bytes):
        raise pickle.UnpicklingError("an array holds objects")
    return np.frombuffer(content, kind.type)


def _latin1_bytes(text: str, encoding: str) -> bytes:
    """Stands for `_codecs.encode`, with which Python 3 writes an array's bytes in old pickle protocols."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for encoding {encoding}")
    return text.encode("latin1")


NAMES: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    ("numpy", "ndarray"): Array,
    ("numpy", "dtype"): Kind,
    ("collections", "OrderedDict"): Table,
    ("_codecs", "encode"): _latin1_bytes,
}

_Plain: Any = pickle._Unpickler


class ArrayUnpickler(_Plain):
    """Knows the names that an array is made of; any other name is refused."""

    dispatch: ClassVar = {
        code: step for code, step in _Plain.dispatch.items() if bytes([code]) not in REFUSED
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in NAMES:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return NAMES[module, name]

    def load_empty_dictionary(self) -> None:
        self.append(Table())

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append(Table(zip(items[::2], items[1::2], strict=True)))

    def load_build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Table | Kind | Array | Stand):
            raise pickle.UnpicklingError("it changes what it is not to change")
        self.stack[-1].__setstate__(state)

    dispatch[pickle.EMPTY_DICT[0]] = load_empty_dictionary
    dispatch[pickle.DICT[0]] = load_dict
    dispatch[pickle.BUILD[0]] = load_build


class Stand:
    """Stands for whatever else torch's files may name (torch itself decides which of it is harmless)."""

    def __init__(self, *arguments: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class TensorChecker(ArrayUnpickler):
    """Reads the table of tensors in a file of torch for what may be wrong with it, and makes none.

    `length`: bytes that there are for a storage. Errors: UnpicklingError, and ValueError where a tensor is longer than
    that: torch would read on in memory that is not the file's.
    """

    def __init__(self, file: Any, length: Callable[[str], int]) -> None:
        super().__init__(file, encoding="utf-8")
        self.length = length

    def find_class(self, module: str, name: str) -> Any:
        return NAMES.get((module, name)) or type(name, (Stand,), {})

    def persistent_load(self, told: Any) -> Stand:
        _, storage, record, _, count, *_ = told
        name = storage.__name__ if isinstance(storage, type) else ""
        if count * SIZES.get(name, 16) > self.length(str(record)):
            raise ValueError(f"a tensor is longer than its record {record}")
        return Stand()


def check_zip(file: Any, size: int) -> None:
    """What torch does not look at before it reads a zip of `size` bytes. Errors: ValueError, UnpicklingError."""
    with ZipFile(file) as archive:
        entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
        if any(entry.compress_type != ZIP_STORED for entry in entries.values()):
            raise ValueError("its parts are compressed, which torch does not do")
        if sum(entry.file_size for entry in entries.values()) > size:
            raise ValueError("its parts are longer than the file")
        if "data.pkl" not in entries:
            raise ValueError("it holds no data.pkl")
        records = {name.removeprefix("data/"): entry.file_size for name, entry in entries.items()}
        with archive.open(entries["data.pkl"]) as table:
            TensorChecker(table, lambda record: records.get(record, 0)).load()


def check_legacy(file: Any, size: int) -> None:
    """The same of a file of `size` bytes in torch's older form: number, version, machine, tensors. Errors: as above."""
    for _ in range(4):
        TensorChecker(file, lambda record: size).load()
