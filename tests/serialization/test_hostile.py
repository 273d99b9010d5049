"""Files that somebody made on purpose: refused with a reason, before memory is taken."""

import hashlib
import json
import os
import pickle
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from timegan import Synthesizer
from timegan.data import WindowDataModule
from timegan.errors import InputError
from timegan.serialization.model_folder import (
    description_checksum,
    export_model,
    load_model,
    load_networks,
)
from timegan.serialization.runs import open_run
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

Json = dict[str, Any]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small model as ``model/`` and as ``last.ckpt``."""
    folder = tmp_path_factory.mktemp("hostile")
    data = WindowDataModule(generate="salary", window=6, constraints="report")
    data.setup()
    model = TimeGAN(features=2, window=6, schedule=Schedule(1, 1, 1), hidden=4)
    export_model(model, data.transform, folder / "model")
    content = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "WindowDataModule": data.state_dict(),
    }
    torch.save(content, folder / "last.ckpt")
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported / "model", tmp_path / "model"))


def rewrite(folder: Path, change: Callable[[Json], object]) -> None:
    """Change the description and its checksum."""
    path = folder / "model.json"
    content = json.loads(path.read_text())
    change(content)
    content["sha256"] = description_checksum(content)
    path.write_text(json.dumps(content))


def reweigh(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    """Write other weights, with their checksum."""
    content = safetensors.torch.save(weights)
    put(folder, content)


def put(folder: Path, content: bytes) -> None:
    (folder / "model.safetensors").write_bytes(content)
    sha = hashlib.sha256(content).hexdigest()
    rewrite(folder, lambda d: d.update(weights_sha256=sha))


def refused(folder: Path, message: str) -> None:
    """Check that both ways of loading refuse the folder, in little memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in (load_model, load_networks):
        with pytest.raises(InputError, match=message) as caught:
            read(folder)
        assert len(str(caught.value)) < 600
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", 10_000),  # 1.6 GB, were it made
        ("hidden", 10**9),
        ("hidden", -1),
        ("features", 10**7),
        ("latent", 10**12),
        ("noise", 10**400),
        ("layers", 10**9),
        ("critics", "+".join(["conv"] * 10_000)),
        ("window", 10**9),
        ("context", 10**6),
        ("hidden", 4.0),
        ("hidden", True),
        ("hidden", "4"),
        ("hidden", None),
        ("hidden", [4]),
        ("cell", "os.system"),
        ("ema_decay", "0.9"),
    ],
)
def test_other_sizes_than_those_of_the_weights_are_refused(
    folder: Path, name: str, value: Any
) -> None:
    rewrite(folder, lambda d: d["hyper_parameters"].update({name: value}))
    refused(folder, r"model\.safetensors: not the weights of the model that model\.json describes")


def test_sizes_that_lie_in_both_files_are_compared_with_the_bytes(folder: Path) -> None:
    """The header says what the description says, and the file is a few kB."""
    path = folder / "model.safetensors"
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["embedder.linear.weight"]["shape"] = [10**9, 10**9]
    text = json.dumps(header).encode()
    put(folder, len(text).to_bytes(8, "little") + text + content[8 + length :])
    refused(folder, "embedder.linear.weight of shape .* does not lie where it should")


@pytest.mark.parametrize("length", [0, 1, 2**25 + 1, 2**63])
def test_a_header_that_cannot_be_is_refused(folder: Path, length: int) -> None:
    content = (folder / "model.safetensors").read_bytes()
    put(folder, length.to_bytes(8, "little") + content[8:])
    refused(folder, "a header of .* bytes in a file of")


def test_missing_further_and_other_tensors_are_refused(folder: Path) -> None:
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    name = "embedder.linear.weight"
    reweigh(folder, {k: v for k, v in weights.items() if k != name})
    refused(folder, f"the tensor {name} is missing")
    reweigh(folder, weights | {"../../etc/passwd": torch.zeros(1)})
    refused(folder, r"the tensor \.\./\.\./etc/passwd is too many")
    reweigh(folder, weights | {name: torch.zeros(2, 3)})
    refused(folder, rf"{name} has the shape \(2, 3\), and \(2, 2\) is needed")
    for dtype in (torch.int64, torch.bool, torch.uint8):
        reweigh(folder, weights | {name: torch.ones(2, 2, dtype=dtype)})
        refused(folder, f"{name} has the type .*, and weights are real numbers")


def test_weights_of_half_precision_are_read(folder: Path) -> None:
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    reweigh(folder, {k: v.bfloat16() for k, v in weights.items()})
    assert load_model(folder)[0].net.sigma.dtype == torch.float32


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 1e999}', "1e999 is no finite number"),
        ('{"format": -Infinity}', "-Infinity is no number in JSON"),
        ('{"format": ' + "9" * 5_000 + "}", "damaged"),
        ("[" * 10**6, "damaged"),
        ('{"a":' * 10**5, "damaged"),
        ("\x00\xff", "damaged"),
        ('{"format": 1, "timegan": "1"}', "damaged"),
        ('"format"', "damaged"),
    ],
)
def test_a_description_that_is_none_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "model.json").write_bytes(text.encode("latin-1"))
    refused(folder, message)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_a_huge_file_is_refused_unread(folder: Path, name: str) -> None:
    with (folder / name).open("r+b") as file:
        file.truncate(2**40)  # takes no room on the disk
    refused(folder, f"{name}: 1,099,511,627,776 bytes, and timegan reads .* at most")


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_links_out_of_the_folder_and_what_is_no_file_are_refused(folder: Path, name: str) -> None:
    path, elsewhere = folder / name, folder.parent / "elsewhere"
    path.replace(elsewhere)
    for target in (elsewhere, Path("../elsewhere"), Path("/dev/zero")):
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        refused(folder, f"{name}: a link to a file outside of its folder")
    path.unlink()
    os.mkfifo(path)
    refused(folder, f"{name}: no regular file")
    path.unlink()
    path.symlink_to(name)  # to itself
    refused(folder, name)
    path.unlink()
    elsewhere.replace(folder / "inside")
    path.symlink_to("inside")
    load_model(folder)


def columns(change: Callable[[Json], object]) -> Callable[[Json], object]:
    return lambda description: change(description["columns"])


@pytest.mark.parametrize(
    "change",
    [
        columns(lambda c: c["feature_transformers"].pop()),
        columns(lambda c: c["feature_transformers"].append(c["feature_transformers"][0])),
        columns(lambda c: c["feature_transformers"][0].update(type="__class__")),
        columns(lambda c: c["schema"]["fields"][1].update(dtype="category")),
        columns(lambda c: c["schema"]["fields"].pop()),
        columns(lambda c: c.update(variable=True)),
        columns(lambda c: c.update(low=["a", "b"])),
        columns(lambda c: c.update(extra=1)),
        lambda d: d.update(columns=[]),
        lambda d: d.update(unfinished="x" * 10**6),
        lambda d: d.update(unfinished={"epoch": 1, "epochs": 2, "phase": "\x1b[2J"}),
        lambda d: d.update(unfinished={"epoch": -1, "epochs": 2, "phase": "joint"}),
    ],
)
def test_columns_and_positions_that_do_not_fit_the_model_are_refused(
    folder: Path, change: Callable[[Json], object]
) -> None:
    rewrite(folder, change)
    refused(folder, "damaged, or not the description of a model")


@pytest.mark.parametrize(
    "options",
    [{"path": "/etc/passwd"}, {"threads": 10**9}, {"threads": "2"}, {"self": 1}, {"window": "6"}],
)
def test_options_that_are_none_are_refused(folder: Path, options: Json) -> None:
    rewrite(folder, lambda d: d.update(options=options))
    with pytest.raises(InputError, match=next(iter(options))):
        Synthesizer.load(folder)


def test_a_description_without_its_own_checksum_is_refused(folder: Path) -> None:
    path = folder / "model.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"window": 7}))
    refused(folder, "the checksum differs from the content")
    del content["sha256"]
    path.write_text(json.dumps(content))
    refused(folder, "sha256")


# Checkpoints.


class Evil:
    """A pickle that calls a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def repacked(source: Path, path: Path, content: bytes, **options: Any) -> Path:
    """Write a checkpoint with another pickle."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", **options) as new:
        for entry in old.infolist():
            pickled = entry.filename.endswith("data.pkl")
            new.writestr(entry.filename, content if pickled else old.read(entry))
    return path


@pytest.mark.parametrize(
    "evil",
    [
        Evil(os.mkdir, "ran"),
        Evil(eval, "__import__('os').mkdir('ran')"),
        Evil(getattr, "text", "upper"),
    ],
)
def test_a_pickle_that_calls_anything_is_refused_and_not_run(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evil: Evil
) -> None:
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps({"state_dict": evil}, 2)
    evil_file = repacked(exported / "last.ckpt", tmp_path / "evil.ckpt", content)
    with pytest.raises(InputError, match="could run code"):
        open_run(evil_file)
    (tmp_path / "bare.ckpt").write_bytes(content)  # without the archive around it
    with pytest.raises(InputError, match="damaged"):
        open_run(tmp_path / "bare.ckpt")
    assert not Path("ran").exists()


def test_nothing_is_wrong_with_what_all_these_are_made_of(exported: Path) -> None:
    for path in (exported / "model", exported / "last.ckpt"):
        open_run(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hyper_parameters", {"hidden": 10**9}),
        ("hyper_parameters", {"lr": "fast"}),
        ("hyper_parameters", {"schedule": {"joint": 1}}),
        ("hyper_parameters", {"unknown": 1}),
        ("state_dict", {"net.sigma": torch.full((2,), torch.nan)}),
        ("state_dict", {"net.sigma": torch.ones(3)}),
        ("state_dict", {"more": torch.ones(3)}),
        ("state_dict", {"net.sigma": "text"}),
        ("WindowDataModule", {"columns": {}}),
    ],
)
def test_a_checkpoint_whose_parts_do_not_fit_is_refused(
    exported: Path, tmp_path: Path, key: str, value: Json
) -> None:
    content = torch.load(exported / "last.ckpt", weights_only=True)
    content[key] = content[key] | value
    torch.save(content, tmp_path / "changed.ckpt")
    with pytest.raises(InputError, match=r"changed\.ckpt: no checkpoint of a TimeGAN"):
        open_run(tmp_path / "changed.ckpt")
