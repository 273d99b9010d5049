"""The record of a score: its runs, the reason where it is unknown, and what it is compared with."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np

from timegan.attempts import has_failed
from timegan.variation import deviation

MIN_WINDOWS = 20
"""Windows without which a score would be noise."""


@dataclass(frozen=True)
class Score:
    """A figure of merit over repeated runs, beside the same figure of real data.

    Args:
        mean: over the runs; None where the score is unknown.
        std: deviation of the runs.
        runs: a value for each repetition.
        reason: why the score is unknown.
        better: ``lower`` or ``higher``.
        compared_with: the real side, ``training`` or ``held-out`` windows.
        baseline: the score of another real sample: what a perfect generator would get.
        controls: the score of windows with known faults, by the name of the control.
        details: further figures of this score, such as those of each feature.
    """

    mean: float | None = None
    std: float | None = None
    runs: tuple[float, ...] = ()
    reason: str = ""
    better: str = ""
    compared_with: str = ""
    baseline: "Score | None" = None
    controls: Mapping[str, "Score"] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if taken := set(self.details) & {own.name for own in fields(self)}:
            raise ValueError(f"details of a score cannot be called {', '.join(sorted(taken))}")

    @classmethod
    def unknown(cls, reason: str) -> Self:
        """Return a score that could not be measured, with the reason."""
        return cls(reason=reason)

    @classmethod
    def of(
        cls, runs: Iterable[float | None], reason: str = "It cannot be measured on these windows."
    ) -> Self:
        """Return the mean and deviation of the runs that gave a value; ``reason`` if none did.

        >>> Score.of([1.0, None, 3.0]).to_dict()
        {'mean': 2.0, 'std': 1.0, 'runs': [1.0, 3.0]}
        >>> Score.of([None], "No feature varies.").to_dict()
        {'mean': None, 'reason': 'No feature varies.'}
        >>> Score.of([0.1] * 3).std  # repeats that agree
        0.0
        """
        known = tuple(float(run) for run in runs if run is not None)
        if not known:
            return cls.unknown(reason)
        return cls(float(np.mean(known)), deviation(known), known)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the score that :meth:`to_dict` has written.

        >>> Score.from_dict({"mean": 1.0, "baseline": {"mean": 0.5}}).baseline.mean
        0.5
        """
        known = dict(content)
        baseline = known.pop("baseline", None)
        controls = known.pop("controls", None) or {}
        return cls(
            mean=known.pop("mean", None),
            std=known.pop("std", None),
            runs=tuple(known.pop("runs", ())),
            reason=known.pop("reason", None) or "",
            better=known.pop("better", None) or "",
            compared_with=known.pop("compared_with", None) or "",
            baseline=None if baseline is None else cls.from_dict(baseline),
            controls={name: cls.from_dict(control) for name, control in controls.items()},
            details=known,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the score as ``metrics.json`` holds it: plain values, without empty parts."""
        content: dict[str, Any] = {"mean": self.mean}
        if self.mean is None:
            content["reason"] = self.reason
        else:
            optional = {"std": self.std, "runs": list(self.runs)}
            content |= {key: value for key, value in optional.items() if value not in (None, [])}
        if self.baseline is not None:
            content["baseline"] = self.baseline.to_dict()
        if self.controls:
            content["controls"] = {name: c.to_dict() for name, c in self.controls.items()}
        texts = {"better": self.better, "compared_with": self.compared_with}
        content |= {key: value for key, value in texts.items() if value}
        plain: dict[str, Any] = to_json(content | dict(self.details))
        return plain

    def with_details(self, **details: Any) -> Self:
        """Return the score with further details."""
        return replace(self, details={**self.details, **details})

    @property
    def baseline_mean(self) -> float | None:
        """The mean of the baseline, None where it is unknown."""
        return None if self.baseline is None else self.baseline.mean

    @property
    def baseline_std(self) -> float:
        """The deviation of the baseline, 0 where it is unknown."""
        return 0.0 if self.baseline is None else self.baseline.std or 0.0

    def baseline_or(self, perfect: float) -> float:
        """Return the mean of the baseline, or what would be perfect where it is unknown."""
        return perfect if self.baseline_mean is None else self.baseline_mean

    def control_mean(self, name: str) -> float | None:
        """Return the mean of a control, None where it is unknown."""
        return self.controls[name].mean if name in self.controls else None


def read_scores(content: Mapping[str, Mapping[str, Any]]) -> dict[str, Score]:
    """Return the part ``scores`` of a ``metrics.json`` as records."""
    return {name: Score.from_dict(score) for name, score in content.items()}


def merge_scores(scores: Iterable[Score]) -> Score:
    """Return one score of all runs of several; a failure among them makes it unknown.

    >>> merge_scores([Score.of([1.0]), Score.of([3.0])]).mean
    2.0
    """
    scores = list(scores)
    if len(scores) == 1:
        return scores[0]
    failed = [score for score in scores if has_failed(score.reason)]
    if failed:
        return Score.unknown(failed[0].reason)
    return Score.of([run for score in scores for run in score.runs], scores[0].reason)


def too_few_reason(count: int, what: str = "it", least: int = MIN_WINDOWS) -> str:
    """Return the reason why so few windows give no score.

    >>> too_few_reason(1, "a classifier")
    'One window is too few: a classifier needs 20.'
    """
    words = {0: "No window is left", 1: "One window is too few"}
    return f"{words.get(count, f'{count} windows are too few')}: {what} needs {least}."


def to_json(value: Any) -> Any:
    """Return a value as plain numbers, lists and dicts, with None for what is not finite.

    >>> to_json({"a": np.float32("nan"), "b": np.arange(2), "c": Score(1.0)})
    {'a': None, 'b': [0, 1], 'c': {'mean': 1.0}}
    """
    match value:
        case Score():
            return value.to_dict()
        case Mapping():
            return {str(key): to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
        case np.ndarray() | np.generic():
            return to_json(value.tolist())
        case float():
            return value if math.isfinite(value) else None
        case _:
            return value
