"""Every writer: a file that exists survives, unless the caller insists."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks import speed
from timegan import Synthesizer
from timegan.cli import aggregate
from timegan.errors import InputError
from timegan.files import write_bytes, write_text, writing
from timegan.metrics.protocols.runner import run_protocol
from timegan.report.page import write_report
from timegan.serialization.model_card import write_card
from timegan.serialization.model_folder import export_model, read_description
from timegan.serialization.programs import write_program
from timegan.tables.writers import write_table

ROOT = Path(__file__).parents[1]
KEPT = b"years of work"
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model() -> Synthesizer:
    """Return a model of a small table after a short training."""
    torch.manual_seed(0)
    frame = pd.DataFrame({"x": RANDOM.normal(size=60), "y": RANDOM.normal(size=60)})
    schedule = {"autoencoder": 1, "supervised": 1, "joint": 1}
    options: dict[str, Any] = {"hidden": 4, "batch_size": 4, "steps_per_epoch": 1}
    return Synthesizer(6, schedule=schedule, progress=False, **options).fit(frame)


def table(path: Path, model: Synthesizer, overwrite: bool) -> None:
    from timegan.sampling.sequences import generate

    made = generate(model.model, model.table_transform, 2, seed=0)
    schema = model.table_transform.schema
    write_table(path, [model.table_transform.in_time_order(made)], 2, schema, overwrite=overwrite)


def card(path: Path, model: Synthesizer, overwrite: bool) -> None:
    description = read_description(model.save(path.parent / "somewhere"))
    write_card(path.parent, description, overwrite=overwrite)


def program(path: Path, model: Synthesizer, overwrite: bool) -> None:
    write_program(model.model.net, path.parent, overwrite=overwrite)


def report(path: Path, model: Synthesizer, overwrite: bool) -> None:
    folder = path.parent.parent if path.suffix == ".png" else path.parent
    real, fake = RANDOM.normal(size=(2, 30, 6, 1))
    write_report(
        folder,
        metrics=run_protocol(real, None, fake, ["x"], protocol="smoke", classifier_steps=1),
        train=real,
        holdout=None,
        synthetic=fake,
        features=["x"],
        config_yaml="",
        command="",
        overwrite=overwrite,
    )


def of_runs(path: Path, model: Synthesizer, overwrite: bool) -> None:
    run = path.parent / "run"
    run.mkdir(exist_ok=True)
    score = {"mean": 0.1, "std": 0.1, "better": "lower"}
    (run / "metrics.json").write_text(json.dumps({"scores": {"discriminative": score}}))
    aggregate.results([run], path.parent, overwrite=overwrite)


def stream(path: Path, model: Synthesizer, overwrite: bool) -> None:
    with writing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(b"new")


Writer = Callable[[Path, Synthesizer, bool], Any]

WRITERS: dict[str, tuple[str, Writer]] = {
    "a block": ("a.bin", stream),
    "bytes": ("a.bin", lambda path, _, overwrite: write_bytes(path, b"", overwrite=overwrite)),
    "text": ("a.txt", lambda path, _, overwrite: write_text(path, "", overwrite=overwrite)),
    "csv": ("a.csv", table),
    "parquet": ("a.parquet", table),
    "npz": ("a.npz", table),
    "card": ("README.md", card),
    "program": ("model.pt2", program),
    "report": ("report.html", report),
    "figure": ("figures/density.png", report),
    "results, text": ("results.md", of_runs),
    "results, table": ("results.csv", of_runs),
}


@pytest.mark.parametrize("name", WRITERS)
def test_an_existing_file_survives_unless_the_caller_insists(
    name: str, model: Synthesizer, tmp_path: Path
) -> None:
    file, write = WRITERS[name]
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(KEPT)
    with pytest.raises(InputError, match=rf"{path.name}: .*overwrit"):
        write(path, model, False)
    assert path.read_bytes() == KEPT
    assert not list(tmp_path.rglob(".*"))
    for other in tmp_path.glob("somewhere/*"):
        other.unlink()
    write(path, model, True)
    assert path.read_bytes() != KEPT


@pytest.mark.parametrize("name", ["model.safetensors", "model.json", "README.md", "notes.txt"])
def test_a_folder_with_files_survives_an_export(
    name: str, model: Synthesizer, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(KEPT)
    for write in (
        model.save,
        lambda folder: export_model(model.model, model.table_transform, folder),
    ):
        with pytest.raises(InputError, match="the folder holds"):
            write(tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [KEPT]


def test_only_an_exported_model_is_replaced_by_an_export(
    model: Synthesizer, tmp_path: Path
) -> None:
    model.save(tmp_path / "new")
    with pytest.raises(InputError, match=r"holds an exported model.*overwrite=True"):
        model.save(tmp_path / "new")
    model.save(tmp_path / "new", overwrite=True)
    (tmp_path / "README.md").write_bytes(KEPT)
    with pytest.raises(InputError, match="files of something else"):
        model.save(tmp_path, overwrite=True)
    assert (tmp_path / "README.md").read_bytes() == KEPT


def test_measured_speeds_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    path.write_bytes(KEPT)
    with pytest.raises(InputError, match=r"speed\.json: a file of this name exists"):
        speed.main(["--out", str(path)])
    assert path.read_bytes() == KEPT


WRITES = {"write_text", "write_bytes", "to_csv", "to_parquet", "savefig", "savez", "rmtree"}
"""Methods that replace or remove what is there."""
ALLOWED = {
    "src/timegan/files.py": {"write_bytes"},  # to a temporary file
    "src/timegan/training/checkpoint_files.py": {"write_bytes"},  # the same
    "src/timegan/serialization/model_folder.py": {"write_bytes"},  # the same
    "src/timegan/tables/writers.py": {"to_csv"},  # the same
    "src/timegan/cli/folder.py": {"rmtree"},  # of .hydra alone, which the command has written
    "benchmarks/results.py": {"rmtree"},  # of a run that was cut off, below outputs/results
    "benchmarks/time_to_floor.py": {"rmtree"},  # the same, below outputs/time_to_floor
    "benchmarks/research/ablation.py": {"write_text"},  # docs/explanation/ablation.md
    "benchmarks/few_data.py": {"to_csv"},  # in a temporary folder
    "benchmarks/long_tables.py": {"to_csv", "write_text"},  # the same; and to /proc
    "benchmarks/research/unseen_tables.py": {"to_csv"},  # to a file that is opened as a new one
}


def test_the_package_writes_by_the_writers_that_refuse_alone() -> None:
    found: dict[str, set[str]] = {}
    for folder in ("src", "benchmarks"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr in WRITES:
                    found.setdefault(str(file.relative_to(ROOT)), set()).add(node.func.attr)
    assert found == ALLOWED
