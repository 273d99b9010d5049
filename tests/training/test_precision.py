"""Training in other precisions than single."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from tests.training.model_kinds import KINDS, SCHEDULE, STEPS, build, train


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_precision_learns_about_what_single_precision_learns(kind: str) -> None:
    have, _ = train(build(kind), kind, precision="bf16-mixed")
    want, _ = train(build(kind), kind)
    assert len(have) == SCHEDULE.total * STEPS
    assert all(math.isfinite(loss) for step in have for loss in step.values())
    first = "autoencoder/reconstruction"
    assert have[-1][first] == pytest.approx(want[-1][first], rel=0.05)


def test_gradients_that_are_scaled_are_scaled_back_before_they_are_clipped() -> None:
    model = build("timegan")
    assert all(adam.defaults["fused"] for adam in model.configure_optimizers())
    trainer: Any = SimpleNamespace(precision_plugin=SimpleNamespace(scaler=object()))
    model._trainer = trainer
    assert not any(adam.defaults["fused"] for adam in model.configure_optimizers())
