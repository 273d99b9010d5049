"""Cache of figures that depend on the real data alone, so that a second evaluation is quick.

It keeps JSON: `joblib.Memory` would read pickles from a folder that others may write to.
"""

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from timegan.attempts import has_failed
from timegan.errors import InputError
from timegan.files import write_text
from timegan.metrics.windows import Array

FOLDER = "TIMEGAN_CACHE"
"""Environment variable that names another folder than the user's cache."""


def folder() -> Path:
    """Return the folder of the cache."""
    chosen = os.environ.get(FOLDER)
    if chosen:
        return Path(chosen)
    import pooch  # it knows where each system keeps caches

    return Path(pooch.os_cache("timegan")) / "controls"


def fingerprint(arrays: dict[str, Array | None], settings: dict[str, Any]) -> str:
    """Return a name for what a figure depends on: another value anywhere gives another name."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, array in arrays.items():
        shape = None if array is None else array.shape
        digest.update(f"{name}{shape}".encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()


def cached(name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``compute`` gives, in plain values, from the cache where it is there.

    A file that cannot be read is computed again, and one that cannot be written is left out. The
    reasons of failures are not kept.
    """
    file = folder() / f"{name[:32]}.json"
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(stored, dict) and stored.get("fingerprint") == name:
            figures: dict[str, Any] = stored["figures"]
            return figures
    except (OSError, ValueError):
        pass
    computed = compute()
    if has_failed(computed):  # it may go better the next time
        return computed
    content = json.dumps({"fingerprint": name, "figures": computed}, allow_nan=False)
    with suppress(InputError):
        write_text(file, content, overwrite=True)
    return json.loads(content)["figures"]  # type: ignore[no-any-return]
