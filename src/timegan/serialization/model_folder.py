"""A trained model as files that any language can read: weights, a description, a model card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.torch
import torch

from timegan.errors import InputError, UnreadableError, short_message
from timegan.files import writing
from timegan.nn.kernels.backends import resolve_backend, set_backend
from timegan.nn.networks import Networks
from timegan.plain import NotPlainError, plain
from timegan.serialization.architecture_check import (
    check_finite,
    check_weights,
    network_arguments,
    transform_for,
)
from timegan.serialization.model_card import write_card
from timegan.serialization.overwrite_checks import check_export_folder
from timegan.serialization.programs import ONNX, PROGRAM
from timegan.serialization.untrusted_files import (
    MOST_TEXT,
    MOST_WEIGHTS,
    opened,
    read_json,
    read_shapes,
)
from timegan.signatures import check_arguments, read_signature
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

if TYPE_CHECKING:  # Lightning, which sampling does without
    from timegan.training.module import TimeGAN

MODULE = "timegan.training.module.TimeGAN"
WEIGHTS, DESCRIPTION = "model.safetensors", "model.json"
FORMAT = 1
"""Version of the files. It rises with each change that an older timegan could not read."""


@dataclass(frozen=True)
class TrainedModel:
    """Trained networks, ready to sample, with the arguments of the model they were trained in.

    Lightning is imported only for the model itself.

    Args:
        net: the networks.
        hparams: arguments of :class:`timegan.TimeGAN`.
    """

    net: Networks
    hparams: Mapping[str, Any]

    def to_module(self) -> TimeGAN:
        """Return the LightningModule with these networks."""
        from timegan.training.module import TimeGAN

        module = TimeGAN(**self.hparams)
        module.net.load_state_dict(self.net.state_dict())
        return module.eval()


def export(
    model: TimeGAN | TrainedModel,
    transform: TableTransform,
    folder: str | Path,
    *,
    fingerprint: str | None = None,
    config: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write what sampling needs to ``folder``: no pickle, no data, no optimiser.

    Args:
        model: a trained model.
        transform: of the table's columns, as the data module fitted it.
        folder: a new or an empty one.
        fingerprint: of the training data.
        config: the run's settings, to look up later; not needed to load.
        options: arguments of a `Synthesizer`, for the one that is made of this again.
        overwrite: replace an older export in ``folder``.

    Raises:
        InputError: the folder holds files, belongs to a run or cannot be written to, or the disk is
            full.
        UnreadableError: the model could not be loaded; an older export is still there.
    """
    check_export_folder(folder, overwrite=overwrite)
    return write_model(
        model,
        transform,
        Path(folder),
        fingerprint=fingerprint,
        config=config,
        options=options,
        overwrite=overwrite,
    )


def write_model(
    model: TimeGAN | TrainedModel,
    transform: TableTransform,
    folder: Path,
    *,
    fingerprint: str | None = None,
    config: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the files of :func:`export`, into the folder of a run too.

    Raises:
        InputError: a file exists and ``overwrite`` is off, or it cannot be written.
        UnreadableError: the model could not be loaded; an older export is still there.
    """
    state = {k: v.detach().cpu().contiguous().clone() for k, v in model.net.state_dict().items()}
    weights = safetensors.torch.save(state)
    try:
        description = {
            "format": FORMAT,
            "timegan": _version(),
            "features": transform.features,
            "window": model.net.window,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "fingerprint": fingerprint,
            "hyper_parameters": dict(model.hparams),
            "columns": transform.state(),
            "config": _finite(config),
            "options": _finite(options),
        }
        description = json.loads(json.dumps(plain(description, finite=True)))
    except NotPlainError as error:
        raise UnreadableError(_unreadable(folder, str(error))) from error
    description["sha256"] = description_checksum(description)
    text = (json.dumps(description, indent=2) + "\n").encode()
    # The description takes its name last, and only it makes the folder a model.
    with (
        writing(folder / DESCRIPTION, len(text), overwrite=overwrite) as new_description,
        writing(folder / WEIGHTS, len(weights), overwrite=overwrite) as new_weights,
    ):
        new_weights.write_bytes(weights)
        new_description.write_bytes(text)
        _read_again(folder, new_description.name, new_weights.name, state, transform)
        if overwrite:
            for name in (ONNX, PROGRAM):  # of an older export
                (folder / name).unlink(missing_ok=True)
        write_card(folder, description, overwrite=overwrite)
    return folder


def describe(folder: str | Path) -> dict[str, Any]:
    """The description alone, of a folder that :func:`export` has just written."""
    content = json.loads((Path(folder) / DESCRIPTION).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def load(folder: str | Path) -> tuple[TrainedModel, TableTransform]:
    """The model that :func:`export` wrote, and its columns.

    Raises:
        InputError: a file is missing, damaged, does not belong to the other, or is too new.
    """
    model, transform, _ = read(folder)
    return model, transform


def load_networks(folder: str | Path) -> tuple[Networks, TableTransform]:
    """Return the networks alone of the model that :func:`export` wrote, and its columns.

    Raises:
        InputError: as :func:`load`.
    """
    model, transform = load(folder)
    return model.net, transform


def read(folder: str | Path) -> tuple[TrainedModel, TableTransform, dict[str, Any]]:
    """The model, its columns, and the whole description beside them."""
    with explaining(folder):
        description, weights, transform = _parts(Path(folder))
        state = {f"net.{name}": tensor for name, tensor in weights.items()}
        return restore(description["hyper_parameters"], state), transform, description


def _parts(
    folder: Path, named: str = DESCRIPTION, weighing: str = WEIGHTS
) -> tuple[dict[str, Any], dict[str, torch.Tensor], TableTransform]:
    """Description, weights and columns that belong together; nothing is made of them before."""
    description = _description(folder, named)
    hyper_parameters = description["hyper_parameters"]
    with opened(folder, weighing, MOST_WEIGHTS) as (file, size):
        try:
            check_weights(hyper_parameters, read_shapes(file, size))
        except Exception as error:  # what a wrong value raises depends on where it is
            raise InputError(
                f"{folder / WEIGHTS}: not the weights of the model that {DESCRIPTION} describes "
                f"({short_message(error)}). Copy the folder again as a whole, or export once more."
            ) from error
        file.seek(0)
        weights = file.read(size)
    if hashlib.sha256(weights).hexdigest() != description["weights_sha256"]:
        raise InputError(
            f"{folder}: {WEIGHTS} is not the file that {DESCRIPTION} describes; it is damaged, "
            "or from another export. Copy the folder again as a whole, or export once more."
        )
    tensors = safetensors.torch.load(weights)
    try:
        check_finite(tensors)
    except ValueError as error:
        raise InputError(
            f"{folder / WEIGHTS}: {error}, and such a model makes nothing. Export once more, from "
            "a run that did not diverge."
        ) from error
    return description, tensors, transform_for(hyper_parameters, description["columns"])


def _description(folder: Path, name: str) -> dict[str, Any]:
    """What ``model.json`` says, in a format that is known."""
    with opened(folder, name, MOST_TEXT) as (file, size):
        description: dict[str, Any] = read_json(file.read(size))
    made_by = description["timegan"]
    if description["format"] > FORMAT:
        raise InputError(
            f"{folder}: written by timegan {made_by} in a format that {_version()} does not "
            "know. Install a newer timegan."
        )
    if description["format"] != FORMAT:
        raise ValueError(f"format={description['format']}: there is no such format")
    if description["sha256"] != description_checksum(description):
        raise ValueError("the checksum differs from the content")
    return description


def _read_again(
    folder: Path,
    named: str,
    weighing: str,
    state: Mapping[str, torch.Tensor],
    transform: TableTransform,
) -> None:
    """Load the two files that were just written, before they are called a model.

    Raises:
        UnreadableError: they cannot be loaded, or are not what was to be written.
    """
    try:
        description, weights, found = _parts(folder, named, weighing)
        restore(description["hyper_parameters"], {f"net.{k}": v for k, v in weights.items()})
        if found.state() != transform.state():
            raise ValueError("the columns that are read are not those that were written")
        if not all(torch.equal(weights[name], tensor) for name, tensor in state.items()):
            raise ValueError("the weights that are read are not those that were written")
    except OSError:
        raise
    except Exception as error:  # what a wrong value raises depends on where it is
        cause = error.__cause__ if isinstance(error.__cause__, ValueError) else error
        raise UnreadableError(_unreadable(folder, short_message(cause))) from error


def _unreadable(folder: Path, reason: str) -> str:
    return (
        f"{folder}: the model was not saved, for it could not be loaded: {reason}. Train again if "
        "the run diverged; otherwise report it as a fault of timegan."
    )


def _finite(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return settings, which are only looked up, with infinity and NaN as text."""
    text = json.dumps(plain(dict(settings or {})))
    found: dict[str, Any] = json.loads(text, parse_constant=str)
    return found


def description_checksum(description: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a description without its entry ``sha256``, whatever its layout."""
    rest = {name: value for name, value in description.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


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
            f"{folder / DESCRIPTION}: damaged, or not the description of a model "
            f"({short_message(error)}). Copy the folder again, or export once more."
        ) from error


def restore(hyper_parameters: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> TrainedModel:
    """Return a model ready to sample, on the CPU.

    Args:
        hyper_parameters: of a model, from a file.
        state: its tensors; all belong to its networks.

    Raises:
        ValueError: the weights are not finite, or not those of such a model, which is not made.
    """
    weights = {name.removeprefix("net."): tensor for name, tensor in state.items()}
    check_weights(hyper_parameters, {name: tuple(t.shape) for name, t in weights.items()})
    hparams = check_arguments(MODULE, hyper_parameters)
    if unknown := hparams.keys() - (read_signature(MODULE) or {}).keys():
        raise ValueError(f"{min(unknown)} is no argument of a model")
    Schedule(**hparams["schedule"])
    check_finite(weights)
    net = Networks(**network_arguments(hparams))
    net.load_state_dict(weights)
    set_backend(net, resolve_backend("auto"), by_size=True)
    return TrainedModel(net.eval(), hparams)


def _version() -> str:
    try:
        return version("timegan-lightning")
    except PackageNotFoundError:
        return "unknown"
