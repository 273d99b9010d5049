"""Progress of training on a terminal and elsewhere."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest
from lightning import Trainer
from rich.console import Console
from rich.progress import Progress

from timegan.training.callbacks import PhaseCheckpoint, PhaseProgressBar
from timegan.training.callbacks.progress import _short
from timegan.training.schedule import Phase


def test_without_a_terminal_every_epoch_is_one_line(run: Callable[..., Any]) -> None:
    out = io.StringIO()
    run(PhaseProgressBar(Console(file=out, width=20)), enable_progress_bar=True).fit()
    lines = out.getvalue().splitlines()
    number = r"-?[\d.e-]+"
    left = r"\d\d:\d\d left of the phase"
    assert len(lines) == 5
    assert re.fullmatch(rf"epoch 1/5 autoencoder  reconstruction {number}  {left}", lines[0])
    assert re.fullmatch(rf"epoch 3/5 supervised  supervised {number}  {left}", lines[2])
    joint = rf"epoch 5/5 joint  generator {number}  discriminator {number}  00:00 left of the phase"
    assert re.fullmatch(joint, lines[4])


def test_on_a_terminal_a_bar_runs_to_the_end_of_the_run(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timegan.training.callbacks.progress.REFRESH_SECONDS", 1e-6)
    out = io.StringIO()
    progress = PhaseProgressBar(Console(file=out, width=120, force_terminal=True))
    run(progress, enable_progress_bar=True).fit()
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", out.getvalue())
    assert "joint epoch 5/5" in text
    assert "100 %" in text
    assert "00:00 left" in text
    assert progress.bar is None


def test_an_error_takes_the_bar_away(run: Callable[..., Any]) -> None:
    progress = PhaseProgressBar(Console(file=io.StringIO(), force_terminal=True))
    one = run(progress, enable_progress_bar=True)
    one.model.training_step = lambda batch, batch_idx: 1 / 0
    with pytest.raises(ZeroDivisionError):
        one.fit()
    assert progress.bar is None


def test_other_processes_stay_silent(run: Callable[..., Any]) -> None:
    out = io.StringIO()
    progress = PhaseProgressBar(Console(file=out))
    progress.disable()
    run(progress, enable_progress_bar=True).fit()
    assert out.getvalue() == ""


def test_every_phase_has_a_bar_of_its_own(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = bars(monkeypatch)
    run(PhaseProgressBar(Console(file=io.StringIO())), enable_progress_bar=True).fit()
    assert begun == [(0, 8), (0, 4), (0, 8)]  # phases of two, one and two epochs of four batches


def test_the_bar_of_a_resumed_run_begins_where_it_is(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(PhaseCheckpoint(every_n_batches=15), max_epochs=4).fit()
    begun = bars(monkeypatch)
    progress = PhaseProgressBar(Console(file=io.StringIO()))
    resumed = run(progress, enable_progress_bar=True, enable_checkpointing=False)
    resumed.fit(resume=tmp_path / "checkpoints" / "last.ckpt")
    assert begun == [(3, 8)]  # the joint phase begins after twelve batches


def bars(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Record the batches that are done, and all of them, whenever a bar begins."""
    begun: list[tuple[int, int]] = []
    reset = Progress.reset

    def record(self: Progress, task: Any, *, completed: int, total: int, **fields: Any) -> None:
        begun.append((completed, total))
        reset(self, task, completed=completed, total=total, **fields)

    monkeypatch.setattr(Progress, "reset", record)
    return begun


@pytest.mark.parametrize(
    ("value", "text"), [(0.714, "0.71"), (0.00324, "0.00324"), (12.3, "12.30"), (1.2e-5, "1.2e-05")]
)
def test_losses_are_short(value: float, text: str) -> None:
    assert _short(value) == text


def test_the_losses_of_one_process_are_read_without_asking_the_others() -> None:
    class Alone:
        """A Trainer without ``callback_metrics``: reading these may reduce over processes."""

        lightning_module = Mock(latest_losses={"joint/generator": 2.0, "validation/distance": 3.0})

    assert PhaseProgressBar().losses(cast(Trainer, Alone()), Phase.JOINT) == "generator 2.00"
