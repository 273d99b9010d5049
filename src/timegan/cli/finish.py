"""What a run leaves when training is over: samples, the model, the figures of merit, a report."""

import json
import math
import pkgutil
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from timegan.cli.config import leaves
from timegan.cli.say import say
from timegan.data.columns import Columns
from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError, nearest
from timegan.io.export import export
from timegan.io.files import write_text
from timegan.io.tables import write_table
from timegan.metrics.summary import strict_json
from timegan.module import TimeGAN
from timegan.sampling import sample_parts

FEWEST, MOST = 1_000, 5_000
"""Sequences that are drawn where the number of training windows does not say otherwise."""
REAL = 20_000
"""Real windows that are compared at most."""


@dataclass(frozen=True)
class Comparison:
    """Real and synthetic windows (N, T, C) in the table's units, and how they are to be measured.

    Args:
        evaluation: the section of that name: ``_target_`` and its arguments, or nothing.
        limits: the features' minima and maxima that min-max units are made of.
        forwards: turns time as the model sees it into time as the table has it, for pictures.
    """

    train: np.ndarray
    holdout: np.ndarray | None
    synthetic: np.ndarray
    features: list[str]
    evaluation: Mapping[str, Any]
    seed: int
    limits: tuple[np.ndarray, np.ndarray]
    forwards: Callable[[np.ndarray], np.ndarray]

    @classmethod
    def of(
        cls, data: WindowDataModule, synthetic: np.ndarray, evaluation: Mapping[str, Any], seed: int
    ) -> "Comparison":
        """Synthetic windows beside those of the data."""
        columns = data.columns
        return cls(
            data.train_windows(REAL, seed),
            data.holdout_windows(REAL, seed),
            synthetic,
            data.features,
            evaluation,
            seed,
            (columns.low, columns.high),
            columns.forwards,
        )

    def metrics(self) -> dict[str, Any]:
        """The scores as ``metrics.json`` has them; empty where none are asked for."""
        arguments = dict(self.evaluation)
        if not arguments:
            return {"scores": {}, "statistics": [], "copying": {}}
        measure = pkgutil.resolve_name(arguments.pop("_target_"))
        metrics: dict[str, Any] = measure(
            self.train,
            self.holdout,
            self.synthetic,
            self.features,
            seed=self.seed,
            limits=self.limits,
            **arguments,
        )
        return metrics

    def report(self, folder: Path, metrics: dict[str, Any], settings: dict[str, Any]) -> None:
        """``metrics.json``, and the page and its figures unless nothing was measured."""
        metrics["protocol"] = {"evaluation": choice("evaluation"), "seed": self.seed}
        content = json.dumps(strict_json(metrics), indent=2, allow_nan=False)
        write_text(folder / "metrics.json", content + "\n")
        if self.evaluation:
            from timegan.report.page import write_report  # matplotlib, which not every run needs

            write_report(
                folder,
                metrics=metrics,
                train=self.forwards(self.train),
                holdout=None if self.holdout is None else self.forwards(self.holdout),
                synthetic=self.forwards(self.synthetic),
                features=self.features,
                config_yaml=OmegaConf.to_yaml(settings),
                command=command(),
                warnings=[],
            )


def finish(
    model: TimeGAN,
    data: WindowDataModule,
    folder: Path,
    *,
    evaluation: Mapping[str, Any],
    training: dict[str, Any],
    samples: int | None,
    seed: int,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Leave ``samples.csv``, ``model/``, ``metrics.json`` and the report; return the metrics."""
    synthetic = draw(model, data.columns, samples or usual_count(data), seed)
    export(model, data.columns, folder / "model", fingerprint=data.fingerprint, config=settings)
    write_table(folder / "samples.csv", [synthetic], len(synthetic), data.columns)
    if evaluation:
        say("Measuring ...")
    comparison = Comparison.of(data, synthetic, evaluation, seed)
    metrics = comparison.metrics() | {"training": training, "data": data.describe()}
    comparison.report(folder, metrics, settings)
    return metrics


def usual_count(data: WindowDataModule) -> int:
    """As many sequences as there are training windows, within reason."""
    return min(max(len(data.train), FEWEST), MOST)


def draw(model: Any, columns: Columns, count: int, seed: int) -> np.ndarray:
    """Synthetic windows (N, T, C) in the table's units, time as the model sees it."""
    parts = [columns.inverse(part) for part in sample_parts(model, count, seed=seed)]
    return np.concatenate(parts)


def objective(metrics: Mapping[str, Any], name: str | None) -> float | None:
    """The score that a sweep minimises: ``name``, dotted where a score has parts.

    NaN where the score could not be computed, None where nothing was measured.

    Raises:
        InputError: there is no such score.

    >>> objective({"scores": {"discriminative": {"mean": 0.1}}}, "discriminative")
    0.1
    """
    scores = metrics["scores"]
    if name is None or not scores:
        return None
    value: Any = scores
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            near = nearest(name, leaves(scores))
            raise InputError(
                f"objective={name}: the evaluation has no such score. "
                f"{f'Did you mean {near}?' if near else 'It has ' + ', '.join(scores) + '.'}"
            )
        value = value[part]
    if isinstance(value, Mapping):
        value = value.get("mean")
    return math.nan if value is None else float(value)


def choice(group: str) -> str:
    """Which option of a group the run took."""
    return str(HydraConfig.get().runtime.choices[group])


def command() -> str:
    """The command line that makes this run again."""
    hydra = HydraConfig.get()
    return shlex.join(["python", f"{hydra.job.config_name}.py", *hydra.overrides.task])
