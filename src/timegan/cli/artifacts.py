"""Artifacts of a run: the model, samples, metrics and the report."""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from timegan.attempts import Failure, attempt, told
from timegan.cli.console import print_lines
from timegan.cli.invocation import Invocation
from timegan.cli.signature_schema import flatten_keys, to_container
from timegan.data.datamodule import WindowDataModule
from timegan.errors import InputError, closest_match
from timegan.evaluation import MAX_SAMPLES, EvaluationData, default_count
from timegan.files import write_text
from timegan.metrics.parallel import working
from timegan.metrics.score import to_json
from timegan.sampling.sequences import generate
from timegan.serialization.model_card import write_card
from timegan.serialization.model_folder import export_model, read_description
from timegan.tables.writers import write_table
from timegan.training.module import TimeGAN

NOTHING: dict[str, Any] = {"scores": {}, "statistics": [], "copying": {}}
"""Metrics of a run without an evaluation."""


@dataclass(frozen=True)
class Comparison:
    """Real and synthetic windows, and the protocol that measures them.

    Args:
        sets: the windows.
        evaluation: the section of that name: a protocol and its options, or nothing.
    """

    sets: EvaluationData
    evaluation: Mapping[str, Any]

    def metrics(self) -> dict[str, Any]:
        """Return the scores as records, and the other parts; empty where none are asked for."""
        return self.sets.measure(**self.evaluation) if self.evaluation else NOTHING.copy()

    def report(
        self,
        folder: Path,
        metrics: Mapping[str, Any],
        invocation: Invocation,
        warnings: Sequence[str] = (),
    ) -> None:
        """Write the page and its figures."""
        from timegan.report.page import write_report  # imports matplotlib

        sets = self.sets
        write_report(
            folder,
            metrics=metrics,
            train=sets.restore_time_order(sets.train),
            holdout=None if sets.holdout is None else sets.restore_time_order(sets.holdout),
            synthetic=sets.restore_time_order(sets.synthetic),
            features=sets.features,
            config_yaml=OmegaConf.to_yaml(invocation.cfg, resolve=True),
            command=invocation.command,
            warnings=warnings,
            overwrite=True,
        )


def measured(
    folder: Path,
    compare: Callable[[], Comparison],
    evaluation: Mapping[str, Any],
    invocation: Invocation,
    more: Mapping[str, Any],
    failures: Sequence[Failure],
    before: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Measure, write ``metrics.json`` and, unless no evaluation is asked for, the report.

    What an earlier evaluation has left in the folder is replaced.

    Args:
        folder: of the run.
        compare: prepares the comparison.
        evaluation: the section of that name.
        invocation: of the run, for the report.
        more: other parts of the metrics.
        failures: those that are being collected.
        before: is called when everything is measured and nothing is written yet.
    """

    def described() -> tuple[Comparison | None, dict[str, Any]]:
        comparison = compare()
        metrics = attempt("evaluation", comparison.metrics, lambda _: NOTHING.copy())
        return comparison, metrics | {"data": comparison.sets.summary}

    comparison, metrics = attempt(
        "comparison with real windows", described, lambda _: (None, NOTHING | {"data": {}})
    )
    metrics |= more
    metrics["protocol"] = {"evaluation": invocation.evaluation, "seed": evaluation.get("seed")}
    content = json.dumps(to_json(metrics), indent=2, allow_nan=False)
    before()
    write_text(folder / "metrics.json", content + "\n", overwrite=True)
    if evaluation and comparison is not None:
        warnings = list(dict.fromkeys(f"{capital(str(f))}." for f in failures))
        attempt(
            "report",
            lambda: comparison.report(folder, metrics, invocation, warnings),
            lambda _: (folder / "report.html").unlink(missing_ok=True),  # one of an earlier run
            "written",
        )
    return metrics


def nothing_measured(metrics: Mapping[str, Any], failures: Sequence[Failure]) -> bool:
    """Return True if something failed and there is no score at all."""
    return bool(failures) and all(score.mean is None for score in metrics["scores"].values())


def end(metrics: Mapping[str, Any], failures: Sequence[Failure]) -> None:
    """Report failures; exit with status 1 if no score was measured.

    In a sweep the other jobs continue.
    """
    if not failures:
        return
    print_lines(f"Warning   {told(failures)}")
    if nothing_measured(metrics, failures) and HydraConfig.get().mode is not RunMode.MULTIRUN:
        sys.exit(1)


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def write_artifacts(
    model: TimeGAN,
    data: WindowDataModule,
    folder: Path,
    *,
    evaluation: Mapping[str, Any],
    training: dict[str, Any],
    samples: int | None,
    seed: int,
    invocation: Invocation,
    failures: Sequence[Failure] = (),
) -> dict[str, Any]:
    """Write ``model/``, ``samples.csv``, ``metrics.json`` and the report; return the metrics.

    The model and the samples are there before anything is measured. ``failures`` are those that
    are being collected, for the report. What an earlier end of the same run has left in ``folder``
    is replaced.
    """
    transform = data.transform
    export_model(
        model,
        transform,
        folder / "model",
        fingerprint=data.fingerprint,
        config=to_container(invocation.cfg),
        overwrite=True,
        is_checked=False,
    )
    description = read_description(folder / "model")
    write_card(folder / "model", description, overwrite=True)
    with working("Sampling"):
        made = generate(model, transform, samples or default_count(data, evaluation), seed=seed)
    kept = made.head(samples or MAX_SAMPLES)  # a protocol may look at more
    ordered = [transform.in_time_order(kept)]
    write_table(folder / "samples.csv", ordered, len(kept), transform.schema, overwrite=True)
    if evaluation:
        print_lines("Measuring ...")

    def compare() -> Comparison:
        draw = evaluation.get("seed", seed)
        sets = EvaluationData.of(data, made, draw)
        return Comparison(sets.with_completions(model, transform, data, draw), evaluation)

    metrics = measured(
        folder,
        compare,
        evaluation,
        invocation,
        {"training": training},
        failures,
    )
    attempt(
        "scores in the model card",
        lambda: write_card(folder / "model", description, metrics, overwrite=True),
        lambda _: None,
        "written",
    )
    return metrics


def objective(
    metrics: Mapping[str, Any], name: str | None, direction: str | None = None
) -> float | None:
    """Return the score that a search optimises: ``name``, dotted where a score has parts.

    It is NaN where the score could not be computed, and None where nothing was measured.

    Raises:
        InputError: there is no such score, or the search's ``direction`` (``minimize``,
            ``maximize``) would make it worse.

    >>> objective({"scores": {"discriminative": {"mean": 0.1}}}, "discriminative")
    0.1
    """
    scores = to_json(metrics["scores"])
    if name is None or not scores:
        return None
    value: Any = scores
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            near = closest_match(name, flatten_keys(scores))
            raise InputError(
                f"objective={name}: the evaluation has no such score. "
                f"{f'Did you mean {near}?' if near else 'It has ' + ', '.join(scores) + '.'}"
            )
        value = value[part]
    if isinstance(value, Mapping):
        better = value.get("better")
        right = {"lower": "minimize", "higher": "maximize"}.get(str(better), direction)
        if direction is not None and direction != right:
            raise InputError(
                f"hydra.sweeper.direction={direction}: {name} is better the {better} it is. "
                f"Give hydra.sweeper.direction={right}."
            )
        value = value.get("mean")
    return math.nan if value is None else float(value)
