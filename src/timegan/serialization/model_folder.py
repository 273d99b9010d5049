"""Folder of an exported model: weights, a description in JSON, and a model card."""

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
from timegan.serialization.programs import ONNX_FILE, PROGRAM_FILE
from timegan.serialization.training_position import TrainingPosition
from timegan.serialization.untrusted_files import (
    MAX_TEXT_BYTES,
    MAX_WEIGHT_BYTES,
    open_checked,
    read_json,
    read_shapes,
)
from timegan.signatures import check_arguments, read_signature
from timegan.training.schedule import Schedule
from timegan.transforms.table_transform import TableTransform

if TYPE_CHECKING:  # Lightning, which sampling does without
    from timegan.training.module import TimeGAN

MODEL_CLASS = "timegan.training.module.TimeGAN"
WEIGHTS_FILE, DESCRIPTION_FILE = "model.safetensors", "model.json"
FORMAT = 1
"""Version of the files. It rises with each change that an older timegan could not read."""


@dataclass(frozen=True)
class TrainedModel:
    """Trained networks, ready to sample, and the arguments of their model.

    It does not need Lightning.

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


def export_model(
    model: TimeGAN | TrainedModel,
    transform: TableTransform,
    folder: str | Path,
    *,
    fingerprint: str | None = None,
    config: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    unfinished: TrainingPosition | None = None,
    overwrite: bool = False,
    is_checked: bool = True,
) -> Path:
    """Write what sampling needs to ``folder``: no pickle, no data, no optimiser.

    Args:
        model: a trained model.
        transform: of the table's columns, as the data module fitted it.
        folder: a new or an empty one.
        fingerprint: of the training data.
        config: the run's settings, for reference; loading does not need them.
        options: arguments of the `Synthesizer` that loads the model.
        unfinished: where training stopped; None: it came to its end.
        overwrite: replace an exported model in ``folder``.
        is_checked: refuse a folder that is in use; a run's own model lies in the run's folder.

    Raises:
        InputError: the folder holds files, belongs to a run or cannot be written to, or the disk is
            full.
        UnreadableError: the model could not be loaded again; a model in ``folder`` is kept.
    """
    folder = Path(folder)
    if is_checked:
        check_export_folder(folder, overwrite=overwrite)
    state = {k: v.detach().cpu().contiguous().clone() for k, v in model.net.state_dict().items()}
    weights = safetensors.torch.save(state)
    try:
        description = {
            "format": FORMAT,
            "timegan": _timegan_version(),
            "features": transform.features,
            "window": model.net.window,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "fingerprint": fingerprint,
            "hyper_parameters": dict(model.hparams),
            "columns": transform.state(),
            "config": _with_text_for_infinity(config),
            "options": _with_text_for_infinity(options),
            "unfinished": None if unfinished is None else unfinished.to_dict(),
        }
        description = json.loads(json.dumps(plain(description, finite=True)))
    except NotPlainError as error:
        raise UnreadableError(_unreadable(folder, str(error))) from error
    description["sha256"] = description_checksum(description)
    text = (json.dumps(description, indent=2) + "\n").encode()
    # The description takes its name last, and only it makes the folder a model.
    with (
        writing(folder / DESCRIPTION_FILE, len(text), overwrite=overwrite) as new_description,
        writing(folder / WEIGHTS_FILE, len(weights), overwrite=overwrite) as new_weights,
    ):
        new_weights.write_bytes(weights)
        new_description.write_bytes(text)
        _check_readable(folder, new_description.name, new_weights.name, state, transform)
        if overwrite:
            for name in (ONNX_FILE, PROGRAM_FILE):  # of the model that was replaced
                (folder / name).unlink(missing_ok=True)
        write_card(folder, description, overwrite=overwrite)
    return folder


def read_description(folder: str | Path) -> dict[str, Any]:
    """Return the description alone, of a folder that :func:`export_model` has just written."""
    content = json.loads((Path(folder) / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def load_model(folder: str | Path) -> tuple[TrainedModel, TableTransform]:
    """Return the model that :func:`export_model` wrote, and the transform of its table.

    Raises:
        InputError: a file is missing or damaged, belongs to another model, or is too new.
    """
    model, transform, _ = read_model(folder)
    return model, transform


def load_networks(folder: str | Path) -> tuple[Networks, TableTransform]:
    """Return the networks that :func:`export_model` wrote, and the transform of their table.

    Raises:
        InputError: a file is missing or damaged, belongs to another model, or is too new.
    """
    model, transform = load_model(folder)
    return model.net, transform


def read_model(folder: str | Path) -> tuple[TrainedModel, TableTransform, dict[str, Any]]:
    """Return the model, the transform of its table, and the whole description."""
    with as_input_error(folder):
        description, weights, transform = _read_parts(Path(folder))
        state = {f"net.{name}": tensor for name, tensor in weights.items()}
        return restore_model(description["hyper_parameters"], state), transform, description


def _read_parts(
    folder: Path, description_name: str = DESCRIPTION_FILE, weights_name: str = WEIGHTS_FILE
) -> tuple[dict[str, Any], dict[str, torch.Tensor], TableTransform]:
    """Return description, weights and transform after checking that they belong together."""
    description = _load_description(folder, description_name)
    hyper_parameters = description["hyper_parameters"]
    with open_checked(folder, weights_name, MAX_WEIGHT_BYTES) as (file, size):
        try:
            check_weights(hyper_parameters, read_shapes(file, size))
        except Exception as error:  # what a wrong value raises depends on where it is
            raise InputError(
                f"{folder / WEIGHTS_FILE}: not the weights of the model that {DESCRIPTION_FILE} "
                f"describes ({short_message(error)}). Copy the whole folder again, or export again."
            ) from error
        file.seek(0)
        weights = file.read(size)
    if hashlib.sha256(weights).hexdigest() != description["weights_sha256"]:
        raise InputError(
            f"{folder}: {WEIGHTS_FILE} is not the file that {DESCRIPTION_FILE} describes. It is "
            "damaged, or from another export. Copy the whole folder again, or export again."
        )
    tensors = safetensors.torch.load(weights)
    try:
        check_finite(tensors)
    except ValueError as error:
        raise InputError(
            f"{folder / WEIGHTS_FILE}: {error}, so the model cannot sample. Export again from "
            "a run that did not diverge."
        ) from error
    return description, tensors, transform_for(hyper_parameters, description["columns"])


def _load_description(folder: Path, name: str) -> dict[str, Any]:
    """Return the content of ``model.json`` after checking its format and its checksum."""
    with open_checked(folder, name, MAX_TEXT_BYTES) as (file, size):
        description: dict[str, Any] = read_json(file.read(size))
    made_by = description["timegan"]
    if description["format"] > FORMAT:
        raise InputError(
            f"{folder}: written by timegan {made_by} in a format that {_timegan_version()} does "
            "not know. Install a newer timegan."
        )
    if description["format"] != FORMAT:
        raise ValueError(f"format={description['format']}: there is no such format")
    if description["sha256"] != description_checksum(description):
        raise ValueError("the checksum differs from the content")
    TrainingPosition.from_dict(description["unfinished"])
    return description


def _check_readable(
    folder: Path,
    description_name: str,
    weights_name: str,
    state: Mapping[str, torch.Tensor],
    transform: TableTransform,
) -> None:
    """Load the two files that were just written, before they are renamed.

    Raises:
        UnreadableError: they cannot be loaded, or differ from what was to be written.
    """
    try:
        description, weights, found = _read_parts(folder, description_name, weights_name)
        restore_model(description["hyper_parameters"], {f"net.{k}": v for k, v in weights.items()})
        if found.state() != transform.state():
            raise ValueError("the columns differ after reading")
        if not all(torch.equal(weights[name], tensor) for name, tensor in state.items()):
            raise ValueError("the weights differ after reading")
    except OSError:
        raise
    except Exception as error:  # what a wrong value raises depends on where it is
        cause = error.__cause__ if isinstance(error.__cause__, ValueError) else error
        raise UnreadableError(_unreadable(folder, short_message(cause))) from error


def _unreadable(folder: Path, reason: str) -> str:
    return (
        f"{folder}: the model was not saved, as it could not be loaded again: {reason}. Train "
        "again if the run diverged; otherwise report a bug of timegan."
    )


def _with_text_for_infinity(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return settings with infinity and NaN as text, which JSON can hold."""
    text = json.dumps(plain(dict(settings or {})))
    found: dict[str, Any] = json.loads(text, parse_constant=str)
    return found


def description_checksum(description: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a description without its entry ``sha256``."""
    rest = {name: value for name, value in description.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


@contextmanager
def as_input_error(folder: str | Path) -> Iterator[None]:
    """Turn any error from reading an exported folder into an InputError that says what to do."""
    folder = Path(folder)
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"{error.filename}: there is no such file, and an exported model has {WEIGHTS_FILE} "
            f"and {DESCRIPTION_FILE}. Give the folder that holds both."
        ) from error
    except Exception as error:  # what a wrong value raises depends on where it is
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{folder / DESCRIPTION_FILE}: damaged, or not the description of a model "
            f"({short_message(error)}). Copy the folder again, or export again."
        ) from error


def restore_model(
    hyper_parameters: Mapping[str, Any], state: Mapping[str, torch.Tensor]
) -> TrainedModel:
    """Return a model ready to sample, on the CPU.

    Args:
        hyper_parameters: arguments of the model, from a file.
        state: tensors of its networks.

    Raises:
        ValueError: the weights are not finite, or differ from those of such a model.
    """
    weights = {name.removeprefix("net."): tensor for name, tensor in state.items()}
    check_weights(hyper_parameters, {name: tuple(t.shape) for name, t in weights.items()})
    hparams = check_arguments(MODEL_CLASS, hyper_parameters)
    if unknown := hparams.keys() - (read_signature(MODEL_CLASS) or {}).keys():
        raise ValueError(f"{min(unknown)} is no argument of a model")
    Schedule(**hparams["schedule"])
    check_finite(weights)
    net = Networks(**network_arguments(hparams))
    net.load_state_dict(weights)
    set_backend(net, resolve_backend("auto"), by_size=True)
    return TrainedModel(net.eval(), hparams)


def _timegan_version() -> str:
    try:
        return version("timegan-lightning")
    except PackageNotFoundError:
        return "unknown"
