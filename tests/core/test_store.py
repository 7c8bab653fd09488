"""The store keeps what is unchanged, removes orphans, survives kills and bad items, and is byte-stable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from stages.core import store
from stages.core.errors import UserError

SOURCES = {name: f"digest of {name}" for name in ("b", "a", "c", "d")}


def make_array(name: str, folder: Path) -> store.Note:
    """An item whose content follows from its name; it also tells which process made it, outside the store."""
    np.save(folder / f"{name}.npy", np.full((2, 3), ord(name[0])))
    store_folder = folder.parents[1]  # <store>/.partial/<name>
    with store_folder.with_name("made.txt").open("a") as made:
        made.write(f"{name} {os.getpid()}\n")
    return {"rows": 2}


def make_but_c(name: str, folder: Path) -> store.Note:
    if name == "c":
        (folder / "c.npy").write_bytes(b"half")
        raise UserError("c.mp4: not a video; replace it")
    return make_array(name, folder)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "made.txt"
    path.touch()
    monkeypatch.setenv("WORKERS", "1")
    return path


def names_made(made: Path) -> list[str]:
    names = sorted(line.split()[0] for line in made.read_text().splitlines())
    made.write_text("")
    return names


def fill(folder: Path, sources: dict[str, str] = SOURCES, make: store.Make = make_array, **options):  # type: ignore[no-untyped-def]
    return store.fill(folder, sources, make, **{"params": {"size": 1}, "code": "v1"} | options)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_second_run_makes_nothing(tmp_path: Path, made: Path) -> None:
    notes = fill(tmp_path / "s")
    assert names_made(made) == ["a", "b", "c", "d"]
    before = content(tmp_path / "s")
    assert fill(tmp_path / "s") == notes == {name: {"rows": 2} for name in "abcd"}
    assert names_made(made) == [] and content(tmp_path / "s") == before
    assert sorted(before) == ["a.npy", "b.npy", "c.npy", "d.npy", "keys.json"]


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"params": {"size": 2}}, ["a", "b", "c", "d"]),
        ({"code": "v2"}, ["a", "b", "c", "d"]),
        ({"sources": SOURCES | {"b": "other bytes"}}, ["b"]),
        ({"sources": SOURCES | {"e": "new"}}, ["e"]),
    ],
)
def test_only_what_changed_is_made_again(tmp_path: Path, made: Path, change: dict, again: list[str]) -> None:
    fill(tmp_path / "s")
    names_made(made)
    fill(tmp_path / "s", **change)
    assert names_made(made) == again


def test_orphans_and_lost_files(tmp_path: Path, made: Path) -> None:
    folder = tmp_path / "s"
    fill(folder)
    names_made(made)
    (folder / "a.npy").unlink()
    (folder / "stray.npy").touch()
    (folder / "index.parquet").touch()
    fill(folder, {name: SOURCES[name] for name in "ab"}, keep=["index.parquet"])
    assert names_made(made) == ["a"]
    assert sorted(content(folder)) == ["a.npy", "b.npy", "index.parquet", "keys.json"]


def test_bytes_do_not_depend_on_workers_or_order(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "one")
    monkeypatch.setenv("WORKERS", "2")
    fill(tmp_path / "two", dict(reversed(SOURCES.items())))
    assert content(tmp_path / "one") == content(tmp_path / "two")
    pids = {line.split()[1] for line in made.read_text().splitlines()}
    assert str(os.getpid()) in pids and len(pids) > 1  # other processes really did it


def test_fail_keeps_the_others(tmp_path: Path, made: Path) -> None:
    with pytest.raises(UserError, match=r"^c\.mp4: not a video"):
        fill(tmp_path / "s", make=make_but_c)
    assert sorted(content(tmp_path / "s")) == ["a.npy", "b.npy", "d.npy", "keys.json"]
    names_made(made)
    fill(tmp_path / "s")
    assert names_made(made) == ["c"]


def test_skip_leaves_no_stale_item(tmp_path: Path, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "s")
    changed = SOURCES | {"c": "damaged since"}
    notes = fill(tmp_path / "s", changed, make_but_c, on_error="skip")
    assert sorted(notes) == ["a", "b", "d"]
    assert not (tmp_path / "s" / "c.npy").exists() and "c" not in store.read_keys(tmp_path / "s")


def test_killed_run_keeps_finished_items(tmp_path: Path, made: Path) -> None:
    """A process killed inside its third item: two are kept, nothing half-written stays after the next run."""
    code = (
        "import os, sys, time, pathlib\n"
        "from tests.core.test_store import fill, make_array\n"
        "def make(name, folder):\n"
        "    if name == 'c':\n"
        "        (folder / 'c.npy').write_bytes(b'half')\n"
        "        print('in c', flush=True); time.sleep(60)\n"
        "    return make_array(name, folder)\n"
        f"fill(pathlib.Path({str(tmp_path / 's')!r}), make=make)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "in c\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert names_made(made) == ["a", "b"]
    fill(tmp_path / "s")
    assert names_made(made) == ["c", "d"]
    fill(tmp_path / "fresh")
    assert content(tmp_path / "s") == content(tmp_path / "fresh")


def test_existing_files_are_never_written_into(tmp_path: Path, made: Path) -> None:
    """DVC's cache may be a hard link of an item."""
    fill(tmp_path / "s")
    link = tmp_path / "cache"
    os.link(tmp_path / "s" / "a.npy", link)
    before = link.read_bytes()

    def other(name: str, folder: Path) -> None:
        np.save(folder / f"{name}.npy", np.zeros(9))

    fill(tmp_path / "s", make=other, code="v2")
    assert link.read_bytes() == before != (tmp_path / "s" / "a.npy").read_bytes()


def test_keys_are_what_the_next_stage_digests(tmp_path: Path, made: Path) -> None:
    fill(tmp_path / "s")
    first = store.read_keys(tmp_path / "s")
    fill(tmp_path / "s", SOURCES | {"a": "new"})
    second = store.read_keys(tmp_path / "s")
    assert {name for name in first if first[name] != second[name]} == {"a"}
    with pytest.raises(UserError, match=r"keys\.json: missing; run the stage"):
        store.read_keys(tmp_path / "nowhere")


def test_damaged_key_file_means_new_work(tmp_path: Path, made: Path) -> None:
    fill(tmp_path / "s")
    names_made(made)
    (tmp_path / "s" / "keys.json").write_text("{")
    fill(tmp_path / "s")
    assert names_made(made) == ["a", "b", "c", "d"]


def test_digest_path(tmp_path: Path) -> None:
    crops = tmp_path / "crops"
    crops.mkdir()
    (crops / "00001.jpg").write_bytes(b"one")
    first = store.digest_path(crops)
    (crops / ".DS_Store").write_bytes(b"noise")
    time.sleep(0.01)
    os.utime(crops / "00001.jpg")
    assert store.digest_path(crops) == first
    (crops / "00001.jpg").rename(crops / "00002.jpg")
    assert store.digest_path(crops) != first
    with pytest.raises(UserError, match="no such file"):
        store.digest_path(tmp_path / "none")
