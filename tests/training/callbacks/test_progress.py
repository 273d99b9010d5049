"""What the terminal shows, and how the time left is reckoned."""

import io
import re
from collections.abc import Callable
from typing import Any, cast
from unittest.mock import Mock

import pytest
from lightning import Trainer
from rich.console import Console

from timegan.training.callbacks import PhaseProgressBar
from timegan.training.callbacks.eta import Clock, clock_face
from timegan.training.callbacks.progress import _short
from timegan.training.schedule import Phase, Schedule


def test_without_a_terminal_every_epoch_is_one_line(run: Callable[..., Any]) -> None:
    out = io.StringIO()
    run(PhaseProgressBar(Console(file=out, width=20)), enable_progress_bar=True).fit()
    lines = out.getvalue().splitlines()
    number = r"-?[\d.e-]+"
    assert len(lines) == 5
    assert re.fullmatch(
        rf"epoch 1/5 autoencoder  reconstruction {number}  \d\d:\d\d left", lines[0]
    )
    assert re.fullmatch(rf"epoch 3/5 supervised  supervised {number}  \d\d:\d\d left", lines[2])
    assert re.fullmatch(
        rf"epoch 5/5 joint  generator {number}  discriminator {number}  00:00 left", lines[4]
    )


def test_on_a_terminal_one_bar_runs_to_the_end_of_the_run(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("timegan.training.callbacks.progress.REFRESH", 1e-6)
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


def test_a_joint_batch_is_taken_for_ten_of_the_autoencoder_until_it_is_measured() -> None:
    clock = Clock(Schedule(autoencoder=2, supervised=1, joint=3), batches=10)
    clock.tick(0, 7.0)  # the first one warms up
    for _ in range(9):
        clock.tick(0, 1.0)
    assert clock.left == pytest.approx(10 + 10 + 30 * 10)
    assert clock.share == pytest.approx(10 / 330)
    clock.start(3)
    clock.tick(3, 9.0)
    clock.tick(3, 4.0)
    assert clock.left == pytest.approx(28 * 4)


def test_a_resumed_run_counts_from_where_it_is() -> None:
    clock = Clock(Schedule(autoencoder=2, supervised=1, joint=3), batches=10)
    clock.start(3, batch=5)
    assert [*clock.done.values()] == [20, 10, 5]
    clock.tick(3, 2.0)
    assert clock.left == pytest.approx(24 * 2)


@pytest.mark.parametrize(
    ("seconds", "face"), [(0, "00:00"), (59.6, "01:00"), (190, "03:10"), (3725, "1:02:05")]
)
def test_seconds_read_like_a_clock(seconds: float, face: str) -> None:
    assert clock_face(seconds) == face


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
