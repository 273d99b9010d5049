"""Batches are a function of (seed, epoch, batch, draw), also through Lightning's checkpoints."""

from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import pytest
import torch

from timegan.data import RandomWindows, WindowDataModule, Windows
from timegan.errors import InputError
from timegan.nn.batch import Batch

STEPS = 4  # batches in an epoch


def loader(windows: int = 100, **options: Any) -> RandomWindows:
    """Return a loader of windows of two steps, whose first value is their number."""
    rows = np.arange(windows + 1, dtype=np.float32)[:, None]
    options = {
        "batch_size": 8,
        "steps_per_epoch": STEPS,
        "batches_per_step": 3,
        "seed": 0,
    } | options
    return RandomWindows(Windows(rows, np.arange(windows), 2), **options)


def numbers(batch: Batch) -> np.ndarray:
    return batch.x[:, :, 0, 0].numpy().astype(int)


def test_an_epoch_has_the_same_number_of_batches_whatever_the_size_of_the_data() -> None:
    for windows in (1, 10, 1_000):
        batches = list(loader(windows))
        assert len(batches) == len(loader(windows)) == STEPS
        assert all(
            batch.x.shape == (3, 8, 2, 1) and batch.x.dtype == torch.float32 for batch in batches
        )


def test_epochs_batches_and_draws_differ_and_repeat() -> None:
    def picks() -> list[tuple[int, ...]]:
        source = loader()
        return [tuple(draw) for _ in range(3) for batch in source for draw in numbers(batch)]

    assert len(set(picks())) == 3 * STEPS * 3
    assert picks() == picks()
    assert not set(picks()) & {tuple(d) for b in loader(seed=1) for d in numbers(b)}


def test_a_draw_holds_no_window_twice_unless_there_are_too_few() -> None:
    assert all(len(set(draw)) == 8 for batch in loader() for draw in numbers(batch))
    assert all(set(draw) <= set(range(5)) for batch in loader(5) for draw in numbers(batch))


def test_every_window_is_drawn() -> None:
    drawn = np.concatenate([numbers(batch).ravel() for batch in loader(steps_per_epoch=100)])
    assert set(drawn) == set(range(100))


@pytest.mark.parametrize("world_size", [2, 4])
def test_processes_share_the_global_batch(world_size: int) -> None:
    parts = [loader(rank=rank, world_size=world_size) for rank in range(world_size)]
    for whole, *shares in zip(loader(), *parts, strict=True):
        torch.testing.assert_close(
            torch.cat([part.x for part in shares], dim=1), whole.x, rtol=0, atol=0
        )


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    with pytest.raises(InputError, match=r"dataset\.batch_size=8 .* multiple of 3\. Set .*=9"):
        loader(world_size=3)


def test_a_state_goes_on_where_it_was_taken() -> None:
    source = loader()
    source.set_epoch(2)
    batches = iter(source)
    next(batches)
    state = source.state_dict()
    rest = [numbers(batch) for batch in batches]

    resumed = loader()
    resumed.load_state_dict(state)
    np.testing.assert_array_equal([numbers(batch) for batch in resumed], rest)
    assert len(rest) == STEPS - 1


def test_leaving_a_loop_early_starts_the_epoch_again() -> None:
    source = loader()
    first = numbers(next(iter(source)))
    np.testing.assert_array_equal(numbers(next(iter(source))), first)


class Recorder(lightning.LightningModule):
    """Learns nothing; writes down which windows it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[int, int, float]] = []

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        optimizer.step()
        self.seen.append((self.current_epoch, batch_idx, float(batch.x.double().sum())))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.0)


class Save(lightning.Callback):
    """Writes a checkpoint after one batch, or after one epoch."""

    def __init__(self, path: Path, epoch: int, batch: int | None) -> None:
        self.path, self.epoch, self.batch = path, epoch, batch

    def on_train_batch_end(
        self, trainer: lightning.Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if (trainer.current_epoch, batch_idx) == (self.epoch, self.batch):
            trainer.save_checkpoint(self.path)

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Any) -> None:
        if (trainer.current_epoch, None) == (self.epoch, self.batch):
            trainer.save_checkpoint(self.path)


def fit(callback: Save | None = None, resume: Path | None = None, **options: Any) -> Recorder:
    table = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100.0) ** 2})
    data = WindowDataModule.from_frame(table, window=5, batch_size=8, steps_per_epoch=STEPS)
    model = Recorder()
    trainer = lightning.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[callback] if callback else None,
        **options,
    )
    trainer.fit(model, data, ckpt_path=resume, weights_only=True)
    return model


def test_lightning_shows_every_batch_of_every_epoch_once() -> None:
    model = fit()
    assert [(e, b) for e, b, _ in model.seen] == [(e, b) for e in range(3) for b in range(STEPS)]
    assert len({content for *_, content in model.seen}) == 3 * STEPS


@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.parametrize("batch", [*range(STEPS), None])
def test_a_resumed_run_sees_exactly_what_was_left(
    tmp_path: Path, epoch: int, batch: int | None
) -> None:
    path = tmp_path / "run.ckpt"
    whole = fit(Save(path, epoch, batch)).seen
    done = epoch * STEPS + (STEPS if batch is None else batch + 1)
    assert fit(resume=path).seen == whole[done:]


def test_resuming_twice_in_one_epoch_loses_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "first.ckpt", tmp_path / "second.ckpt"
    whole = fit(Save(first, 1, 0)).seen
    fit(Save(second, 1, 2), resume=first)
    assert fit(resume=second).seen == whole[STEPS + 3 :]


def test_a_limited_epoch_still_follows_lightning() -> None:
    whole = fit().seen
    assert fit(limit_train_batches=2).seen == [seen for seen in whole if seen[1] < 2]
