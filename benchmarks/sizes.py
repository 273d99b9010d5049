"""Models of the presets and tables of random walks, in the sizes that benchmarks use."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from omegaconf import OmegaConf
from scipy.signal import lfilter

from timegan.cli.console import silence_lightning
from timegan.data import WindowDataModule
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule

ROOT = Path(__file__).parents[1]
PRESETS = ("reference", "timegan")
BACKENDS = ("torch", "fused", "native")
FEATURES = {"stock": 6, "energy": 28}
ROWS = 3_685
Model = TypeVar("Model", bound=TimeGAN)


def preset(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments of `TimeGAN` and of `WindowDataModule` in conf/model."""
    content: Any = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "model" / f"{name}.yaml"))
    return content.get("model", content), content.get("dataset", {})


def walks(rows: int, features: int, seed: int = 0) -> pd.DataFrame:
    """Return mean-reverting random walks in float32."""
    values = np.random.default_rng(seed).standard_normal((rows, features), dtype=np.float32)
    values = lfilter(np.ones(1, np.float32), np.array([1, -0.99], np.float32), values, axis=0)
    return pd.DataFrame(values, columns=[f"walk {i}" for i in range(features)])


def table(
    name: str, features: int, window: int, steps: int = 50, rows: int = ROWS
) -> WindowDataModule:
    """Return a data module of random walks with the options of the preset `name`."""
    options = preset(name)[1] | {"window": window, "steps_per_epoch": steps}
    data = WindowDataModule.from_frame(walks(rows, features), **options)
    data.setup()
    return data


def model(
    kind: type[Model],
    name: str,
    data: WindowDataModule,
    schedule: Schedule,
    *,
    hidden: int,
    backend: str,
) -> Model:
    """Return an untrained model of class `kind` and preset `name` for the windows of `data`."""
    return kind(
        **data.transform.widths,
        window=data.window,
        schedule=schedule,
        **arguments(name, hidden, backend),
    )


def arguments(name: str, hidden: int, backend: str) -> dict[str, Any]:
    """Return a preset's arguments of `TimeGAN`; latents as wide as the cells stay so."""
    options = preset(name)[0]
    latent = None if options["latent"] is None else hidden
    return options | {"hidden": hidden, "latent": latent, "backend": backend}


def take_turns(works: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call each function once per round, so that other load slows all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return found


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prepare() -> None:
    """Use one thread, seed torch, and silence Lightning."""
    silence_lightning()
    torch.set_num_threads(1)
    torch.manual_seed(0)
