"""Context and labels: learned with and without being given, and asked for in sampling."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.nn.test_padding import EDGES, RNN, B, C, S, T, U, batch
from tests.training.test_module import PRESETS
from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.nn.generators import PathGenerator, RecurrentGenerator
from timegan.nn.networks import GeneratedBatch, Networks
from timegan.sampling.windows import CHUNK_SIZE, concatenate, sample, sample_chunks
from timegan.seeds import generator, rng
from timegan.training.module import TimeGAN
from timegan.training.noise import NoiseSource
from timegan.training.schedule import Schedule


def made(**options: Any) -> TimeGAN:
    given = {"context": S, "exogenous": U, "variable_length": True, "hidden": 8} | options
    model = TimeGAN(C, T, Schedule(1, 1, 1), **given)
    if given["variable_length"]:
        model.net.set_length_thresholds(EDGES)
    return model


@pytest.fixture(scope="module")
def model() -> TimeGAN:
    return made()


def contexts(count: int) -> np.ndarray:
    return rng(0, "contexts").normal(size=(count, S)).astype(np.float32)


def labels(count: int) -> np.ndarray:
    return rng(0, "labels").normal(size=(count, T, U)).astype(np.float32)


@pytest.mark.parametrize("form", [PathGenerator, RecurrentGenerator])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_generator_returns_latents_and_labels(form: Any, cell: str) -> None:
    torch.manual_seed(0)
    network = form(3, 4, 2, context=S, exogenous=U, **RNN | {"cell": cell})
    out = network(torch.randn(B, T, 3), torch.randn(B, 4 + S), torch.randn(B, T, U + 1))
    assert out.shape == (B, T, 2 + U)


def test_labels_of_the_reference_s_generator_are_not_squashed() -> None:
    torch.manual_seed(0)
    network = RecurrentGenerator(3, 0, 2, exogenous=1, **RNN)
    torch.nn.init.constant_(network.dense.bias, 5.0)
    out = network(torch.randn(B, T, 3), torch.zeros(B, 0), torch.zeros(B, T, 2))
    assert (out[..., :2] < 1).all()
    assert (out[..., 2] > 1).all()


@pytest.fixture
def conditions(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """Return what the module passes to ``Networks.generate``."""
    seen: list[tuple[Any, Any]] = []

    def watch(net: Any, z: Tensor, z_static: Tensor, context: Any, exogenous: Any) -> None:
        seen.append((context, exogenous))

    monkeypatch.setattr(Networks, "generate", watch)
    monkeypatch.setattr(NoiseSource, "window_noise", lambda *_: (torch.zeros(1), torch.zeros(1)))
    return seen


def test_even_windows_are_made_for_real_contexts_and_half_of_these_for_real_labels(
    model: TimeGAN, conditions: list[tuple[Any, Any]]
) -> None:
    real = batch(0).draw(0)
    assert real.context is not None
    assert real.exogenous is not None
    model.generate(real, 0)
    ((context, exogenous),) = conditions
    assert context.isnan().all(1).tolist() == [False, True] * 4
    assert torch.equal(context[::2], real.context[::2])
    assert exogenous.isnan().all(2).all(1).tolist() == [False, True, True, True] * 2
    assert torch.equal(exogenous[::4], real.exogenous[::4])


def test_labels_without_a_context_are_given_to_every_second_window(
    conditions: list[tuple[Any, Any]],
) -> None:
    torch.manual_seed(0)
    real = Batch(torch.rand(B, T, C), exogenous=torch.rand(B, T, U))
    made(context=0, variable_length=False).generate(real, 0)
    ((context, exogenous),) = conditions
    assert context is None
    assert exogenous.isnan().all(2).all(1).tolist() == [False, True] * 4


def test_windows_are_even_or_odd_by_their_place_in_the_global_batch(
    model: TimeGAN, conditions: list[tuple[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = batch(0).draw(0)
    model.generate(real, 0)
    for rank in range(2):  # of three and five windows, so that the second share starts oddly
        part = slice(0, 3) if rank == 0 else slice(3, B)
        indices = torch.arange(B)[part]
        monkeypatch.setattr("timegan.training.module.batch_indices", lambda _, i=indices: i)
        model.generate(Batch(*(None if v is None else v[part] for v in real)), 0)  # type: ignore[arg-type]
    whole, *parts = conditions
    for i in range(2):
        torch.testing.assert_close(torch.cat([p[i] for p in parts]), whole[i], equal_nan=True)


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_given_comes_back_and_the_rest_is_made(preset: str) -> None:
    net = made(**PRESETS[preset]).net
    context, exogenous = contexts(6), labels(6)
    context[3:] = np.nan
    exogenous[1:] = np.nan
    (got,) = sample_chunks(net, 6, context=context, exogenous=exogenous)
    assert got.context is not None
    assert got.exogenous is not None
    assert got.lengths is not None
    np.testing.assert_array_equal(got.context[:3], context[:3])
    assert np.isfinite(got.context).all()
    assert np.isfinite(got.exogenous).all()
    steps = np.arange(T) < got.lengths[:, None]
    np.testing.assert_array_equal(got.exogenous[0][steps[0]], exogenous[0][steps[0]])
    for values in (got.x, got.exogenous):
        assert (values[~steps] == 0).all()
    reaches = got.context[:, -1:] >= EDGES.numpy()
    np.testing.assert_array_equal(got.lengths, reaches.sum(1))


def test_the_context_sets_the_sequence_and_labels_move_it(model: TimeGAN) -> None:
    context, exogenous = contexts(2), labels(2)
    context[:, -1] = 9.0  # full windows
    net = model.net
    z, z_static = (n.expand(2, *n.shape[1:]) for n in net.draw_noise(1, generator(0)))

    def windows(context: np.ndarray, exogenous: np.ndarray) -> Tensor:
        return net.synthesise(z, z_static, torch.from_numpy(context), torch.from_numpy(exogenous)).x

    same = windows(context[[0, 0]], exogenous[[0, 0]])
    torch.testing.assert_close(same[0], same[1])
    other = windows(context, exogenous[[0, 0]])
    assert not torch.allclose(other[0], other[1])
    other = windows(context[[0, 0]], exogenous)
    assert not torch.allclose(other[0], other[1])


def test_a_sequence_is_a_function_of_its_seed_number_and_context(model: TimeGAN) -> None:
    count = CHUNK_SIZE + 20
    context, exogenous = contexts(count), labels(count)
    context[5] = np.nan
    exogenous[5:] = np.nan
    whole = concatenate(
        list(sample_chunks(model, count, seed=3, context=context, exogenous=exogenous))
    )
    for i in (0, 4, 5, CHUNK_SIZE - 1, CHUNK_SIZE, count - 1):
        one = slice(i, i + 1)
        (lone,) = sample_chunks(
            model, 1, seed=3, start=i, context=context[one], exogenous=exogenous[one]
        )
        for name in ("x", "lengths", "context", "exogenous"):
            assert np.array_equal(getattr(lone, name), getattr(whole, name)[one]), (name, i)
    (free,) = sample_chunks(model, 1, seed=3, start=5)
    assert np.array_equal(free.x[0], whole.x[5])


def test_the_noise_of_a_context_is_seen_by_its_head_alone() -> None:
    """So that a context that was asked for leaves a sequence as free as one that was made."""
    net = made(variable_length=False, static_noise=5).net
    z, z_static = net.draw_noise(2, generator(0))
    assert z_static.shape == (2, 5 + net.context_noise_width)
    own = torch.cat([z_static[:1].expand(2, -1)[:, :5], z_static[:, 5:]], dim=1)
    z, context = z[:1].expand(2, -1, -1), torch.zeros(2, S)
    given: GeneratedBatch[Tensor] = net.synthesise(z, own, context)
    torch.testing.assert_close(given.x[0], given.x[1])
    free = net.synthesise(z, own)
    assert not torch.allclose(free.x[0], free.x[1])


def test_a_model_without_conditions_has_none(model: TimeGAN) -> None:
    plain = made(context=0, exogenous=0, variable_length=False)
    (got,) = sample_chunks(plain, 2)
    assert (got.lengths, got.context, got.exogenous) == (None, None, None)
    assert np.array_equal(got.x, sample(plain, 2))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"context": np.zeros((3, S))}, r"shape \(3, 3\).*shape \(2, 3\)"),
        ({"context": np.zeros((2, S + 1))}, "takes 3 channels"),
        (
            {"context": np.array([[0, 0, 0], [0, np.nan, 0]])},
            "sequence 1 is NaN in some channels only",
        ),
        ({"exogenous": np.zeros((2, T, U))}, "Give the context too"),
        (
            {"exogenous": np.zeros((2, T, U)), "context": np.array([[0.0] * S, [np.nan] * S])},
            "sequence 1 without its context",
        ),
    ],
)
def test_what_does_not_fit_is_refused(model: TimeGAN, given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sample(model, 2, **given)


def test_a_context_is_refused_by_a_model_without_one() -> None:
    with pytest.raises(InputError, match="takes 0 channels"):
        sample(made(context=0, exogenous=0, variable_length=False), 2, context=np.zeros((2, 0)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"context": S + 1}, "3 channels of context"),
        ({"exogenous": 0}, "2 channels of exogenous"),
        ({"variable_length": False}, "variable_length=True"),
    ],
)
def test_batches_with_other_conditions_are_refused(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(**options).check_batch(batch(0))


def test_no_sequences_are_an_empty_array(model: TimeGAN) -> None:
    empty = sample(model, 0, context=contexts(0), exogenous=labels(0))
    assert empty.shape == (0, T, C)
