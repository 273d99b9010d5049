"""Programs for other engines return what the model does, for any number of sequences."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.test_module import PRESETS
from timegan.errors import InputError
from timegan.nn.networks import Networks
from timegan.serialization import programs
from timegan.serialization.programs import (
    example_inputs,
    input_shapes,
    output_names,
    write_onnx,
    write_program,
)
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

PANEL = {"context": 2, "exogenous": 2, "variable_length": True}
LABELS = {"exogenous": 1}
CASES = [
    ("timegan", "gru", PANEL),
    pytest.param("timegan", "lstm", LABELS, marks=pytest.mark.slow),
    pytest.param("timegan", "gru", {}, marks=pytest.mark.slow),
    pytest.param("reference", "gru", PANEL, marks=pytest.mark.slow),
    ("reference", "lstm", {}),
]


def networks(preset: str, cell: str, conditions: dict[str, Any]) -> Networks:
    """Return small networks with all weights away from zero."""
    options: dict[str, Any] = {**PRESETS[preset], "cell": cell}
    net = TimeGAN(3, 5, Schedule(1, 1, 1), **conditions, **options).eval().net
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    if net.variable_length:
        net.set_length_thresholds(torch.tensor([-torch.inf, -0.5, 0.0, 0.5, torch.inf]))
    return net


def expected(net: Networks, given: dict[str, torch.Tensor]) -> list[np.ndarray]:
    made = net.synthesise(*given.values()) if "context" in given else net.synthesise(**given)
    return [getattr(made, name).numpy() for name in output_names(net)]


@pytest.mark.parametrize(("preset", "cell", "conditions"), CASES)
@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_another_engine_makes_the_same_sequences(
    engine: str, preset: str, cell: str, conditions: dict[str, Any], tmp_path: Path
) -> None:
    net = networks(preset, cell, conditions)
    session: Any
    if engine == "onnx":
        runtime = pytest.importorskip("onnxruntime")
        pytest.importorskip("onnxscript")
        session = runtime.InferenceSession(
            str(write_onnx(net, tmp_path)), providers=["CPUExecutionProvider"]
        )
        assert {i.name: i.shape for i in session.get_inputs()} == input_shapes(net)
    else:
        session = torch.export.load(write_program(net, tmp_path)).module()
    for count in (1, 2, 7, 130):
        given = example_inputs(net, count, seed=count + 1)
        if engine == "onnx":
            found = session.run(None, {name: tensor.numpy() for name, tensor in given.items()})
        else:
            found = [tensor.numpy() for tensor in session(**given)]
        for want, have in zip(expected(net, given), found, strict=True):
            np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-5)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_program_that_differs_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = programs._program(networks("reference", "lstm", {}))
    monkeypatch.setattr(programs, "_program", lambda net: other)
    with pytest.raises(InputError, match=r"x differs by more than 1e-05 .* was not written"):
        write_program(networks("reference", "gru", {}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_onnx_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"onnx is not installed\. pip install .*\[onnx\]"):
        write_onnx(networks("reference", "gru", {}), tmp_path)
