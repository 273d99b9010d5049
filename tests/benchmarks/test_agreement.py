"""The model learns what the plain loop of benchmarks/baseline.py learns, whatever the backend."""

import itertools
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import pytest
import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from benchmarks.baseline import BASELINES, Recipe
from benchmarks.sizes import BACKENDS, PRESETS, arguments
from timegan.seeds import generator
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase, Schedule

C, T, B, HIDDEN = 2, 5, 16, 6
SEED, STEPS = 1, 4  # whole rounds of penalties
SCHEDULE = Schedule(autoencoder=1, supervised=1, joint=13)  # epochs of STEPS iterations
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
DRIFTS = {"joint/penalty": 1e-2}
"""Losses that rounding in float32 changes: slopes of the critics flip within 50 iterations."""
RUNS = [(backend, torch.float64) for backend in BACKENDS] + [("native", torch.float32)]


class Batches:
    """Random walks in [0, 1], the same in every epoch."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype

    def __len__(self) -> int:
        return STEPS

    def __iter__(self) -> Iterator[Tensor]:
        for batch in range(STEPS):
            steps = torch.randn(3, B, T, C, generator=generator(0, "batch", batch))
            yield steps.cumsum(2).mul(0.3).sigmoid().to(self.dtype)


class Losses(Callback):
    """Losses of every iteration."""

    def __init__(self) -> None:
        self.found: list[dict[str, float]] = []

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any
    ) -> None:
        assert isinstance(pl_module, TimeGAN)
        self.found.append({name: float(loss) for name, loss in pl_module.latest_losses.items()})
        pl_module.latest_losses.clear()


def ours(name: str, backend: str = "torch") -> TimeGAN:
    return TimeGAN(C, T, SCHEDULE, seed=SEED, **arguments(name, HIDDEN, backend))


def trained(name: str, backend: str, dtype: torch.dtype) -> list[dict[str, float]]:
    """Return losses of the model, trained by Lightning."""
    losses = Losses()
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[losses],
    )
    trainer.fit(ours(name, backend).to(dtype), Batches(dtype))
    return losses.found


@cache
def plain(name: str, dtype: torch.dtype) -> list[dict[str, float]]:
    """Return losses of the baseline from the same weights, batches and noise."""
    baseline = BASELINES[name](C, T, hidden=HIDDEN).to(dtype)
    weights = ours(name).net.state_dict()
    baseline.load_state_dict({key: weights[key] for key in baseline.state_dict()})
    batches = list(Batches(dtype))
    found = []
    for epoch, batch in itertools.product(range(SCHEDULE.total), range(STEPS)):
        baseline.random = partial(stream, epoch, batch)
        phase = SCHEDULE.phase(epoch)
        if isinstance(baseline, Recipe) and (epoch, batch) == (
            SCHEDULE.phase_ends[Phase.SUPERVISED],
            0,
        ):
            baseline.calibrate()
        iteration = getattr(baseline, phase)
        values = iteration(batches[batch], SCHEDULE.progress(epoch + batch / STEPS))
        found.append({name: float(value) for name, value in values.items()})
    return found


def stream(epoch: int, batch: int, purpose: str, draw: int) -> torch.Generator:
    """Return the model's random numbers at a step of the run."""
    path = (purpose,) if purpose == "latent" else (purpose, draw)
    return generator(SEED, *path, epoch, batch)


@pytest.mark.parametrize(("backend", "dtype"), RUNS)
@pytest.mark.parametrize("name", PRESETS)
def test_losses_agree_with_the_plain_loop_over_fifty_joint_iterations(
    name: str, backend: str, dtype: torch.dtype, request: pytest.FixtureRequest
) -> None:
    if backend == "native":
        request.getfixturevalue("compiled")
    want, have = plain(name, dtype), trained(name, backend, dtype)
    assert len(want) == len(have) == SCHEDULE.total * STEPS
    drifts = DRIFTS if dtype is torch.float32 else {}
    for iteration, (expected, found) in enumerate(zip(want, have, strict=True)):
        for loss, value in expected.items():
            tolerance = drifts.get(loss, TOLERANCE[dtype])
            assert found[loss] == pytest.approx(value, rel=tolerance), (iteration, loss)
