"""Gradients that are not finite, or explode, cost a step and not the run."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from lightning import Trainer

from timegan.data import WindowDataModule
from timegan.errors import TrainingError
from timegan.training.callbacks import PhaseCheckpoint
from timegan.training.checkpoint_files import AtomicCheckpointIO, read_checkpoint
from timegan.training.gradient_guard import MAX_ROLLBACKS, PATIENCE
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

SCHEDULE = Schedule(autoencoder=1, supervised=1, joint=1)
BATCHES = 13  # enough for two times PATIENCE


class Faulty(TimeGAN):
    """A model whose losses are multiplied by ``fault`` in some calls of an update."""

    fault: float = float("nan")
    at: dict[str, range] = {}
    calls: dict[str, int] = {}
    seen: list[tuple[str, bool]] = []

    def update(self, name: str) -> Any:
        context = super().update(name)
        call = self.calls[name] = self.calls.get(name, -1) + 1
        if call not in self.at.get(name, ()):
            return context

        class Broken:
            def __enter__(broken) -> Any:
                minimize = context.__enter__()
                nets = [getattr(self.net, n) for n in self.updates[name]]
                before = [p.clone() for net in nets for p in net.parameters()]

                def faulty(loss: Any, *skip: Any) -> None:
                    minimize(loss * self.fault, *skip)
                    after = [p for net in nets for p in net.parameters()]
                    same = all(map(torch.equal, before, after))
                    self.seen.append((name, same))

                return faulty

            def __exit__(broken, *error: Any) -> Any:
                return context.__exit__(*error)

        return Broken()


def train(folder: Path, at: dict[str, range], resume: Path | None = None, **options: Any) -> Faulty:
    fault, batches = options.pop("fault", float("nan")), options.pop("batches", BATCHES)
    model = Faulty(5, 6, SCHEDULE, **({"hidden": 6, "log_every": 1} | options))
    model.at, model.calls, model.seen, model.fault = at, {}, [], fault
    table = folder / "table.csv"
    values = np.random.default_rng(0).normal(size=(120, 5)).cumsum(0)
    pd.DataFrame(values, columns=[*"abcde"]).to_csv(table, index=False)
    data = WindowDataModule(path=str(table), window=6, batch_size=8, steps_per_epoch=batches)
    trainer = Trainer(
        max_epochs=SCHEDULE.total,
        default_root_dir=folder,
        callbacks=[PhaseCheckpoint()],
        plugins=[AtomicCheckpointIO()],
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, data, ckpt_path=resume)
    return model


def finite(model: TimeGAN) -> bool:
    return all(bool(v.isfinite().all()) for v in model.state_dict().values())


@pytest.mark.parametrize(
    ("fault", "clip"), [(float("nan"), 10.0), (float("inf"), 0.0), (1e15, 0.0), (1e15, 10.0)]
)
def test_a_bad_gradient_costs_its_step_alone(
    fault: float, clip: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = {name: range(3, 4) for name in ("autoencoder", "supervised", "generator", "discriminator")}
    model = train(tmp_path, at, fault=fault, grad_clip=clip)
    assert model.seen == [(name, True) for name in at]
    assert model.guard.skipped == 4
    assert finite(model)
    assert "Epoch 1, batch 4: update autoencoder skipped" in capsys.readouterr().err
    assert read_checkpoint(tmp_path / "checkpoints/last.ckpt")["guard"]["skipped"] == 4


def test_several_in_a_row_lower_the_rate_of_that_update_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = train(tmp_path, {"generator": range(2, 2 + PATIENCE)})
    assert model.guard.lr_factors == {"generator": 0.5}
    assert model.guard.rollbacks == 0
    rates = {
        name: optimizer.param_groups[0]["lr"]
        for name, optimizer in zip(model.updates, model.optimizers(), strict=True)
    }
    assert rates["generator"] == 0.5 * rates["discriminator"]
    assert "its learning rate is now 0.5" in capsys.readouterr().err


def test_more_of_them_bring_the_last_good_state_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = train(tmp_path, {"supervised": range(2, 2 + 2 * PATIENCE)})
    assert model.guard.rollbacks == 1
    assert finite(model)
    assert "back to the last good state (1 of 3)" in capsys.readouterr().err


def test_weights_that_are_no_numbers_are_taken_back(tmp_path: Path) -> None:
    class Poisoned(Faulty):
        def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
            super().on_train_batch_start(batch, batch_idx)
            if (self.current_epoch, batch_idx) == (2, 3):
                with torch.no_grad():
                    next(self.net.generator.parameters()).fill_(torch.nan)

    faulty = globals()["Faulty"]
    globals()["Faulty"] = Poisoned
    try:
        model = train(tmp_path, {})
    finally:
        globals()["Faulty"] = faulty
    assert model.guard.rollbacks >= 1
    assert finite(model)


def test_what_never_gets_better_ends_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"batch \d+: the gradients of update supervised.*lower"
    ):
        train(tmp_path, {"supervised": range(10**6)}, batches=2 * PATIENCE * (MAX_ROLLBACKS + 1))


def test_counts_and_rates_go_on_after_a_resume(tmp_path: Path) -> None:
    at = {"supervised": range(2, 2 + PATIENCE)}
    whole = train(tmp_path, at)
    again = train(tmp_path, {}, resume=tmp_path / "checkpoints/supervised.ckpt")
    assert again.guard.lr_factors == whole.guard.lr_factors == {"supervised": 0.5}
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name


def test_a_healthy_run_has_nothing_to_keep(tmp_path: Path) -> None:
    train(tmp_path, {})
    assert "guard" not in read_checkpoint(tmp_path / "checkpoints/last.ckpt")
