"""Export of a trained model as a program: an ONNX file, or a file of `torch.export`.

Both hold one graph from noise to channels with a dynamic number of sequences. ONNX files are made
from `torch.export` as well (`torch.onnx.export(dynamo=True)`).
"""

import importlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from timegan.errors import InputError
from timegan.files import write_bytes
from timegan.nn.networks import Networks
from timegan.seeds import generator

ONNX_FILE, PROGRAM_FILE = "model.onnx", "model.pt2"
TOLERANCE = 1e-5
"""Largest absolute and relative difference between the program and torch."""
PROBE_COUNTS = (1, 2, 5, 64)
"""Numbers of sequences that the check of a program draws."""

Tensors = dict[str, Tensor]
Runner = Callable[[dict[str, np.ndarray]], list[np.ndarray]]


class ExportWrapper(nn.Module):
    """A module whose result is the tensors of :func:`output_names`, without names."""

    def __init__(self, net: Networks) -> None:
        super().__init__()
        self.net = net

    def forward(
        self,
        z: Tensor,
        z_static: Tensor,
        context: Tensor | None = None,
        exogenous: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Generate a batch; conditions that are NaN are sampled by the model.

        Args:
            z: (B, T, Z).
            z_static: (B, G).
            context: (B, S).
            exogenous: (B, T, U).
        """
        made = self.net.synthesise(z, z_static, context, exogenous)
        found = {
            "x": made.x,
            "lengths": made.lengths,
            "context": made.context,
            "exogenous": made.exogenous,
        }
        known = [found[name] for name in output_names(self.net)]
        return tuple(tensor for tensor in known if tensor is not None)


def input_shapes(net: Networks) -> dict[str, list[int | str]]:
    """Return the shape of each input of the program, by name."""
    shapes: dict[str, list[int | str]] = {
        "z": ["batch", net.window, net.noise_width],
        "z_static": ["batch", net.static_noise_width + net.context_noise_width],
    }
    if net.context:
        shapes["context"] = ["batch", net.context]
    if net.exogenous:
        shapes["exogenous"] = ["batch", net.window, net.exogenous]
    return shapes


def output_names(net: Networks) -> list[str]:
    """Return the names of the program's outputs, in order."""
    present = {
        "x": True,
        "lengths": net.variable_length,
        "context": bool(net.context),
        "exogenous": bool(net.exogenous),
    }
    return [name for name, is_present in present.items() if is_present]


def example_inputs(net: Networks, count: int, seed: int = 0) -> Tensors:
    """Draw inputs for ``count`` sequences; every second one has conditions."""
    random = generator(seed, "example")
    z, z_static = net.draw_noise(count, random)
    given: Tensors = {"z": z, "z_static": z_static}
    for name, (_, *shape) in input_shapes(net).items():
        if name not in given:
            sizes = [int(size) for size in shape]
            given[name] = torch.randn(count, *sizes, generator=random)
            given[name][::2] = torch.nan
    return given


def write_program(net: Networks, folder: Path, *, overwrite: bool = False) -> Path:
    """Write ``model.pt2``, for `torch.export.load` (torch without timegan).

    Raises:
        InputError: the program differs from the model, or the file exists and ``overwrite`` is off.
            Nothing is written then.
    """
    buffer = io.BytesIO()
    program = _program(net)
    with _silence_exporters():
        torch.export.save(program, buffer)
        buffer.seek(0)
        module = torch.export.load(buffer).module()

    def run(given: dict[str, np.ndarray]) -> list[np.ndarray]:
        found = module(**{name: torch.from_numpy(array) for name, array in given.items()})
        return [tensor.detach().numpy() for tensor in found]

    _check_equivalent(net, run, PROGRAM_FILE)
    write_bytes(folder / PROGRAM_FILE, buffer.getvalue(), overwrite=overwrite)
    return folder / PROGRAM_FILE


def write_onnx(net: Networks, folder: Path, *, overwrite: bool = False) -> Path:
    """Write ``model.onnx``, for onnxruntime and other engines.

    Raises:
        InputError: the extra ``onnx`` is not installed, the program differs from the model, or the
            file exists and ``overwrite`` is off. Nothing is written then.
    """
    check_onnx()
    import onnxruntime

    given = example_inputs(net, 3)
    with _silence_exporters():
        program = torch.onnx.export(
            ExportWrapper(net).eval(),
            (),
            kwargs=given,
            dynamic_shapes=_dynamic_batch(given),
            dynamo=True,
            input_names=list(input_shapes(net)),
            output_names=[_unique_name(name, net) for name in output_names(net)],
            verbose=False,
        )
    assert program is not None
    content = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _check_equivalent(net, lambda given: list(session.run(None, given)), ONNX_FILE)
    write_bytes(folder / ONNX_FILE, content, overwrite=overwrite)
    return folder / ONNX_FILE


def check_onnx() -> None:
    """Check that the extra ``onnx`` is installed.

    Raises:
        InputError: one of its packages is missing.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise InputError(
                f"format=onnx: {name} is not installed. pip install 'timegan-lightning[onnx]'."
            ) from error


def _program(net: Networks) -> torch.export.ExportedProgram:
    given = example_inputs(net, 3)
    with _silence_exporters():
        return torch.export.export(
            ExportWrapper(net).eval(), (), given, dynamic_shapes=_dynamic_batch(given)
        )


def _dynamic_batch(given: Tensors) -> dict[str, Any]:
    """Return dynamic shapes: the number of sequences is free, and the same for all inputs."""
    batch = torch.export.Dim("batch", min=1)
    return {name: {0: batch} for name in given}


def _unique_name(name: str, net: Networks) -> str:
    """Return an output's name that differs from all names of inputs."""
    return f"{name}_out" if name in input_shapes(net) else name


def _check_equivalent(net: Networks, run: Runner, what: str) -> None:
    """Compare a program with the model for several numbers of sequences.

    Raises:
        InputError: they differ.
    """
    module = ExportWrapper(net).eval()
    for count in PROBE_COUNTS:
        given = example_inputs(net, count, seed=count)
        wanted = [tensor.numpy() for tensor in module(**given)]
        found = run({name: tensor.numpy() for name, tensor in given.items()})
        for name, want, have in zip(output_names(net), wanted, found, strict=True):
            if want.shape != have.shape or not np.allclose(
                have, want, rtol=TOLERANCE, atol=TOLERANCE
            ):
                raise InputError(
                    f"{what}: for {count} sequences {name} differs by more than "
                    f"{TOLERANCE:g} from torch. The file was not written. Export another format, "
                    "and report this as a bug of timegan."
                )


@contextmanager
def _silence_exporters() -> Iterator[None]:
    """Silence the exporters' remarks on optional packages and unused inputs within a block."""
    log: Any = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
