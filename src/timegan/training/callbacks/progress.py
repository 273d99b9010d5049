"""Progress of training: one bar a phase on a terminal, one line an epoch elsewhere."""

import time
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from timegan.training.schedule import Phase, Schedule

SHOWN_LOSSES: dict[Phase, tuple[str, ...]] = {
    Phase.AUTOENCODER: ("reconstruction",),
    Phase.SUPERVISED: ("supervised",),
    Phase.JOINT: ("generator", "discriminator"),
}
"""Losses beside the bar; TensorBoard has them all."""

REFRESH_SECONDS = 0.2
"""Seconds between two updates of the losses: reading them costs more than a small batch."""

SPEED_SECONDS = 300.0
"""Seconds whose batches give the speed; large batches can take a minute each."""


class PhaseProgressBar(ProgressBar):
    """A progress bar with the phase, its newest losses and the time left of it.

    Args:
        console: where to write; None: the standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self.console = console
        self.is_enabled = True
        self.bar: Progress | None = None
        self.time_left = TimeRemainingColumn(compact=True)
        self.phase: Phase | None = None
        self.refreshed_at = 0.0

    def enable(self) -> None:
        """Show progress; Lightning calls this on the first process."""
        self.is_enabled = True

    def disable(self) -> None:
        """Stay silent; Lightning calls this on every other process."""
        self.is_enabled = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the bar where the run begins or is resumed."""
        if not self.is_enabled:
            return
        self.console = self.console or Console()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:3.0f} %  {task.fields[losses]}"),
            self.time_left,
            TextColumn("left"),
            console=self.console,
            transient=True,
            expand=True,
            refresh_per_second=1 / REFRESH_SECONDS,
            speed_estimate_period=SPEED_SECONDS,
            disable=not self.console.is_terminal,
        )
        self.bar.add_task("", losses="")
        batches_done = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        self.start_phase(trainer, batches_done % int(trainer.num_training_batches))
        self.bar.start()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the bar anew if a phase begins."""
        if cast(Schedule, pl_module.schedule).phase(trainer.current_epoch) is not self.phase:
            self.start_phase(trainer, batches_done=0)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        if self.bar is None:
            return
        fields: dict[str, Any] = {}
        now = time.monotonic()
        if not self.bar.disable and now - self.refreshed_at >= REFRESH_SECONDS:
            self.refreshed_at = now
            fields = self.fields(trainer)
        completed, total = self.position(trainer, batch_idx + 1)
        self.bar.update(self.bar.task_ids[0], completed=completed, total=total, **fields)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Bring the bar up to date, or write the line of the epoch."""
        if self.bar is None:
            return
        fields = self.fields(trainer)
        if not self.bar.disable:
            self.bar.update(self.bar.task_ids[0], **fields)
            return
        left = self.time_left.render(self.bar.tasks[0]).plain
        parts = [
            f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs} {self.phase}",
            fields["losses"],
            f"{left} left of the phase",
        ]
        self.write("  ".join(part for part in parts if part))

    def start_phase(self, trainer: Trainer, batches_done: int) -> None:
        """Begin the bar of the current phase, some batches of its current epoch being done."""
        if self.bar is None:
            return
        schedule = cast(Schedule, cast(Any, trainer.lightning_module).schedule)
        self.phase = schedule.phase(trainer.current_epoch)
        completed, total = self.position(trainer, batches_done)
        task = self.bar.task_ids[0]
        self.bar.reset(task, completed=completed, total=total, **self.fields(trainer))

    def position(self, trainer: Trainer, batches_done: int) -> tuple[int, int]:
        """Return the batches of the phase that are done, and all of them."""
        schedule = cast(Schedule, cast(Any, trainer.lightning_module).schedule)
        phase, batches = schedule.phase(trainer.current_epoch), int(trainer.num_training_batches)
        epoch = trainer.current_epoch - (schedule.phase_ends[phase] - schedule.epochs(phase))
        return epoch * batches + batches_done, schedule.epochs(phase) * batches

    def fields(self, trainer: Trainer) -> dict[str, Any]:
        """Return the words of the bar."""
        assert self.phase is not None
        epoch = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        return {
            "description": f"[bold]{self.phase}[/] {epoch}",
            "losses": self.losses(trainer, self.phase),
        }

    def losses(self, trainer: Trainer, phase: Phase) -> str:
        """Return the newest losses of the phase, as far as there are any."""
        # Not trainer.callback_metrics: reading it may reduce over processes, and only the first
        # process is here. Not every batch is logged, either.
        newest = cast(Any, trainer.lightning_module).latest_losses
        found = {name: newest.get(f"{phase}/{name}") for name in SHOWN_LOSSES[phase]}
        parts = [f"{name} {_short(float(v))}" for name, v in found.items() if v is not None]
        distance, baseline = (newest.get(f"validation/{name}") for name in ("distance", "baseline"))
        if phase is Phase.JOINT and distance is not None and baseline:
            parts.append(f"distance {float(distance / baseline):.1f} x baseline")
        return "  ".join(parts)

    def write(self, line: str) -> None:
        """Write a line of plain text at once; a console would format it for a notebook."""
        assert self.console is not None
        self.console.file.write(line + "\n")
        self.console.file.flush()

    def stop(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remove the bar."""
        self.stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Remove the bar before the error is printed."""
        self.stop()


def _short(value: float) -> str:
    """Format a number with three digits: 0.71, 0.00324, 12.3, 1.2e-05."""
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"
