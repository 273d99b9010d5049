"""Ports for processes that are told beforehand where to meet."""

import fcntl
import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

FIRST, LAST = 20_000, 30_000
"""Below the range from which a system chooses by itself: it hands none of these to others."""

_held: list[IO[str]] = []


def reserve() -> int:
    """Return a port that no other process of these tests gets while this process lives.

    A port that was found by binding to 0 is free for all again as soon as it is let go, and another
    process may take it before it is used.
    """
    folder = Path(tempfile.gettempdir()) / f"timegan-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    count = LAST - FIRST
    for number in range(count):
        port = FIRST + (os.getpid() * 101 + len(_held) + number) % count
        lock = (folder / str(port)).open("w")
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as trial:
                trial.bind(("127.0.0.1", port))
            _held.append(lock)
            return port
        lock.close()
    raise RuntimeError(f"No port from {FIRST} to {LAST} is free.")
