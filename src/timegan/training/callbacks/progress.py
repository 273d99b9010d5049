"""One bar for the whole run on a terminal, one line an epoch elsewhere."""

import time
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from timegan.training.callbacks.eta import Clock, clock_face
from timegan.training.schedule import Phase, Schedule

SHOWN: dict[Phase, tuple[str, ...]] = {
    Phase.AUTOENCODER: ("reconstruction",),
    Phase.SUPERVISED: ("supervised",),
    Phase.JOINT: ("generator", "discriminator"),
}
"""The losses that stand beside the bar; TensorBoard has them all."""

REFRESH = 0.2
"""Seconds between two looks at the bar: reading the metrics costs more than a small batch."""


class PhaseProgressBar(ProgressBar):
    """Say which phase it is, the newest losses, and the time left for the whole run.

    Args:
        console: where to write; None: the standard output.
    """

    def __init__(self, console: Console | None = None) -> None:
        super().__init__()
        self.console = console
        self.enabled = True
        self.bar: Bar | None = None
        self.clock: Clock | None = None
        self.tick_at = self.shown_at = 0.0

    def enable(self) -> None:
        """Lightning calls this on the first process."""
        self.enabled = True

    def disable(self) -> None:
        """Lightning calls this on every other process."""
        self.enabled = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Find out where the run begins, and start the bar if there is a terminal."""
        if not self.enabled:
            return
        self.clock = Clock(cast(Schedule, pl_module.schedule), int(trainer.num_training_batches))
        batches = trainer.fit_loop.epoch_loop.batch_progress.current.ready
        self.clock.start(trainer.current_epoch, batches % self.clock.batches)
        self.console = self.console or Console()
        if self.console.is_terminal:
            self.bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.percentage:3.0f} %  {task.fields[losses]}"),
                TextColumn("[cyan]{task.fields[left]}"),
                console=self.console,
                transient=True,
                expand=True,
                refresh_per_second=1 / REFRESH,
            )
            self.bar.add_task("", total=1.0, losses="", left="")
            self.show(trainer)
            self.bar.start()
        self.tick_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Measure the batch; move the bar now and then."""
        if self.clock is None:
            return
        now = time.monotonic()
        self.clock.schedule = cast(Schedule, pl_module.schedule)  # phases may end early
        self.clock.tick(trainer.current_epoch, now - self.tick_at)
        self.tick_at = now
        if self.bar is not None and now - self.shown_at >= REFRESH:
            self.shown_at = now
            self.show(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Move the bar, or write the epoch's line."""
        if self.clock is None or self.console is None:
            return
        if self.bar is not None:
            self.show(trainer)
            return
        epoch, phase = trainer.current_epoch, self.clock.schedule.phase(trainer.current_epoch)
        parts = [
            f"epoch {epoch + 1}/{trainer.max_epochs} {phase}",
            self.losses(trainer, phase),
            f"{clock_face(self.clock.left)} left",
        ]
        self.write("  ".join(part for part in parts if part))

    def show(self, trainer: Trainer) -> None:
        """Bring the bar up to date."""
        assert self.bar is not None
        assert self.clock is not None
        phase = self.clock.schedule.phase(trainer.current_epoch)
        self.bar.update(
            self.bar.task_ids[0],
            completed=self.clock.share,
            description=f"[bold]{phase}[/] epoch {trainer.current_epoch + 1}/{trainer.max_epochs}",
            losses=self.losses(trainer, phase),
            left=f"{clock_face(self.clock.left)} left" if self.clock.known else "",
        )

    def losses(self, trainer: Trainer, phase: Phase) -> str:
        """The newest losses of the phase, as far as any were logged."""
        # Not trainer.callback_metrics: reading it may reduce over processes, and only the first
        # process is here. Not every batch is logged, either.
        newest = cast(Any, trainer.lightning_module).latest_losses
        found = {name: newest.get(f"{phase}/{name}") for name in SHOWN[phase]}
        parts = [f"{name} {_short(float(v))}" for name, v in found.items() if v is not None]
        distance, floor = (newest.get(f"validation/{name}") for name in ("distance", "floor"))
        if phase is Phase.JOINT and distance is not None and floor:
            parts.append(f"distance {float(distance / floor):.1f} x floor")
        return "  ".join(parts)

    def write(self, line: str) -> None:
        """A line of plain text, at once; the console itself would dress it up for a notebook."""
        assert self.console is not None
        self.console.file.write(line + "\n")
        self.console.file.flush()

    def stop(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the bar away."""
        self.stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Give the terminal back before the message comes."""
        self.stop()


def _short(value: float) -> str:
    """Three digits: 0.71, 0.00324, 12.3, 1.2e-05."""
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 or value == 0 else f"{value:.3g}"
