"""What systems start from is looked for before anything runs; its bytes are watched; stand-ins are a choice."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.core.errors import UserError
from stages.core.params import load, read_params
from stages.extra.__main__ import Params as Extra
from stages.params.__main__ import write_all
from stages.params.places import in_force
from stages.params.starts import behind, check_starts, drawn

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = read_params(ROOT / "params.yaml")
FILES = (
    "glint360k_cosface_r100_fp16_0.1/backbone.pth",
    "resnet50_ft_weight.pkl",
    "TSAV_Sub4_544k.pth.tar",
    "HR18-WFLW.pth",
)
SCALES = ("smoke", "demo", "paper")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    for name in names:
        path = Path("models/published") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def chosen(**changes: Any) -> dict[str, Any]:
    """The committed values at paper scale on a corpus of the user's, without the private sets of Jiang et al."""
    stills = {name: block | {"stills": "/stills"} for name, block in COMMITTED["specialise"].items()}
    return {**COMMITTED, "scale": "paper", "corpus": "/Aff-Wild2", "specialise": stills, **changes}


def written(values: dict[str, Any]) -> dict[str, Any]:
    write_all(values, Path("values"))
    files = {path.relative_to("values").as_posix(): path.read_text() for path in Path("values").rglob("*.*")}
    return {name: yaml.safe_load(text) for name, text in files.items()}


def test_what_is_missing_is_one_sentence_before_anything_is_written() -> None:
    put(*FILES[1:])
    with pytest.raises(UserError) as caught:
        write_all(chosen(), Path("values"))
    sentence = str(caught.value)
    assert f"pretrain.iresnet.weights: models/published/{FILES[0]} (for jin2021, jiang2022)" in sentence
    assert "stand_ins: true" in sentence and "\n" not in sentence and FILES[1] not in sentence
    assert not Path("values").exists()
    put(FILES[0])
    write_all(chosen(), Path("values"))


@pytest.mark.parametrize(
    ("systems", "wanted"),
    [
        (["jin2021"], {FILES[0]}),
        (["wang2021"], {*FILES[2:]}),
        (["thinh2021"], {FILES[1]}),
        (["fan2021", "jiang2022"], {FILES[0], FILES[1]}),
    ],
)
def test_only_the_systems_that_are_listed_count(systems: list[str], wanted: set[str]) -> None:
    with pytest.raises(UserError) as caught:
        check_starts(chosen(systems=systems))
    assert {*re.findall(r"models/published/(\S+) \(for", str(caught.value))} == wanted
    put(*wanted)
    check_starts(chosen(systems=systems))


def test_masks_that_are_not_drawn_need_no_landmarks() -> None:
    put(FILES[2])
    clips = COMMITTED["wang2021"] | {"clips": COMMITTED["wang2021"]["clips"] | {"mask": "none"}}
    check_starts(chosen(systems=["wang2021"], wang2021=clips))


def test_drawn_data_is_no_start_without_stand_ins() -> None:
    put(*FILES)
    with pytest.raises(UserError, match=r"specialise\.units\.stills: data/stills/affect.*jiang2022"):
        check_starts(chosen(specialise=COMMITTED["specialise"]))
    check_starts(chosen(specialise=COMMITTED["specialise"], systems=["jin2021"]))
    with pytest.raises(UserError, match=r"corpus: data/synthetic, which is drawn"):
        check_starts(chosen(corpus="data/synthetic"))
    own = COMMITTED["pretrain"]["iresnet"] | {"weights": None}
    with pytest.raises(UserError, match=r"pretrain\.iresnet\.stills: data/stills/identities"):
        check_starts(chosen(pretrain=COMMITTED["pretrain"] | {"iresnet": own}))
    check_starts(chosen(pretrain=COMMITTED["pretrain"] | {"iresnet": own | {"stills": "/Glint360K"}}))


@pytest.mark.parametrize("scale", SCALES)
def test_with_stand_ins_what_is_missing_is_trained(scale: str) -> None:
    put(FILES[1])
    values = {**COMMITTED, "scale": scale, "stand_ins": True}
    check_starts(values)
    assert in_force(values, "pretrain@iresnet")["weights"] is None
    assert (in_force(values, "pretrain@vggface2")["weights"] is not None) == (scale == "paper")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("allowed", [True, False])
def test_a_file_that_is_set_has_to_be_there(scale: str, allowed: bool) -> None:
    put(*FILES)
    own = {"iresnet": COMMITTED["pretrain"]["iresnet"] | {"weights": "/typo.pth"}}
    values = chosen(scale=scale, stand_ins=allowed, pretrain=COMMITTED["pretrain"] | own)
    assert in_force(values, "pretrain@iresnet")["weights"] == "/typo.pth"
    with pytest.raises(UserError, match=r"pretrain\.iresnet\.weights: /typo\.pth"):
        check_starts(values)


def test_a_demo_asks_for_nothing() -> None:
    check_starts(COMMITTED)
    check_starts({**COMMITTED, "scale": "smoke"})


def test_a_word_is_neither_true_nor_false() -> None:
    with pytest.raises(UserError, match="key stand_ins: there is no 'perhaps'; set true or false"):
        check_starts(chosen(stand_ins="perhaps"))


def test_the_bytes_of_a_file_are_watched_by_who_reads_it() -> None:
    put(*FILES)
    before = written(chosen())
    for name, readers in (
        (FILES[0], {"pretrain/iresnet.yaml"}),
        (FILES[1], {"pretrain/vggface2.yaml"}),
        (FILES[2], {f"clips/wang2021-{step}.yaml" for step in ("supervised", "averaged", "teacher")}),
        (FILES[3], {"landmarks.yaml"}),
    ):
        (Path("models/published") / name).write_bytes(b"other")
        after = written(chosen())
        assert {key for key in after if after[key] != before[key]} == readers
        before = after


def test_the_weights_of_a_detector_are_watched() -> None:
    put(*FILES, "buffalo_l/det_10g.onnx", "other.onnx")
    frames = COMMITTED["frames"]
    plain, scrfd = (written(chosen(frames=frames | {"detector": name})) for name in ("mtcnn", "scrfd"))
    assert not any("holds" in key for key in plain["frames.yaml"])
    (Path("models/published/buffalo_l") / "det_10g.onnx").write_bytes(b"other")
    again = written(chosen(frames=frames | {"detector": "scrfd"}))
    assert again["frames.yaml"] != scrfd["frames.yaml"]
    assert {key for key in again if again[key] != scrfd[key]} == {"frames.yaml"}


@pytest.mark.parametrize(
    ("changes", "sets"),
    [
        ({}, ["videos", "identities", "affect", "landmarks"]),
        ({"corpus": "/Aff-Wild2"}, ["identities", "affect", "landmarks"]),
        ({"extra": "/BP4D"}, ["videos", "identities", "affect", "landmarks"]),
        ({"extra": "/BP4D", "specialise": {}}, ["videos", "identities", "landmarks"]),
        ({"specialise": {}}, ["videos", "identities", "affect", "landmarks"]),
        ({"landmarks": COMMITTED["landmarks"] | {"weights": "/w.pth"}}, ["videos", "identities", "affect"]),
        ({"landmarks": COMMITTED["landmarks"] | {"stills": "/L"}}, ["videos", "identities", "affect"]),
        (
            {"pretrain": {name: own | {"weights": "/w"} for name, own in COMMITTED["pretrain"].items()}},
            ["videos", "affect", "landmarks"],
        ),
        ({"stand_ins": False}, []),
        ({"scale": "paper"}, []),
    ],
    ids=lambda value: "-".join(value),
)
def test_what_is_drawn_is_what_is_read(changes: dict[str, Any], sets: list[str]) -> None:
    assert drawn({**COMMITTED, **changes}) == sets


def test_with_stand_ins_only_what_no_file_replaces_is_drawn() -> None:
    put(*FILES)
    values = chosen(stand_ins=True, specialise=COMMITTED["specialise"])
    assert drawn(values) == ["affect"]
    assert written(values)["drawn.json"] == ["affect"]
    put("none")
    (Path("models/published") / FILES[3]).unlink()
    assert drawn(values) == ["affect", "landmarks"]


@pytest.mark.parametrize(("extra", "joins"), [("data/stills/affect", False), ("/BP4D", True)])
def test_drawn_stills_are_no_extra_at_paper(extra: str, joins: bool, project: Path) -> None:
    values = chosen(extra=extra)
    for run in ("jin2021-visual", "jiang2022-units"):
        assert in_force(values, f"finetune@{run}")["extra"] is joins
    assert in_force(values, "finetune@fan2021-visual")["extra"] is False
    assert in_force(values, "extra") == {"extra": extra if joins else None}
    text = (ROOT / "params.yaml").read_text().replace("\nscale: demo\n", "\nscale: paper\n")
    (project / "params.yaml").write_text(text.replace("\nextra: data/stills/affect\n", f"\nextra: {extra}\n"))
    assert load(Extra, "").extra == (Path(extra) if joins else None)


def test_stages_behind_a_system_begin_with_its_starts() -> None:
    assert behind(COMMITTED, "jiang2022")[:3] == [
        "pretrain@iresnet",
        "specialise@units",
        "specialise@expressions",
    ]
    assert behind(COMMITTED, "wang2021")[0] == "landmarks"
    assert not any("vggface2" in stage or "thinh2021" in stage for stage in behind(COMMITTED, "jin2021"))


def test_the_command_line_refuses_in_one_line(project: Path) -> None:
    text = (ROOT / "params.yaml").read_text().replace("\nscale: demo\n", "\nscale: paper\n")
    (project / "params.yaml").write_text(text)
    command = [sys.executable, "-m", "stages.params", "--write"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert FILES[0] in done.stderr and "stand_ins: true" in done.stderr
    assert not (project / "data").exists()


def test_the_keys_of_published_files_are_told_where_they_come_from() -> None:
    readme = (ROOT / "models/published/README.md").read_text()
    assert all(f"`{name}`" in readme for name in FILES)
    assert json.dumps(COMMITTED).count("models/published/") >= len(FILES)
