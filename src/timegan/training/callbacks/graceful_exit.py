"""Graceful exit on Ctrl-C and SIGTERM: finish the batch, save a checkpoint, and exit."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from timegan.errors import quote_argument, tell, where_to_continue
from timegan.training.callbacks.checkpoints import PhaseCheckpoint

SIGNALS = (signal.SIGINT, signal.SIGTERM)

GRACE_SECONDS = 2.0
"""Seconds between a second signal and the forced end of a process that does not leave by itself."""

REQUEUE = signal.SIGUSR2
"""Signal of submitit that the time limit of a job is near; its handler queues the job again."""


class GracefulExit(Checkpoint):
    """A callback that saves ``last.ckpt`` on SIGINT or SIGTERM and exits with status 130 or 143.

    A checkpoint from the middle of a batch does not resume exactly, so a signal only sets a flag.
    The processes agree on it at the end of the batch and exit together. A second signal does not
    wait, see :func:`exit_on_second_signal` for processes that hang. During training the callback
    replaces the handler of Lightning, which exits with status 0.

    If ``REQUEUE`` has a handler, that signal saves a checkpoint too, and the handler runs after it.
    """

    def __init__(self) -> None:
        self.received_signal = 0
        self.previous_handlers: dict[int, Any] = {}
        self.farewell: tuple[str, ...] = ()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Move to the end of the callbacks, so that the end of a phase is saved before the exit."""
        others = [c for c in trainer.callbacks if c is not self]  # type: ignore[attr-defined]
        trainer.callbacks = [*others, self]  # type: ignore[attr-defined]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Install the handlers."""
        self.received_signal = 0
        if threading.current_thread() is threading.main_thread():
            requeue = [REQUEUE] if callable(signal.getsignal(REQUEUE)) else []
            self.previous_handlers = {
                number: signal.signal(number, self.on_signal) for number in (*SIGNALS, *requeue)
            }

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restore the previous handlers; Lightning's clean-up precedes ``teardown``."""
        for number, handler in self.previous_handlers.items():
            signal.signal(number, handler)
        self.previous_handlers = {}

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Restore the previous handlers, and say how to continue; the bar is gone by now."""
        self.on_train_end(trainer, pl_module)
        tell(*self.farewell)

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Note the first signal; exit at once on the second."""
        if self.received_signal:
            raise SystemExit(128 + number)
        self.received_signal = number
        line = f"\n{signal.Signals(number).name}: stopping after this batch; again: at once.\n"
        os.write(2, line.encode())  # sys.stderr may be in the middle of a line of its own

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Exit if any process got a signal; after the last batch the epoch ends first."""
        self.received_signal = self.agree_on_signal(trainer)
        if self.received_signal and not trainer.is_last_batch:
            self.save_and_exit(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Exit if a signal came by the last batch."""
        if self.agree_on_signal(trainer):
            self.save_and_exit(trainer)

    def agree_on_signal(self, trainer: Trainer) -> int:
        """Return the signal that reached any of the processes, or 0."""
        if trainer.world_size == 1:
            return self.received_signal
        flag = torch.tensor(self.received_signal, device=trainer.strategy.root_device)
        return int(trainer.strategy.reduce(flag, reduce_op="max"))

    def save_and_exit(self, trainer: Trainer) -> None:
        """Save a checkpoint and exit.

        Raises:
            SystemExit: always; 128 plus the signal's number, as a shell has it. Processes that
                Lightning started end with 0, or it would kill the first one for their failure.
        """
        self.received_signal = self.agree_on_signal(trainer)
        checkpoints = next(
            (c for c in trainer.checkpoint_callbacks if isinstance(c, PhaseCheckpoint)), None
        )
        path = (checkpoints or PhaseCheckpoint()).save(trainer)
        if trainer.is_global_zero:
            run = path.parent.parent
            where = f"Stopped in epoch {trainer.current_epoch + 1} of {trainer.max_epochs}."
            remedy = f"run the same command with {quote_argument('ckpt_path', path)} to continue."
            self.farewell = (f"{where} Nothing is lost: {remedy}",)
            if (run / ".hydra" / "config.yaml").is_file():  # of `train.py`
                self.farewell = where_to_continue(where, run)
        trainer.strategy.barrier("interrupt")
        if self.received_signal == REQUEUE and trainer.is_global_zero:
            self.previous_handlers[REQUEUE](REQUEUE, None)
        raise SystemExit(128 + self.received_signal if trainer.is_global_zero else 0)


@contextmanager
def exit_on_second_signal(children: Callable[[], list[int]] = list) -> Iterator[None]:
    """Force the process to exit when SIGINT or SIGTERM arrives twice within the block.

    Python runs a signal's handler between two instructions of the main thread. A thread that waits
    for another process in compiled code (a barrier, a reduction) never gets there. The interpreter,
    however, writes the signal's number to a socket at once, and a separate thread reads it here.
    The exit status is 128 plus the signal's number.

    Args:
        children: a function that returns the ids of processes to kill as well.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    left = threading.Event()

    def watch() -> None:
        seen = 0
        while content := reader.recv(64):
            for number in content:
                seen += number in SIGNALS
                if seen == 2:
                    if not left.wait(GRACE_SECONDS):
                        _end_now(number, children())
                    return

    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, name="second signal", daemon=True)
    thread.start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        writer.close()  # the thread reads the end of the stream, and ends
        thread.join()
        reader.close()


def _end_now(number: int, children: list[int]) -> None:
    """Kill the children and exit without further clean-up."""
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar hides it
    os.write(2, f"{show_cursor}{signal.Signals(number).name} again: ended at once.\n".encode())
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os._exit(128 + number)
