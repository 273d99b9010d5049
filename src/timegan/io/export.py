"""A trained model as files that any language can read: weights, a description, a model card."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch

from timegan.data.columns import Columns
from timegan.errors import InputError
from timegan.io.card import write_card
from timegan.io.files import write_bytes, write_text
from timegan.io.portable import ONNX, PROGRAM
from timegan.model import Networks

if TYPE_CHECKING:  # Lightning, which sampling does without
    from timegan.module import TimeGAN

WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
FORMAT = 2
"""Rises when an older timegan could not read what this one writes."""


def export(
    model: TimeGAN,
    columns: Columns,
    folder: str | Path,
    *,
    fingerprint: str | None = None,
    config: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Write what sampling needs to ``folder``: no pickle, no data, no optimiser.

    Args:
        model: a trained model.
        columns: the table's columns, as the data module fitted them.
        folder: is made if need be; an older export in it is replaced.
        fingerprint: of the training data.
        config: the run's settings, to look up later; not needed to load.
        options: arguments of a `Synthesizer`, for the one that is made of this again.

    Raises:
        InputError: the folder cannot be written to, or the disk is full.
    """
    folder = Path(folder)
    state = {k: v.detach().cpu().contiguous().clone() for k, v in model.net.state_dict().items()}
    weights = safetensors.torch.save(state)
    description = {
        "format": FORMAT,
        "timegan": _version(),
        "features": columns.features,
        "window": model.net.window,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "fingerprint": fingerprint,
        "hyper_parameters": dict(model.hparams),
        "columns": columns.state(),
        "config": dict(config or {}),
        "options": dict(options or {}),
    }
    for name in (ONNX, PROGRAM):  # of an older export
        (folder / name).unlink(missing_ok=True)
    write_card(folder, description)
    # The description goes last, and only it makes the folder a model.
    write_bytes(folder / WEIGHTS, weights)
    write_text(folder / DESCRIPTION, json.dumps(description, indent=2, allow_nan=False) + "\n")
    return folder


def describe(folder: str | Path) -> dict[str, Any]:
    """The description alone, of a folder that :func:`export` has just written."""
    content = json.loads((Path(folder) / DESCRIPTION).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def load(folder: str | Path) -> tuple[TimeGAN, Columns]:
    """The model that :func:`export` wrote, and its columns.

    Raises:
        InputError: a file is missing, damaged, does not belong to the other, or is too new.
    """
    model, columns, _ = read(folder)
    return model, columns


def load_networks(folder: str | Path) -> tuple[Networks, Columns]:
    """The same for sampling alone: the networks, without Lightning.

    Raises:
        InputError: as :func:`load`.
    """
    with explaining(folder):
        description, weights = _parts(Path(folder))
        wanted = description["hyper_parameters"]
        net = Networks(**{name: wanted[name] for name in inspect.signature(Networks).parameters})
        net.load_state_dict(weights)
        return net.eval(), Columns.from_state(description["columns"])


def read(folder: str | Path) -> tuple[TimeGAN, Columns, dict[str, Any]]:
    """The model, its columns, and the whole description beside them."""
    with explaining(folder):
        description, weights = _parts(Path(folder))
        state = {f"net.{name}": tensor for name, tensor in weights.items()}
        model = restore(description["hyper_parameters"], state)
        return model, Columns.from_state(description["columns"]), description


def _parts(folder: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Description and weights that belong together."""
    weights = (folder / WEIGHTS).read_bytes()
    description = json.loads(
        (folder / DESCRIPTION).read_text(encoding="utf-8"), parse_constant=_refuse
    )
    made_by = description["timegan"]
    if description["format"] < FORMAT:
        raise InputError(
            f"{folder}: written by timegan {made_by} in the format {description['format']} of "
            f"before the first release, which {_version()} no longer reads. Train again."
        )
    if description["format"] > FORMAT:
        raise InputError(
            f"{folder}: written by timegan {made_by} in a format that {_version()} does not "
            "know. Install a newer timegan."
        )
    if hashlib.sha256(weights).hexdigest() != description["weights_sha256"]:
        raise InputError(
            f"{folder}: {WEIGHTS} is not the file that {DESCRIPTION} describes; it is damaged, "
            "or from another export. Copy the folder again as a whole, or export once more."
        )
    tensors = safetensors.torch.load(weights)
    for name, tensor in tensors.items():
        if tensor.isnan().any() or (name != "edges" and tensor.isinf().any()):
            raise InputError(
                f"{folder / WEIGHTS}: {name} holds numbers that are not finite, and such a model "
                "makes nothing. Export once more, from a run that did not diverge."
            )
    return description, tensors


@contextmanager
def explaining(folder: str | Path) -> Iterator[None]:
    """What is wrong with an exported folder as an InputError."""
    folder = Path(folder)
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"{error.filename}: there is no such file, and an exported model has {WEIGHTS} and "
            f"{DESCRIPTION}. Give the folder that holds both."
        ) from error
    except Exception as error:  # what a wrong value raises depends on where it is
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{folder / DESCRIPTION}: damaged, or not the description of a model ({error}). "
            "Copy the folder again, or export once more."
        ) from error


def restore(hyper_parameters: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> TimeGAN:
    """A model ready to sample, on the CPU."""
    from timegan.module import TimeGAN

    model = TimeGAN(**hyper_parameters)
    model.load_state_dict(dict(state))
    return model.eval()


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _version() -> str:
    try:
        return version("timegan-lightning")
    except PackageNotFoundError:
        return "unknown"
