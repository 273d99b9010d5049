"""A trained model as a program for other engines: an ONNX file, or one of `torch.export`.

Both are made of the same graph, noise to channels, in which the number of sequences is open. ONNX
goes through `torch.export` too (`torch.onnx.export(dynamo=True)`), as the older exporter is
deprecated.
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

ONNX, PROGRAM = "model.onnx", "model.pt2"
CLOSE = 1e-5
"""How far, absolutely and relatively, another engine may be from torch."""
COUNTS = (1, 2, 5, 64)
"""Numbers of sequences that are compared before a file is kept."""

Named = dict[str, Tensor]
Runner = Callable[[dict[str, np.ndarray]], list[np.ndarray]]


class Portable(nn.Module):
    """`Networks.synthesise` with a tuple of tensors as its result, see :func:`outputs`."""

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
        """z (B, T, Z), z_static (B, G), context (B, S), exogenous (B, T, U), NaN: to be made."""
        made = self.net.synthesise(z, z_static, context, exogenous)
        found = {
            "x": made.x,
            "lengths": made.lengths,
            "context": made.context,
            "exogenous": made.exogenous,
        }
        known = [found[name] for name in outputs(self.net)]
        return tuple(tensor for tensor in known if tensor is not None)


def inputs(net: Networks) -> dict[str, list[int | str]]:
    """Names and shapes of what the program is given."""
    shapes: dict[str, list[int | str]] = {
        "z": ["batch", net.window, net.noise_width],
        "z_static": ["batch", net.static_noise_width + net.context_noise_width],
    }
    if net.context:
        shapes["context"] = ["batch", net.context]
    if net.exogenous:
        shapes["exogenous"] = ["batch", net.window, net.exogenous]
    return shapes


def outputs(net: Networks) -> list[str]:
    """Names of what it gives back, in order."""
    there = {
        "x": True,
        "lengths": net.variable_length,
        "context": bool(net.context),
        "exogenous": bool(net.exogenous),
    }
    return [name for name, has in there.items() if has]


def example(net: Networks, count: int, seed: int = 0) -> Named:
    """Draw noise for ``count`` sequences, of which every second one has given conditions."""
    random = generator(seed, "example")
    z, z_static = net.draw_noise(count, random)
    given: Named = {"z": z, "z_static": z_static}
    for name, (_, *shape) in inputs(net).items():
        if name not in given:
            sizes = [int(size) for size in shape]
            given[name] = torch.randn(count, *sizes, generator=random)
            given[name][::2] = torch.nan
    return given


def write_program(net: Networks, folder: Path, *, overwrite: bool = False) -> Path:
    """Write ``model.pt2``, for `torch.export.load` (torch without timegan).

    Raises:
        InputError: it does not return what the model does, or the file exists and ``overwrite`` is
            off; nothing is written then.
    """
    buffer = io.BytesIO()
    program = _program(net)
    with quiet():
        torch.export.save(program, buffer)
        buffer.seek(0)
        module = torch.export.load(buffer).module()

    def run(given: dict[str, np.ndarray]) -> list[np.ndarray]:
        found = module(**{name: torch.from_numpy(array) for name, array in given.items()})
        return [tensor.detach().numpy() for tensor in found]

    _compare(net, run, PROGRAM)
    write_bytes(folder / PROGRAM, buffer.getvalue(), overwrite=overwrite)
    return folder / PROGRAM


def write_onnx(net: Networks, folder: Path, *, overwrite: bool = False) -> Path:
    """Write ``model.onnx``, one file for onnxruntime and whatever else reads ONNX.

    Raises:
        InputError: the extra ``onnx`` is not installed, onnxruntime does not return what the model
            does, or the file exists and ``overwrite`` is off; nothing is written then.
    """
    check_onnx()
    import onnxruntime

    given = example(net, 3)
    with quiet():
        program = torch.onnx.export(
            Portable(net).eval(),
            (),
            kwargs=given,
            dynamic_shapes=_open(given),
            dynamo=True,
            input_names=list(inputs(net)),
            output_names=[_free(name, net) for name in outputs(net)],
            verbose=False,
        )
    assert program is not None
    content = program.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _compare(net, lambda given: list(session.run(None, given)), ONNX)
    write_bytes(folder / ONNX, content, overwrite=overwrite)
    return folder / ONNX


def check_onnx() -> None:
    """Check that the extra ``onnx`` is installed.

    Raises:
        InputError: one of its packages is not.
    """
    for name in ("onnx", "onnxscript", "onnxruntime"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise InputError(
                f"format=onnx: {name} is not installed. pip install 'timegan-lightning[onnx]'."
            ) from error


def _program(net: Networks) -> torch.export.ExportedProgram:
    given = example(net, 3)
    with quiet():
        return torch.export.export(Portable(net).eval(), (), given, dynamic_shapes=_open(given))


def _open(given: Named) -> dict[str, Any]:
    """The number of sequences is open, and the same for all inputs."""
    batch = torch.export.Dim("batch", min=1)
    return {name: {0: batch} for name in given}


def _free(name: str, net: Networks) -> str:
    """An output's name in a graph where no two things share one."""
    return f"{name}_out" if name in inputs(net) else name


def _compare(net: Networks, run: Runner, what: str) -> None:
    """Raise an InputError if the program is not the model, for several numbers of sequences."""
    module = Portable(net).eval()
    for count in COUNTS:
        given = example(net, count, seed=count)
        wanted = [tensor.numpy() for tensor in module(**given)]
        found = run({name: tensor.numpy() for name, tensor in given.items()})
        for name, want, have in zip(outputs(net), wanted, found, strict=True):
            if want.shape != have.shape or not np.allclose(have, want, rtol=CLOSE, atol=CLOSE):
                raise InputError(
                    f"{what}: for {count} sequences {name} is not within {CLOSE:g} of what torch "
                    "makes, and the file was not written. Export another format, and report this."
                )


@contextmanager
def quiet() -> Iterator[None]:
    """Without the exporters' remarks on what is not installed or not needed."""
    log: Any = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
