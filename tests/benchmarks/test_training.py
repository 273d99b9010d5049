"""The benchmark times the training that users get."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import gpu, speed
from benchmarks.sizes import PRESETS, model
from benchmarks.training import Bare, Cell, by_bare_loop, by_lightning
from timegan.training.module import TimeGAN
from timegan.training.schedule import Phase


@pytest.mark.parametrize("name", PRESETS)
def test_the_bare_loop_trains_as_lightning_does(name: str) -> None:
    cell = Cell(name, "stock", 8, 4)
    schedule = cell.schedule(Phase.JOINT)
    fit = model(TimeGAN, name, cell.data, schedule, hidden=4, backend="torch")
    bare = model(Bare, name, cell.data, schedule, hidden=4, backend="torch")
    by_lightning(fit, cell.data, 3)
    by_bare_loop(bare, cell.data, 3)
    for (key, a), b in zip(
        fit.net.state_dict().items(), bare.net.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), key


def test_ratios_are_saved_for_every_variant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiled: None
) -> None:
    cell = Cell("reference", "stock", 8, 4, (Phase.AUTOENCODER, Phase.JOINT))
    monkeypatch.setattr(speed, "FEW", [cell])
    out = tmp_path / "speed.json"
    given = ["--only", "training", "sampling", "--rounds", "1", "--budget", "0.001"]
    speed.main([*given, "--out", str(out)])
    found = json.loads(out.read_text())
    backends = {"baseline", "torch", "fused", "native"}
    assert [set(record["ratio"]) for record in found["training"]] == 2 * [backends | {"bare"}]
    assert [set(record["ratio"]) for record in found["sampling"]] == [backends | {"generate"}]


def test_the_gpu_is_compared_with_the_plain_loop_and_with_one_core() -> None:
    cell = Cell("timegan", "stock", 8, 4)
    found = gpu.measure(cell, Phase.JOINT, rounds=2, budget=0.001, device="cpu")
    assert set(found) == {"baseline", "gpu", "one core"}
    assert all(len(rounds) == 2 and min(rounds) > 0 for rounds in found.values())
