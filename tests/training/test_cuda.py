"""Training on a CUDA device: as on a CPU, and by recorded graphs as without."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from tests.training.replayed import KINDS, SCHEDULE, build, train
from timegan.synthesizer import Synthesizer
from timegan.training.cuda_graphs import WARM, Graphs
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]


class Watched(TimeGAN):
    """Keeps its graphs."""

    kept: Graphs | None = None

    def record_steps(self) -> None:
        super().record_steps()
        self.kept = self.graphs


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums in the same order every time."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)


def close(have: list[dict[str, float]], want: list[dict[str, float]], rel: float) -> None:
    for iteration, (found, expected) in enumerate(zip(have, want, strict=True)):
        assert found == pytest.approx(expected, rel=rel, abs=rel), iteration


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_those_of_a_cpu(kind: str) -> None:
    model = build(kind, Watched, cuda_graphs=True).double()
    have, _ = train(model, kind, "gpu")
    want, _ = train(build(kind).double(), kind)
    close(have, want, 1e-5)
    assert isinstance(model, Watched)
    assert model.kept
    assert (Phase.JOINT, False) in model.kept.recordings


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_learn_what_steps_learn(kind: str) -> None:
    recorded, plain = build(kind, Watched, cuda_graphs=True), build(kind, Watched)
    have, trainer = train(recorded, kind, "gpu")
    want, other = train(plain, kind, "gpu")
    close(have, want, 1e-3)
    assert trainer.global_step == other.global_step
    assert isinstance(recorded, Watched)
    assert isinstance(plain, Watched)
    assert plain.kept is None
    assert recorded.kept is not None
    assert (Phase.JOINT, False) in recorded.kept.recordings
    assert set(recorded.kept.taken.values()) == {WARM}
    weights = recorded.net.state_dict()
    for name, value in plain.net.state_dict().items():
        torch.testing.assert_close(weights[name], value, rtol=1e-2, atol=1e-3, msg=name)


class Faulty(Watched):
    """Noise that is no number in one iteration of the joint phase."""

    def noise(self, x: Tensor, draw: int) -> tuple[Tensor, Tensor]:
        z, z_static = super().noise(x, draw)
        bad = SCHEDULE.ends[Phase.SUPERVISED] * self.batches + 13
        return z * self.feed.number(lambda: np.nan if self.count == bad else 1.0, z), z_static


@pytest.mark.parametrize("graphs", [False, True])
def test_a_bad_gradient_costs_its_step_alone(graphs: bool) -> None:
    model = build("timegan", Faulty, cuda_graphs=graphs)
    train(model, "timegan", "gpu")
    assert model.guard.skipped == 3
    assert model.guard.fallbacks == 0
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_trains_without_graphs(precision: str) -> None:
    model = build("timegan", Watched, cuda_graphs=True)
    losses, _ = train(model, "timegan", "gpu", precision=precision)
    want, _ = train(build("timegan"), "timegan")
    first = "autoencoder/reconstruction"
    assert losses[-1][first] == pytest.approx(want[-1][first], rel=0.05)
    assert isinstance(model, Watched)
    assert model.kept is None
    assert all(bool(v.isfinite().all()) for v in model.net.state_dict().values())


def test_a_table_goes_in_and_comes_out(tmp_path: Path) -> None:
    walk = np.random.default_rng(0).normal(size=(400, 2)).cumsum(0)
    table = pd.DataFrame(walk, columns=["a", "b"])
    options: dict[str, Any] = {"autoencoder": 1, "supervised": 1, "joint": 2}
    model = Synthesizer(window=12, accelerator="gpu", schedule=options, cuda_graphs=True).fit(table)
    made = model.sample(20, seed=1)
    assert list(made.columns)[-2:] == ["a", "b"]
    assert made[["a", "b"]].notna().all().all()
    model.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model").sample(20, seed=1)
    pd.testing.assert_frame_equal(made, again)
