"""A step that is recorded and taken again does what it does as it is written down.

Here operations are launched again one by one, on a CPU; tests/training/test_cuda.py has graphs.
"""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.training.replayed import KINDS, SCHEDULE, STEPS, Batches, Replayed, again, build, train
from timegan.nn.batch import Batch
from timegan.training.cuda_graphs import WARM, Feed, Graphs, Recording
from timegan.training.gradient_guard import PATIENCE
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase


@pytest.mark.parametrize("kind", KINDS)
def test_replays_learn_what_steps_learn(kind: str) -> None:
    model, replayed = build(kind).double(), build(kind, Replayed).double()
    want, trainer = train(model, kind)
    have, other = train(replayed, kind)
    assert trainer.global_step - other.global_step == -rested(want)
    for iteration, (expected, found) in enumerate(zip(want, have, strict=True)):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-9), iteration
    weights = replayed.net.state_dict()
    for name, value in model.net.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-4, atol=1e-6, msg=name)


def rested(losses: list[dict[str, float]]) -> int:
    """Updates in which the discriminator rested: an optimiser is not asked to step there."""
    joint = losses[SCHEDULE.ends[Phase.SUPERVISED] * STEPS :]
    return round(sum(step["joint/rest_rate"] for step in joint))


@pytest.mark.parametrize("kind", ["timegan", "reference"])
def test_each_kind_of_step_is_recorded_once(kind: str) -> None:
    model = build(kind, Replayed)
    train(model, kind)
    assert isinstance(model, Replayed)
    penalised = {(Phase.JOINT, True)} if kind == "timegan" else set()
    assert set(model.kept.recordings) == {(phase, False) for phase in Phase} | penalised
    assert set(model.kept.taken.values()) == {WARM}
    assert model.graphs is None


def test_the_discriminator_rests_in_some_updates_of_the_reference_here() -> None:
    steps, _ = train(build("reference"), "reference")
    assert 0 < rested(steps) < SCHEDULE.joint * STEPS


def test_what_is_saved_of_an_optimiser_are_numbers() -> None:
    model = build("timegan", Replayed)
    _, trainer = train(model, "timegan")
    for optimizer in trainer.optimizers:
        (group,) = optimizer.state_dict()["param_groups"]
        assert isinstance(group["lr"], float)
        assert not group["capturable"]


def test_where_recording_fails_steps_go_on_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(work: Any) -> Any:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")

    want = build("timegan", Replayed)
    train(want, "timegan")
    monkeypatch.setattr("tests.training.replayed.again", fail)
    model = build("timegan", Replayed)
    losses, _ = train(model, "timegan")
    assert len(losses) == SCHEDULE.total * STEPS
    assert isinstance(model, Replayed)
    assert not model.kept.recordings
    assert "one by one, as recording fails: operation not permitted" in capsys.readouterr().err
    weights = want.net.state_dict()
    for name, value in model.net.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-3, atol=1e-4, msg=name)


class Faulty(Replayed):
    """Latents that are no numbers from some iteration of the joint phase on."""

    first, last = 0, 0

    def noise(self, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        z, z_static = super().noise(x, draw)

        def factor() -> float:
            joint = self.count - SCHEDULE.ends[Phase.SUPERVISED] * STEPS
            return math.nan if self.first <= joint < self.last else 1.0

        return z * self.feed.number(factor, z), z_static


def faulty(first: int, last: int, **options: Any) -> Faulty:
    model = build("timegan", Faulty, ema_decay=0.0, **options)
    assert isinstance(model, Faulty)
    model.first, model.last = first, last
    train(model, "timegan")
    return model


def test_a_bad_gradient_costs_its_step_alone(capsys: pytest.CaptureFixture[str]) -> None:
    model = faulty(9, 10)
    assert model.guard.skipped == 3  # two updates of the generator, one of the discriminator
    assert model.guard.fallbacks == 0
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())
    assert "update generator skipped 2 times since the last look" in capsys.readouterr().err


def test_many_bad_gradients_lower_the_rate_and_bring_the_last_good_state_back() -> None:
    model = faulty(8, 8 + PATIENCE + 1)
    assert model.guard.fallbacks == 1
    assert model.guard.factors["generator"] == 0.5
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())
    assert model.kept.recordings  # they were forgotten, and made anew


def test_a_feed_gives_what_is_made_and_reads_in_the_same_order() -> None:
    feed, like, made = Feed(), torch.zeros(1, dtype=torch.float64), iter(range(9))

    def ask() -> list[Any]:
        (tensor,) = feed.tensors(lambda: [torch.full((2,), float(next(made)))], like)
        return [tensor.tolist(), float(feed.number(lambda: float(next(made)), like))]

    with feed.notes() as places:
        assert ask() == [[0, 0], 1]
    assert ask() == [[2, 2], 3]  # no longer noted
    assert [tensor.dtype for _, tensors in places for tensor in tensors] == 2 * [torch.float64]
    for make, tensors in places:
        for tensor, value in zip(tensors, make(), strict=True):
            tensor.copy_(torch.as_tensor(value))
    with feed.reading(places):
        assert ask() == [[4, 4], 5]
    assert not feed.reads


class Elsewhere(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses whatever looks at memory of the host.

    Tensors on the device ``meta`` have no numbers: what would wait for them fails by itself.
    """

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **kwargs or {})
        for leaf in tree_leaves((args, kwargs, out)):
            if isinstance(leaf, Tensor):
                assert leaf.is_meta, f"{func} has {leaf} of the host"
        return out


class Meta(TimeGAN):
    """Can be put on a device without memory after training, and do any step there."""

    acted: Phase | None = None

    @property
    def phase(self) -> Phase:
        return self.acted or super().phase

    @property
    def waits(self) -> bool:
        return self.acted is None

    def optimizers(self, use_pl_optimizer: bool = True) -> Any:
        return super().optimizers(use_pl_optimizer) if self.acted is None else self.adams

    def move(self) -> None:
        self.to("meta")
        self.adams = self.configure_optimizers()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_recorded_neither_waits_for_the_device_nor_asks_the_host(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(kind, Meta)
    train(model, kind, limit_train_batches=1)
    assert isinstance(model, Meta)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda adam: None)  # it has no kernel there
    (batch, *_) = Batches(kind, torch.float32)
    x, *others = (None if part is None else part.to("meta") for part in batch)
    assert x is not None
    model.move()
    graphs = Graphs(model.apart, model.feed, model.adams, again)
    for model.acted in Phase:
        for model.batch_idx in (0, 1):  # with penalties, and without
            with model.feed.notes() as places:
                model.apart(Batch(x, *others))
            recording = Recording(graphs, Batch(x, *others), places)
            with Elsewhere():  # type: ignore[no-untyped-call]
                recording.work()
            assert recording.values.shape == (len(recording.names),)
