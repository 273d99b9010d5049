"""Progress of long measurements, and two of them in parallel on two cores.

`joblib.Parallel` cannot end the other measurements when one is interrupted.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Item = TypeVar("Item")
Key = TypeVar("Key")
Result = TypeVar("Result")

_displays: list[Progress] = []
"""The display in use, if any: one for the process, whichever thread measures."""
_workers = threading.local()
"""State of a thread that :func:`run_parallel` started: ``stop`` is set when it should end."""


class Stopped(BaseException):
    """Signal of another measurement that was interrupted, or met bad input: this one ends early.

    Like KeyboardInterrupt it is not reported as a failure of a measurement.
    """


@contextmanager
def show_progress(has_lines: bool = True) -> Iterator[None]:
    """Show the progress of loops that :func:`track` wraps, in any thread, inside the block.

    Bars on a terminal; elsewhere a line at each loop's end, if ``has_lines``. What is measured does
    not depend on it. A block within another one adds nothing.
    """
    console = Console()
    if _displays or not (has_lines or console.is_terminal):
        yield
        return
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as display:
        _displays.append(display)
        try:
            yield
        finally:
            _displays.remove(display)


@contextmanager
def working(description: str) -> Iterator[None]:
    """Show on a terminal that something of unknown length goes on inside the block."""
    with show_progress(has_lines=False):
        display = _displays[0] if _displays else None
        task = display.add_task(description, total=None) if display else None
        try:
            yield
        finally:
            if display and task is not None:
                display.remove_task(task)


def track(items: Iterable[Item], description: str, total: int) -> Iterator[Item]:
    """Yield ``items``, and show how many of ``total`` are done inside :func:`show_progress`.

    >>> sum(track(range(3), "three", 3))
    3
    """
    display = _displays[0] if _displays else None
    stop: threading.Event | None = getattr(_workers, "stop", None)
    start, every = time.monotonic(), max(total // 200, 1)
    task = display.add_task(description, total=total) if display else None
    for number, item in enumerate(items, 1):
        if stop is not None and stop.is_set():
            raise Stopped(description)
        yield item
        if display and task is not None and number % every == 0:
            display.update(task, completed=number)
    if display and task is not None:
        display.update(task, completed=total, visible=False)
        line = f"{description}: {time.monotonic() - start:.0f} s"
        display.console.print(line, markup=False, highlight=False, soft_wrap=True)
        display.console.file.flush()


def run_parallel(
    tasks: Mapping[Key, Callable[[], Result]], workers: int | None = None
) -> dict[Key, Result]:
    """Run independent functions, and return their results by name, in the order of ``tasks``.

    Torch gives up Python's lock within each operation, so threads do. When one function fails, or
    on Ctrl-C, the others end at their next step of :func:`track`.

    Args:
        tasks: started in this order; the longest first is fastest.
        workers: threads; by default two, where there are cores for two.

    >>> run_parallel({"a": lambda: 1, "b": lambda: 2})
    {'a': 1, 'b': 2}
    """
    threads = torch.get_num_threads()
    if workers is None:
        workers = max(min(2, (os.cpu_count() or 1) // threads), 1)
    if workers == 1:  # in this thread, so that a measurement within another one ends with it
        return {name: task() for name, task in tasks.items()}
    stop = threading.Event()

    def begin() -> None:
        _workers.stop = stop
        torch.set_num_threads(threads)  # a thread's own setting

    # Each of them has a core: the pools of NumPy and scikit-learn would wait for each other's.
    with threadpool_limits(threads), ThreadPoolExecutor(workers, initializer=begin) as pool:
        futures = {name: pool.submit(task) for name, task in tasks.items()}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
            for future in futures.values():
                if future.done():
                    future.result()
            return {name: future.result() for name, future in futures.items()}
        except BaseException:
            stop.set()
            for future in futures.values():
                future.cancel()
            raise
