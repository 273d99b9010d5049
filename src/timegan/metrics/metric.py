"""The record of a metric: its name and meaning, what it needs, and how it is computed.

A metric is one file in ``fidelity/``, ``utility/`` or ``privacy/``. The decorator :func:`pairwise`
registers a function of two sets of windows, :func:`register` any other way of measuring. All
protocols, tables and reports take what they know of a metric from its record.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Literal, TypeVar

from timegan.attempts import attempt
from timegan.metrics.comparison import Candidate, Comparison
from timegan.metrics.score import Score, merge_scores, too_few_reason
from timegan.metrics.windows import Subset

FAMILIES = ("fidelity", "utility", "privacy")
"""Packages whose modules hold metrics."""

Design = Literal["sets", "published", "blocks"]
"""Designs of a comparison of windows; see `timegan.metrics.comparison`."""
Direction = Literal["lower", "higher"]
Function = TypeVar("Function", bound=Callable[..., float | None])
Measure = Callable[[Any, Mapping[str, Candidate]], dict[str, Score]]
"""Takes a comparison of the metric's design and candidates; gives the candidates' scores."""


@dataclass(frozen=True)
class Needs:
    """The least that windows must have for a metric.

    Args:
        windows: on either side.
        steps: of a window.
        features: of a step.
        who: who needs that many windows, in the reason that is given.
    """

    windows: int = 1
    steps: int = 1
    features: int = 1
    who: str = "it"

    def missing(self, windows: int, steps: int, features: int) -> str | None:
        """Return the reason why a metric cannot be computed; None where it can.

        >>> Needs(steps=4).missing(100, 3, 1)
        'It needs windows of at least 4 steps.'
        """
        if features < self.features:
            return "One feature has no other to be correlated with."
        if steps < self.steps:
            return f"It needs windows of at least {self.steps} steps."
        return too_few_reason(windows, self.who, self.windows) if windows < self.windows else None


@dataclass(frozen=True)
class Metric:
    """A metric, and all that a protocol or a report has to know of it.

    Args:
        name: key in ``metrics.json``.
        title: heading in tables.
        meaning: a sentence on what it measures.
        better: ``lower`` or ``higher``.
        formula: in LaTeX, with bars over what is averaged.
        values: the range of values.
        source: where the metric was published, or ``timegan-lightning``.
        cannot_see: faults that leave the score as it is.
        measure: gives the scores of candidates.
        design: how windows are compared. Each protocol has one design or two.
        perfect: what a perfect generator would get.
        needs: the least that windows must have.
        order: place in tables; metrics of the same place are in the order of their names.
        is_privacy: the metric looks for copies of training windows, not for likeness.
        uses_unseen: the metric tests on windows that no model has learned from.
        options: names of the options that it depends on, see `timegan.metrics.comparison.Options`.
        details: further figures of the synthetic windows, such as those of each feature.
        merge: joins the scores of several comparisons.
        applies: whether windows of a comparison have what it is about; it is left out where they
            do not.
    """

    name: str
    title: str
    meaning: str
    better: Direction
    measure: Measure
    formula: str = ""
    values: str = ""
    source: str = "timegan-lightning"
    cannot_see: str = ""
    design: Design = "sets"
    perfect: float = 0.0
    needs: Needs = field(default_factory=Needs)
    order: int = 1_000
    is_privacy: bool = False
    uses_unseen: bool = False
    options: tuple[str, ...] = ()
    details: Callable[[Any], Mapping[str, Any]] | None = None
    merge: Callable[[Sequence[Score]], Score] = merge_scores
    applies: Callable[[Any], bool] = lambda comparison: True

    def missing(self, comparison: Comparison) -> str | None:
        """Return the reason why the metric cannot be computed; None where it can."""
        data = comparison.data
        steps, features = data.train.shape[1], len(data.cell_features)
        return self.needs.missing(comparison.count(), steps, features) or comparison.hurdle


_registered: dict[tuple[str, str], Metric] = {}
"""Metrics by design and name. Published tables use their own form of some metrics."""


def register(metric: Metric) -> Metric:
    """Add a metric to those that protocols measure.

    Raises:
        ValueError: the name is taken.
    """
    key = (metric.design, metric.name)
    if key in _registered:
        raise ValueError(f"A metric {metric.name!r} is registered already: choose another name.")
    _registered[key] = metric
    return metric


def pairwise(
    name: str,
    *,
    reason: str = "No feature varies enough to measure it.",
    cells: bool = False,
    shared: tuple[Callable[[Any], Any], Callable[[Any, Any], float | None]] | None = None,
    **about: Any,
) -> Callable[[Function], Function]:
    """Register a function ``(real, synthetic)`` or ``(real, synthetic, *, seed)`` as a metric.

    Args:
        name: key in ``metrics.json``.
        reason: why the score is unknown where the function returns None.
        cells: the function takes cells, which are NaN where there is no value: where it is missing,
            and behind the end of a shorter sequence. Otherwise it takes windows that are filled,
            with means behind the end, in which the feature ``present`` marks the steps of a
            sequence.
        shared: a function of the real windows, and one of its result and the synthetic windows,
            which together are the function: the first is called once for all candidates.
        about: other fields of `Metric`.
    """

    def decorate(function: Function) -> Function:
        is_seeded = "seed" in inspect.signature(function).parameters

        def measure_one(comparison: Comparison, candidate: Candidate) -> Score:
            options = {"seed": candidate.seed} if is_seeded else {}
            seen = comparison.cells if cells else comparison.filled

            def value(real: Subset, made: Subset) -> float | None:
                if shared is None:
                    return function(seen(real.values()), seen(made.values()), **options)
                prepare, compare = shared
                prepared = comparison.once((name, real), lambda: prepare(seen(real.values())))
                return compare(prepared, seen(made.values()))

            values = [
                value(real, made) for real, made in candidate.pairs if len(real) and len(made)
            ]
            return Score.of(values, reason if values else "Too few windows to halve.")

        register(Metric(name, measure=for_each(name, measure_one), **about))
        return function

    return decorate


def for_each(name: str, measure: Callable[[Any, Candidate], Score]) -> Measure:
    """Return a function that measures candidates one by one; one that fails costs itself alone.

    Args:
        name: of the metric, for messages.
        measure: gives the score of one candidate.
    """

    def measure_all(
        comparison: Comparison, candidates: Mapping[str, Candidate]
    ) -> dict[str, Score]:
        return {
            key: attempt(
                f"score {name} of {key}", partial(measure, comparison, candidate), Score.unknown
            )
            for key, candidate in candidates.items()
        }

    return measure_all


@cache
def _import_all() -> None:
    """Import every module that may hold a metric."""
    for family in FAMILIES:
        package = importlib.import_module(f"timegan.metrics.{family}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def metrics_of(design: str) -> list[Metric]:
    """Return the metrics of a design, in the order of tables."""
    _import_all()
    found = (metric for metric in _registered.values() if metric.design == design)
    return sorted(found, key=lambda metric: (metric.order, metric.name))


def all_metrics() -> dict[str, Metric]:
    """Return one record for each name, in the order of tables."""
    _import_all()
    found = sorted(_registered.values(), key=lambda metric: (metric.order, metric.name))
    return {metric.name: metric for metric in found}
