"""Checks of hyper-parameters and columns from a file before a model is built from them."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from timegan.nn.networks import Networks
from timegan.serialization.untrusted_files import Shapes
from timegan.signatures import check_arguments
from timegan.transforms.table_transform import TableTransform

NETWORKS = "timegan.nn.networks.Networks"

MAX_WINDOW = 100_000
"""Steps of a window. Weights do not always tell its length, and sampling takes memory for it."""

PROBE_STEPS = 3
"""Steps of the sequence that a transform is tried on."""


def check_weights(hyper_parameters: Mapping[str, Any], found: Shapes) -> None:
    """Compare the tensors of a file with those of the networks that it describes.

    The networks are built on torch's ``meta`` device, which allocates no memory.

    Args:
        hyper_parameters: of the model, from the same untrusted source.
        found: name -> shape.

    Raises:
        ValueError: an argument is missing or has a wrong type, or the tensors differ.
    """
    arguments = network_arguments(hyper_parameters)
    # Loops in the constructor: the file has tensors for every layer and critic.
    critics = 1 + arguments["critics"].count("+")
    for name, many in (("layers", arguments["layers"]), ("critics", critics)):
        if many > len(found):
            raise ValueError(f"{many} {name} in {len(found):,} tensors")
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        wanted = {name: tuple(t.shape) for name, t in Networks(**arguments).state_dict().items()}
    for name in [*wanted, *found]:
        if name not in found or name not in wanted:
            where = "missing" if name in wanted else "too many"
            raise ValueError(f"the tensor {name[:80]} is {where}")
        if found[name] != wanted[name]:
            raise ValueError(f"{name} has the shape {found[name]}, and {wanted[name]} is needed")


def network_arguments(hyper_parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a model that its networks take, with checked types.

    Raises:
        ValueError: one is missing, has another type, or is out of range.
    """
    hyper_parameters = check_arguments(NETWORKS, hyper_parameters)
    names = inspect.signature(Networks).parameters
    missing = [name for name in names if name not in hyper_parameters]
    if missing:
        raise ValueError(f"hyper_parameters lack {missing[0]}")
    for name in names:
        if type(hyper_parameters[name]) is int and not 0 <= hyper_parameters[name] < 2**31:
            raise ValueError(f"{name} is below 0 or above {2**31 - 1}")
    if hyper_parameters["window"] > MAX_WINDOW:
        raise ValueError(f"a window of {hyper_parameters['window']} steps; {MAX_WINDOW:,} at most")
    return {name: hyper_parameters[name] for name in names}


def check_finite(weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that are infinite or NaN; thresholds between lengths may be infinite.

    Raises:
        ValueError: names the first such tensor.
    """
    for name, tensor in weights.items():
        if tensor.isnan().any() or (
            not name.endswith("length_thresholds") and tensor.isinf().any()
        ):
            raise ValueError(f"{name} holds numbers that are not finite")


def transform_for(hyper_parameters: Mapping[str, Any], state: dict[str, Any]) -> TableTransform:
    """Return the transform of a model's table, after trying it on a sequence of zeros.

    Raises:
        ValueError: its channels are not those of the model. A damaged state raises other errors.
    """
    transform = TableTransform.from_state(state)
    for name, width in (*transform.widths.items(), ("variable_length", transform.variable)):
        if hyper_parameters[name] != width:
            raise ValueError(f"columns with {name}={width}, a model with {hyper_parameters[name]}")
    reduction = transform.reduction
    values = len(transform.feature_transformers) + len(transform.exogenous_transformers)
    known = len(reduction.learned.context_fields) + len(reduction.start_fields)
    extra = len(transform.context_transformers) - known
    if len(reduction.learned.value_fields) != values or extra not in (transform.variable, True):
        raise ValueError(f"{values} columns, and what is said of them is of another number")
    if {transform.low.size, transform.high.size} != {len(transform.schema.value_fields)}:
        raise ValueError(
            f"{transform.low.size} ranges for {len(transform.schema.value_fields)} columns"
        )
    if transform.draws.starts.shape[1] != len(reduction.drawn_fields):
        raise ValueError("values at the first row that belong to no column")
    if transform.draws.firsts.size and transform.draws.firsts.shape[1] != len(
        reduction.drawn_fields
    ):
        raise ValueError("values at the first row of sequences that belong to no column")
    draws, seasons = transform.draws, getattr(transform.seasonality, "members", ())
    if draws.contexts.size and draws.contexts.shape[1] != len(reduction.learned.context_fields):
        raise ValueError("context columns of windows that are no columns")
    if bool(draws.members) != bool(seasons) or not set(draws.members) <= set(range(len(seasons))):
        raise ValueError("windows with seasons that there are not")
    widths = transform.widths
    with np.errstate(all="ignore"):
        static, lengths = transform.inverse_transform_static(np.zeros((1, widths["context"])))
        transform.transform_static(static, np.full(1, PROBE_STEPS) if lengths is None else lengths)
        lengths = None if lengths is None else np.clip(lengths, 1, PROBE_STEPS)
        x = np.zeros((1, PROBE_STEPS, widths["features"]))
        exogenous = np.zeros((1, PROBE_STEPS, widths["exogenous"]))
        transform.to_frame(transform.inverse_transform(x, lengths, static, exogenous))
        transform.starts(1, 0, 0)
    return transform
