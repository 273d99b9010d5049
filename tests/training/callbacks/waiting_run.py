"""A process that waits for ever in compiled code, beside a child (started by test_interrupt)."""

import signal
import subprocess
import sys
from datetime import timedelta

from torch.distributed import TCPStore  # type: ignore[attr-defined]

from timegan.training.callbacks import GracefulExit
from timegan.training.callbacks.graceful_exit import SIGNALS, exit_on_second_signal


def main() -> None:
    """Take signals as a run does, and wait for a key that no process ever sets."""
    graceful_exit = GracefulExit()
    for number in SIGNALS:
        signal.signal(number, graceful_exit.on_signal)
    store = TCPStore("127.0.0.1", 0, 1, is_master=True, timeout=timedelta(minutes=10))
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with exit_on_second_signal(lambda: [child.pid]):
        print(child.pid, flush=True)
        store.wait(["never"])


if __name__ == "__main__":
    main()
