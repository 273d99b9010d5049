"""Every backend is ``torch.nn.GRU``: the same states, the same gradients."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from timegan.errors import InputError
from timegan.nn.kernels import backends as choice
from timegan.nn.kernels import compiler
from timegan.nn.kernels.gru import GRU, gru_with_head
from timegan.nn.kernels.gru.fused import FusedGRU
from timegan.nn.kernels.gru.native import NativeGRU, NativeGRUWithHead
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

SIZES = [  # batch, steps, inputs, hidden, layers
    (1, 1, 1, 1, 1),
    (5, 3, 2, 1, 2),
    (17, 5, 6, 7, 3),
    (16, 1, 3, 24, 1),
    (33, 24, 6, 24, 3),
    (35, 40, 28, 64, 2),
]
TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}


@pytest.fixture(params=["fused", "native"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native":
        request.getfixturevalue("compiled")
    return str(request.param)


def pair(backend: str, inputs: int, hidden: int, layers: int) -> tuple[nn.GRU, GRU]:
    torch.manual_seed(0)
    plain = nn.GRU(inputs, hidden, layers, batch_first=True)
    torch.manual_seed(0)
    ours = GRU(inputs, hidden, layers, batch_first=True)
    ours.backend = backend
    return plain, ours


def gradients(gru: nn.GRU, x: Tensor, h0: Tensor | None) -> list[Tensor]:
    """Return the outputs, and the gradients of inputs and weights."""
    leaves = [v.clone().requires_grad_(v.requires_grad) for v in (x, h0) if v is not None]
    out, last = gru(*leaves)
    random = torch.Generator().manual_seed(1)
    loss = sum(
        (y * torch.randn(y.shape, generator=random, dtype=y.dtype)).sum() for y in (out, last)
    )
    assert isinstance(loss, Tensor)
    wanted = [v for v in [*leaves, *gru.parameters()] if v.requires_grad]
    return [out.detach(), last.detach(), *torch.autograd.grad(loss, wanted)]


def assert_alike(got: list[Tensor], want: list[Tensor]) -> None:
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        assert (a - b).norm() <= TOLERANCE[b.dtype] * b.norm().clamp_min(1e-3)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES)
def test_states_and_gradients_are_torchs(
    backend: str, size: tuple[int, ...], dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    batch, steps, inputs, hidden, layers = size
    plain, ours = (gru.to(dtype) for gru in pair(backend, inputs, hidden, layers))
    x = torch.randn(batch, steps, inputs, dtype=dtype, requires_grad=True)
    h0 = torch.randn(layers, batch, hidden, dtype=dtype, requires_grad=True)
    assert_alike(gradients(ours, x, h0), gradients(plain, x, h0))
    with torch.no_grad():
        assert_alike([*ours(x)], [*plain(x)])


def whole_network(backend: str, size: tuple[int, ...], squash: bool, dtype: torch.dtype) -> Any:
    """Return result and gradients of a network, by torch and by a backend."""
    torch.manual_seed(0)
    batch, steps, inputs, hidden, layers = size
    dense = nn.Linear(hidden, 5 * inputs).to(dtype)
    x = torch.randn(batch, steps, inputs, dtype=dtype, requires_grad=True)
    h0 = torch.randn(layers, batch, hidden, dtype=dtype, requires_grad=True)
    weighing = torch.randn(batch, steps, 5 * inputs, dtype=dtype)
    found = []
    for gru in pair(backend, inputs, hidden, layers):
        gru = gru.to(dtype)
        y = gru_with_head(gru, dense, x, h0, squash=squash)
        wanted = [x, h0, *gru.parameters(), *dense.parameters()]
        grads = torch.autograd.grad((y * weighing).sum(), wanted)
        with torch.no_grad():
            found.append([y.detach(), *grads, gru_with_head(gru, dense, x, squash=squash)])
    return found


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_a_network_with_a_dense_layer_is_torchs(
    backend: str, size: tuple[int, ...], squash: bool, dtype: torch.dtype
) -> None:
    want, got = whole_network(backend, size, squash, dtype)
    assert_alike(got, want)


@pytest.mark.parametrize("squash", [False, True])
def test_a_networks_gradients_are_those_of_finite_differences(compiled: None, squash: bool) -> None:
    torch.manual_seed(0)
    _, gru = pair("native", 2, 3, 2)
    weights = [*gru.double().parameters()]
    x, h0, weight, bias = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((3, 3, 2), (2, 3, 3), (4, 3), (4,))
    )
    inputs: Any = (squash, x, h0, weight, bias, *weights)
    assert torch.autograd.gradcheck(NativeGRUWithHead.apply, inputs)
    assert torch.autograd.gradgradcheck(NativeGRUWithHead.apply, inputs)


@pytest.mark.parametrize("frozen", ["cells", "dense"])
def test_a_network_in_part_frozen_trains_the_rest(compiled: None, frozen: str) -> None:
    torch.manual_seed(0)
    dense, x = nn.Linear(5, 2), torch.randn(9, 4, 3)
    found = []
    for gru in pair("native", 3, 5, 2):
        gru.requires_grad_(frozen != "cells")
        dense.requires_grad_(frozen != "dense")
        wanted = [p for p in (*gru.parameters(), *dense.parameters()) if p.requires_grad]
        loss = gru_with_head(gru, dense, x, squash=True).square().sum()
        found.append([*torch.autograd.grad(loss, wanted)])
    assert_alike(found[1], found[0])


@pytest.mark.parametrize("needs", ["weights", "input", "state"])
def test_only_what_wants_a_gradient_gets_one(backend: str, needs: str) -> None:
    torch.manual_seed(0)
    plain, ours = pair(backend, 3, 5, 2)
    for gru in (plain, ours):
        gru.requires_grad_(needs == "weights")
    x = torch.randn(9, 4, 3, requires_grad=needs == "input")
    h0 = torch.randn(2, 9, 5, requires_grad=needs == "state")
    assert_alike(gradients(ours, x, h0), gradients(plain, x, h0))


def test_gradients_are_those_of_finite_differences(backend: str) -> None:
    torch.manual_seed(0)
    _, ours = pair(backend, 2, 3, 2)
    ours = ours.double()
    x = torch.randn(3, 3, 2, dtype=torch.float64, requires_grad=True)
    h0 = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
    function = {"fused": FusedGRU, "native": NativeGRU}[backend]
    weights = [*ours.parameters()]
    assert torch.autograd.gradcheck(function.apply, (x, h0, *weights))
    assert torch.autograd.gradgradcheck(function.apply, (x, h0, *weights[:4], *weights[4:]))


def test_a_penalty_on_gradients_is_torchs(backend: str) -> None:
    """Compare gradients of a loss that contains a gradient."""
    found = []
    for gru in pair(backend, 3, 5, 1):
        torch.manual_seed(2)
        x = torch.randn(6, 4, 3, requires_grad=True)
        (slope,) = torch.autograd.grad(gru(x)[0].sum(), x, create_graph=True)
        found.append([*torch.autograd.grad(slope.square().sum(), [*gru.parameters()][:3])])
    assert_alike(found[1], found[0])


def test_what_is_not_a_number_stays_so(backend: str) -> None:
    torch.manual_seed(0)
    _, ours = pair(backend, 2, 3, 1)
    x = torch.randn(4, 5, 2)
    x[1, 2, 0] = torch.nan
    with torch.no_grad():
        missing = ours(x)[0].isnan()
    assert missing[1, 2:].all()
    assert not missing[[0, 2, 3]].any()
    assert not missing[1, :2].any()


def test_large_inputs_saturate(backend: str) -> None:
    torch.manual_seed(0)
    plain, ours = pair(backend, 2, 3, 1)
    x = 1e4 * torch.randn(4, 5, 2)
    with torch.no_grad():
        assert_alike([*ours(x)], [*plain(x)])


def test_sequences_do_not_depend_on_their_neighbours(backend: str) -> None:
    torch.manual_seed(0)
    if backend == "fused":
        pytest.skip("products of other sizes may round differently in torch")
    _, ours = pair(backend, 3, 8, 2)
    x = torch.randn(50, 6, 3)
    with torch.no_grad():
        whole = ours(x)[0]
        assert torch.equal(ours(x[7:9])[0], whole[7:9])


def test_copies_types_and_weights_are_as_of_any_module(backend: str) -> None:
    torch.manual_seed(0)
    plain, ours = pair(backend, 3, 4, 2)
    other = GRU(3, 4, 2, batch_first=True)
    other.load_state_dict(plain.state_dict())
    twin = copy.deepcopy(ours)
    assert twin.backend == backend
    x = torch.randn(5, 6, 3)
    assert torch.equal(twin(x)[0], ours(x)[0])
    assert torch.equal(other(x)[0], plain(x)[0])
    assert twin.bfloat16()(x.bfloat16())[0].dtype is torch.bfloat16


@pytest.mark.parametrize("shape", [(4, 5, 3), (4, 5), (0, 5, 2)])
def test_other_shapes_are_left_to_torch(backend: str, shape: tuple[int, ...]) -> None:
    plain, ours = pair(backend, 2, 3, 1)
    results = []
    for gru in (plain, ours):
        try:
            results.append(gru(torch.zeros(shape))[0].shape)
        except (RuntimeError, ValueError) as error:
            results.append(str(error))
    assert results[0] == results[1]


@pytest.mark.filterwarnings("ignore:The tensor attributes:UserWarning")  # torch.nn.GRU's too
def test_an_export_sees_torchs_operations(backend: str) -> None:
    torch.manual_seed(0)
    _, ours = pair(backend, 2, 3, 1)
    program = torch.export.export(ours, (torch.randn(4, 5, 2),))
    assert "gru" in str(program.graph)


def test_without_a_compiler_one_line_says_what_happens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path))
    monkeypatch.setenv("CXX", str(tmp_path / "no-compiler"))
    monkeypatch.setattr(compiler, "_warned", set())
    assert choice.resolve_backend("native") == choice.resolve_backend("native") == "fused"
    assert choice.resolve_backend("auto", build=True) == "fused"
    assert len(caplog.records) == 1
    assert "no-compiler" in caplog.text


def test_auto_takes_a_library_that_is_there(compiled: None) -> None:
    assert choice.resolve_backend("auto") == "native"


def test_auto_does_not_compile_for_a_model_that_is_not_trained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIMEGAN_CACHE", str(tmp_path))
    assert choice.resolve_backend("auto") == "fused"
    assert not any(tmp_path.iterdir())


def test_a_backend_is_no_part_of_the_model() -> None:
    options: dict[str, Any] = {"features": 2, "window": 6, "schedule": Schedule(1, 1, 1)}
    fused, torchs = (TimeGAN(**options, backend=name) for name in ("fused", "torch"))
    assert "backend" not in fused.hparams
    assert fused.resolved_backend == "fused"
    torchs.load_state_dict(fused.state_dict())
    with pytest.raises(InputError, match=r"model\.backend=quick"):
        TimeGAN(**options, backend="quick")
