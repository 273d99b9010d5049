"""Training on a CUDA device gives what training on a CPU gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tests.training.model_kinds import KINDS, SCHEDULE, STEPS, build, train
from timegan.synthesizer import Synthesizer
from timegan.training.noise import NoiseSource
from timegan.training.schedule import Phase

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute sums in one order."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_those_of_a_cpu(kind: str) -> None:
    have, _ = train(build(kind).double(), kind, "gpu")
    want, _ = train(build(kind).double(), kind)
    for iteration, (found, expected) in enumerate(zip(have, want, strict=True)):
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-5), iteration


def test_a_bad_gradient_costs_its_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = NoiseSource.window_noise
    bad = SCHEDULE.phase_ends[Phase.SUPERVISED] + 3, 1

    def faulty(self: NoiseSource, *args: Any) -> tuple[Tensor, Tensor]:
        z, z_static = noise(self, *args)
        return z * (np.nan if (self.epoch, self.batch_idx) == bad else 1.0), z_static

    monkeypatch.setattr(NoiseSource, "window_noise", faulty)
    assert bad[1] < STEPS
    model = build("timegan")
    train(model, "timegan", "gpu")
    assert model.guard.skipped == 3
    assert model.guard.rollbacks == 0
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_trains(precision: str) -> None:
    model = build("timegan")
    losses, _ = train(model, "timegan", "gpu", precision=precision)
    want, _ = train(build("timegan"), "timegan")
    first = "autoencoder/reconstruction"
    assert losses[-1][first] == pytest.approx(want[-1][first], rel=0.05)
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())


def test_a_table_goes_in_and_comes_out(tmp_path: Path) -> None:
    walk = np.random.default_rng(0).normal(size=(400, 2)).cumsum(0)
    table = pd.DataFrame(walk, columns=["a", "b"])
    options: dict[str, Any] = {"autoencoder": 1, "supervised": 1, "joint": 2}
    model = Synthesizer(window=12, accelerator="gpu", schedule=options).fit(table)
    made = model.sample(20, seed=1)
    assert list(made.columns)[-2:] == ["a", "b"]
    assert made[["a", "b"]].notna().all().all()
    model.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model").sample(20, seed=1)
    pd.testing.assert_frame_equal(made, again)
