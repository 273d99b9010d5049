"""Ctrl-C and SIGTERM: finish the batch, save, say how to go on, and end with the usual status."""

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

from timegan.errors import quote_argument, tell
from timegan.training.callbacks.checkpoints import PhaseCheckpoint

SIGNALS = (signal.SIGINT, signal.SIGTERM)

GRACE_SECONDS = 2.0
"""Seconds between a second signal and the forced end of a process that does not leave by itself."""

REQUEUE = signal.SIGUSR2
"""submitit's: the time limit of a cluster's job is near; its handler queues the job again."""


class GracefulExit(Checkpoint):
    """Turn the two signals into a saved ``last.ckpt`` and the exit status 130 or 143.

    A checkpoint from the middle of a batch does not resume exactly, so the signal only sets a flag.
    The processes agree on it at the end of the batch and leave together. A second signal does not
    wait; :func:`exit_on_second_signal` sees to that where a process hangs. While training runs,
    this takes the place of Lightning's own handler, which ends with status 0.

    Where somebody else listens to ``REQUEUE``, that signal saves in the same way, and then goes to
    who was listening.
    """

    def __init__(self) -> None:
        self.received = 0
        self.before: dict[int, Any] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Go last, so that a phase that ends with this very batch is saved before we leave."""
        others = [c for c in trainer.callbacks if c is not self]  # type: ignore[attr-defined]
        trainer.callbacks = [*others, self]  # type: ignore[attr-defined]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen."""
        self.received = 0
        if threading.current_thread() is threading.main_thread():
            requeue = [REQUEUE] if callable(signal.getsignal(REQUEUE)) else []
            self.before = {
                number: signal.signal(number, self.receive) for number in (*SIGNALS, *requeue)
            }

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen no more; in ``teardown`` it would be too late, for Lightning tidies up before."""
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Listen no more."""
        self.on_train_end(trainer, pl_module)

    def receive(self, number: int, _: FrameType | None) -> None:
        """Remember the first signal; obey the second at once."""
        if self.received:
            raise SystemExit(128 + number)
        self.received = number
        line = f"\n{signal.Signals(number).name}: stopping after this batch; again: at once.\n"
        os.write(2, line.encode())  # sys.stderr may be in the middle of a line of its own

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Leave if any process was told to, but let an epoch that is over end first."""
        self.received = self.agree(trainer)
        if self.received and not trainer.is_last_batch:
            self.leave(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave if the last batch said so."""
        if self.agree(trainer):
            self.leave(trainer)

    def agree(self, trainer: Trainer) -> int:
        """The signal that reached any of the processes, or 0."""
        if trainer.world_size == 1:
            return self.received
        flag = torch.tensor(self.received, device=trainer.strategy.root_device)
        return int(trainer.strategy.reduce(flag, reduce_op="max"))

    def leave(self, trainer: Trainer) -> None:
        """Save and exit.

        Raises:
            SystemExit: always; 128 plus the signal's number, as a shell has it. Processes that
                Lightning started end with 0, or it would kill the first one for their failure.
        """
        self.received = self.agree(trainer)
        keeper = next(
            (c for c in trainer.checkpoint_callbacks if isinstance(c, PhaseCheckpoint)), None
        )
        path = (keeper or PhaseCheckpoint()).save(trainer)
        if trainer.is_global_zero:
            run = path.parent.parent
            remedy = f"run the same command with {quote_argument('ckpt_path', path)}"
            if (
                run / ".hydra" / "config.yaml"
            ).is_file():  # of `train.py`, which begins no second run in the folder
                remedy = f"run `python train.py {quote_argument('resume', run)}`"
            tell(
                f"Stopped in epoch {trainer.current_epoch + 1} of {trainer.max_epochs}. "
                f"Nothing is lost: {remedy} to go on."
            )
        trainer.strategy.barrier("interrupt")
        if self.received == REQUEUE and trainer.is_global_zero:
            self.before[REQUEUE](REQUEUE, None)
        raise SystemExit(128 + self.received if trainer.is_global_zero else 0)


@contextmanager
def exit_on_second_signal(children: Callable[[], list[int]] = list) -> Iterator[None]:
    """Force the process to end when SIGINT or SIGTERM arrives twice within the block.

    Python runs a signal's handler between two instructions of the main thread. A thread that waits
    for another process in compiled code (a barrier, a reduction) never gets there. The interpreter
    writes the signal's number to a socket at once, however, and a thread of its own reads it here.
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
    """Kill the children and leave without any further cleaning up."""
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar hides it
    os.write(2, f"{show_cursor}{signal.Signals(number).name} again: ended at once.\n".encode())
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue
    os._exit(128 + number)
