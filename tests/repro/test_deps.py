from __future__ import annotations

from pathlib import Path

from repro.deps import code_of, rewrite

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = (ROOT / "dvc.yaml").read_text()


def test_the_committed_pipeline_is_as_it_would_be_written() -> None:
    assert rewrite(PIPELINE, ROOT) == PIPELINE


def test_a_forgotten_file_comes_back_and_a_needless_one_goes() -> None:
    forgotten = PIPELINE.replace("      - stages/learning/steady.py\n", "", 1)
    needless = PIPELINE.replace(
        "      - stages/index.py\n", "      - stages/index.py\n      - stages/mel.py\n", 1
    )
    assert forgotten != PIPELINE != needless
    assert rewrite(forgotten, ROOT) == rewrite(needless, ROOT) == PIPELINE


def test_a_folder_stands_for_its_files_where_all_are_needed() -> None:
    assert "stages/corpora/drawn" in code_of(ROOT, "synthesize")
    assert not any(path.startswith("stages/corpora/drawn") for path in code_of(ROOT, "finetune"))
