"""An exported model samples what the trained one would, and a damaged one is refused."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from timegan.data import WindowDataModule
from timegan.errors import InputError, UnreadableError
from timegan.sampling.sequences import generate
from timegan.sampling.windows import sample
from timegan.serialization.model_folder import (
    description_checksum,
    export_model,
    load_model,
    load_networks,
)
from timegan.serialization.runs import open_run
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

Model = tuple[TimeGAN, TableTransform]


@pytest.fixture(scope="module")
def fitted() -> Model:
    data = WindowDataModule(generate="salary", window=6, constraints="report")
    data.setup()
    return TimeGAN(
        features=2, window=6, schedule=Schedule(1, 1, 1), hidden=6
    ).eval(), data.transform


@pytest.fixture
def folder(fitted: Model, tmp_path: Path) -> Path:
    return export_model(*fitted, tmp_path / "model", fingerprint="abc", config={"seed": 0})


def change(folder: Path, **entries: Any) -> None:
    path = folder / "model.json"
    content = json.loads(path.read_text()) | entries
    content["sha256"] = description_checksum(content)
    path.write_text(json.dumps(content))


def test_the_loaded_model_samples_the_same(fitted: Model, folder: Path) -> None:
    model, columns = load_model(folder)
    assert (sample(model, 3) == sample(fitted[0], 3)).all()
    assert columns.state() == fitted[1].state()


def test_the_files_say_what_the_model_is(folder: Path) -> None:
    names = {"model.safetensors", "model.json", "README.md"}
    assert {file.name for file in folder.iterdir()} == names
    description = json.loads((folder / "model.json").read_text())
    assert description["window"] == 6
    assert description["features"] == ["YearsExperience", "Salary"]
    assert description["hyper_parameters"]["hidden"] == 6
    assert (description["fingerprint"], description["config"]) == ("abc", {"seed": 0})


def test_an_export_replaces_the_one_before(fitted: Model, folder: Path) -> None:
    other = TimeGAN(features=2, window=6, schedule=Schedule(1, 1, 1), hidden=5).eval()
    export_model(other, fitted[1], folder, overwrite=True)
    assert load_model(folder)[0].hparams["hidden"] == 5


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: there is no such file"):
        load_model(folder)


def test_weights_of_another_export_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not the file that model\.json describes"):
        load_model(folder)


def test_another_format_is_refused(folder: Path) -> None:
    change(folder, format=99)
    with pytest.raises(InputError, match="Install a newer timegan"):
        load_model(folder)
    change(folder, format=0)
    with pytest.raises(InputError, match="format=0: there is no such format"):
        load_model(folder)


@pytest.mark.parametrize("entries", [{"hyper_parameters": {}}, {"columns": {}}, {"format": "x"}])
def test_a_damaged_description_is_refused(folder: Path, entries: dict[str, Any]) -> None:
    change(folder, **entries)
    with pytest.raises(InputError, match=r"not the (description|weights) of (a|the) model"):
        load_model(folder)


def test_a_description_that_is_cut_short_is_refused(folder: Path) -> None:
    path = folder / "model.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(InputError, match="damaged, or not the description of a model"):
        load_model(folder)


def test_a_model_that_could_not_be_loaded_is_not_saved_and_the_one_before_stays(
    fitted: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, columns = fitted
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    odd = copy.deepcopy(columns)
    object.__setattr__(odd, "enforced", {1})
    with pytest.raises(UnreadableError, match=r"columns\.enforced is a set"):
        export_model(model, odd, folder, overwrite=True)
    wrong = copy.deepcopy(model)
    wrong.hparams["hidden"] = 7
    with pytest.raises(UnreadableError, match=r"has the shape .* is needed"):
        export_model(wrong, columns, folder, overwrite=True)
    wrong.hparams["hidden"], wrong.hparams["lr"] = 6, float("inf")
    with pytest.raises(UnreadableError, match=r"hyper_parameters\.lr is inf"):
        export_model(wrong, columns, folder, overwrite=True)
    with pytest.raises(UnreadableError, match="numbers that are not finite"):
        export_model(broken(model), columns, folder, overwrite=True)
    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, content: write(self, content[:-1]))
    with pytest.raises(UnreadableError, match="could not be loaded"):
        export_model(model, columns, folder, overwrite=True)
    monkeypatch.undo()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_settings_that_json_cannot_hold_are_kept_as_text(fitted: Model, tmp_path: Path) -> None:
    minutes = {"checkpoints": {"minutes": float("inf")}}
    export_model(*fitted, tmp_path, config=minutes)
    load_model(tmp_path)
    config = json.loads((tmp_path / "model.json").read_text())["config"]
    assert config == {"checkpoints": {"minutes": "Infinity"}}


def test_a_run_folder_with_an_export_opens(fitted: Model, folder: Path) -> None:
    for path in (folder, folder.parent):
        assert (sample(open_run(path)[0], 2) == sample(fitted[0], 2)).all()


def test_an_exported_folder_samples_without_lightning_and_hydra(
    fitted: Model, folder: Path
) -> None:
    code = (
        "import sys, pathlib\n"
        "from timegan.sampling.sequences import generate\n"
        "from timegan.serialization.model_folder import load_networks\n"
        f"net, columns = load_networks(pathlib.Path({str(folder)!r}))\n"
        "frame = columns.to_frame(generate(net, columns, 2, seed=0))\n"
        "print(frame.to_csv())\n"
        "heavy = {'lightning', 'pytorch_lightning', 'hydra', 'omegaconf'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False
    )
    assert run.returncode == 0, run.stderr
    here = fitted[1].to_frame(generate(*fitted, 2, seed=0))
    assert run.stdout.strip() == here.to_csv().strip()


def broken(model: TimeGAN) -> TimeGAN:
    """Return a model with weights that are NaN."""
    model = copy.deepcopy(model)
    next(iter(model.net.recovery.parameters())).data[0] = torch.nan
    return model


def test_weights_that_are_not_finite_are_refused(
    fitted: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timegan.serialization.model_folder._check_readable", lambda *_: None)
    export_model(broken(fitted[0]), fitted[1], tmp_path)
    for read in (load_model, load_networks):
        with pytest.raises(InputError, match=r"recovery\S+ holds numbers that are not finite"):
            read(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": NaN}', "[]", "null", '{"a": 1e'])
def test_a_hostile_description_is_refused(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    for read in (load_model, load_networks):
        with pytest.raises(InputError, match="damaged, or not the description of a model"):
            read(folder)
