"""Comparisons: real windows, and candidates that stand in the place of a generator's.

A metric sees the synthetic windows, another sample of real windows (the baseline) and controls
whose faults are known. Three designs decide which real windows it sees beside them:

- ``sets``: the sets as a whole, in min-max units of the real windows;
- ``published``: the sets as a whole, in the units of the training table, as in published tables;
- ``blocks``: blocks of time that share no row, and windows that no model has learned from.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from threading import RLock
from typing import Any, ClassVar, TypeVar

import numpy as np

from timegan.metrics.cache import fingerprint
from timegan.metrics.conditions import constant_features, permuted_conditions
from timegan.metrics.controls import CONTROLS, Control
from timegan.metrics.overlapping_windows import block_halves
from timegan.metrics.score import MIN_WINDOWS, too_few_reason
from timegan.metrics.windows import Array, MinMax, Subset, random_halves, subset
from timegan.seeds import derive, rng
from timegan.transforms.feature_view import Marks
from timegan.variation import known_mean

MAX_CONTROL_WINDOWS = 5_000
"""Windows of a control, and training windows that it is made of, at most."""
BASELINE_SAMPLES = 5
"""Pairs of real samples that a baseline is the mean of."""
FEW_SAMPLES = 2
"""Pairs where fewer windows of a wide table are measured, whose means over columns are steady."""
MIN_LIMIT = 500
"""Windows on a side that are always measured."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class Options:
    """Repetitions, training lengths and sizes; `timegan.metrics.protocols.run_protocol` has more.

    Args:
        classifiers: repeats of the discriminative score, of its baseline and of the predictive
            scores.
        control_classifiers: classifiers of each control.
        classifier_steps: updates of each classifier.
        batch: real windows of an update of a classifier, and synthetic ones.
        hidden: units of each classifier; None: half as many as features, and at most 24.
        lr: step size of the classifiers.
        forecaster_steps: updates of each forecaster of the predictive scores.
        encoders: repeats of Context-FID.
        encoder_steps: updates of each encoder; None: as published.
        runs: repeats of the block design, with other halves, subsets and classifiers.
        limit: windows on a side that a metric sees, at most.
        compared_with: real side of the design ``sets``: ``training`` or ``held-out`` windows.
        precision: difference of two means that a repeated discriminative score should stay below.
        thinning: share of the usual windows that wide tables and long windows are measured with.
    """

    classifiers: int = 3
    control_classifiers: int = 1
    classifier_steps: int = 2_000
    batch: int = 128
    hidden: int | None = None
    lr: float = 1e-3
    forecaster_steps: int = 5_000
    encoders: int = 3
    encoder_steps: int | None = None
    runs: int = 2
    limit: int = 10_000
    compared_with: str = "training"
    precision: float | None = None
    thinning: float = 1.0

    def thinned(self, windows: int, least: int = MIN_LIMIT) -> int:
        """Return how many windows are measured where there are usually that many."""
        return max(round(windows * self.thinning), min(windows, least))


@dataclass(frozen=True)
class Data:
    """The windows of an evaluation, in original units.

    Args:
        train: windows that the model has learned from (N, T, C), in the order of time.
        holdout: windows that it has not seen, or None.
        synthetic: windows (M, T, C) that it has made.
        features: names of the C features.
        limits: each feature's minimum and maximum (C,) that min-max units are made of; None: those
            of the training windows.
        marks: features that mark where others have no value; None: there are none.
        exogenous: names of features that are given from outside at each step.
    """

    train: Array
    holdout: Array | None
    synthetic: Array
    features: Sequence[str]
    limits: tuple[Array, Array] | None = None
    marks: Marks | None = None
    exogenous: Sequence[str] = ()

    @cached_property
    def conditions(self) -> Array:
        """Which features (C,) are conditions: the context and exogenous ones, if others are not."""
        found = constant_features(self.train) | np.isin(self.features, list(self.exogenous))
        if self.marks is not None and self.marks.present is not None:
            found[self.marks.present] = False
        return found & (not found.all())

    @property
    def controls(self) -> dict[str, Control]:
        """Controls that are made of training windows, by name."""
        if not self.conditions.any():
            return CONTROLS
        return CONTROLS | {"permuted": partial(permuted_conditions, conditions=self.conditions)}

    def cells(self, windows: Array) -> Array:
        """Return the cells of windows (N, T, C) in original units, NaN where there is no value."""
        return windows if self.marks is None else self.marks.cells(windows)

    @cached_property
    def padding(self) -> Array | None:
        """Values (C,) that stand behind the end of a sequence: training means; None: no end."""
        if self.marks is None or self.marks.present is None:
            return None
        means = known_mean(self.cells(self.train), (0, 1))
        return np.asarray(np.insert(np.nan_to_num(means), self.marks.present, 0.0))

    def filled(self, windows: Array) -> Array:
        """Return windows in original units whose steps behind the end are all the same.

        Distances of windows of one length are then those of their own steps.
        """
        if self.padding is None or self.marks is None:
            return windows
        is_behind = windows[..., self.marks.present, None] < 0.5
        found: Array = np.where(is_behind, self.padding, windows).astype(windows.dtype)
        return found

    @property
    def cell_features(self) -> list[str]:
        """Names of the features of cells."""
        names = np.asarray(self.features, dtype=object)
        return list(names if self.marks is None else self.marks.kept(names))


@dataclass(frozen=True)
class Candidate:
    """Windows in the place of a generator's, and the real windows that each set is held against.

    Args:
        name: ``synthetic``, ``real`` (the baseline) or that of a control.
        pairs: real windows, and the candidate's beside them. A baseline may have several pairs.
        windows: all windows of the candidate; a pair may hold a sample of them.
        seed: of what a metric draws.
    """

    name: str
    pairs: tuple[tuple[Subset, Subset], ...]
    windows: Array
    seed: int


@dataclass(frozen=True)
class Split:
    """Real windows in blocks of time, so that no two parts share a row.

    Random halves of overlapping windows would be nearly equal, and so would their baseline be
    nearly perfect.

    Args:
        everything: windows that a generator has learned, in order of time.
        learned: a sample of them, as many as ``known``: the real side of most metrics.
        known: one half of the blocks.
        other: the other half, which shares no row with ``known``.
        unseen: windows that share no row with any of these.
        origin: ``held-out``, or ``training`` where too few windows are held out.
    """

    everything: Array
    learned: Array
    known: Array
    other: Array
    unseen: Array
    origin: str

    @classmethod
    def draw(cls, train: Array, holdout: Array | None, seed: int, run: int, limit: int) -> "Split":
        """Draw a split, of the training windows alone where too few windows are held out."""
        draw = rng(seed, "strict", run)
        if holdout is not None and len(holdout) >= MIN_WINDOWS:
            everything, unseen, origin = train, holdout, "held-out"
        else:
            everything, unseen = block_halves(train, draw)
            origin = "training"
        known, other = (subset(half, limit, draw) for half in block_halves(everything, draw))
        return cls(
            subset(everything, 2 * limit, draw),
            subset(everything, len(known), draw),
            known,
            other,
            subset(unseen, limit, draw),
            origin,
        )

    def real_for(self, candidate: str) -> Array:
        """Return the real windows that a candidate is compared with."""
        return self.known if candidate == "real" else self.learned


class Comparison(ABC):
    """Candidates of one design, and what the metrics share while they measure them.

    Args:
        data: the windows in original units.
        options: of the protocol.
        seed: of everything random.
    """

    design: ClassVar[str]
    compared_with = "training"
    """The real side of most metrics: ``training`` or ``held-out`` windows."""
    unseen_origin = "training"
    """The real side of metrics that test on unseen windows."""
    hurdle: str | None = None
    """The reason why no metric of this design can be computed."""

    def __init__(self, data: Data, options: Options, seed: int) -> None:
        self.data, self.options, self.seed = data, options, seed
        self._shared: dict[Any, Any] = {}
        self._lock = RLock()

    @abstractmethod
    def count(self) -> int:
        """Return the number of windows on the smaller side."""

    @abstractmethod
    def synthetic(self) -> Candidate:
        """Return the synthetic windows as a candidate."""

    @abstractmethod
    def baseline(self) -> Candidate:
        """Return another real sample as a candidate."""

    @abstractmethod
    def control(self, name: str) -> Candidate:
        """Return a control as a candidate."""

    @abstractmethod
    def controls(self) -> list[str]:
        """Return the names of the controls that these windows allow."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return what baseline and controls depend on, besides the real windows."""

    def cells(self, windows: Array) -> Array:
        """Return the cells of a candidate's windows, NaN where there is no value."""
        return self.data.cells(windows)

    def filled(self, windows: Array) -> Array:
        """Return a candidate's windows whose steps behind the end are all the same."""
        return self.data.filled(windows)

    def once(self, key: Any, make: Callable[[], Made]) -> Made:
        """Return what ``make`` gives; it is made once for all metrics, in any thread."""
        with self._lock:
            if key not in self._shared:
                self._shared[key] = make()
            found: Made = self._shared[key]
            return found

    @cached_property
    def fingerprint(self) -> str:
        """A name for all that baseline and controls depend on."""
        arrays = {"train": self.data.train, "holdout": self.data.holdout}
        return fingerprint(arrays, {"design": self.design, "seed": self.seed} | self.settings())


class SetComparison(Comparison):
    """Sets as a whole, in min-max units of the real windows.

    The real windows are those of the training, as in every published table, or the held-out ones.
    Held-out blocks of one long series differ from its training blocks by themselves, and so does
    the baseline then.
    """

    design = "sets"

    def __init__(self, data: Data, options: Options, seed: int) -> None:
        super().__init__(data, options, seed)
        unseen = data.holdout if options.compared_with == "held-out" else None
        if unseen is not None and len(unseen) < MIN_WINDOWS:
            unseen = None
        if unseen is not None:
            self.compared_with = self.unseen_origin = "held-out"
        draw = rng(seed, "quick", "real")
        real = subset(data.train if unseen is None else unseen, options.limit, draw)
        self.scale = MinMax(real)
        self.unit: Callable[[Array], Array] = self.scale
        made = subset(data.synthetic, options.limit, rng(seed, "quick", "synthetic"))
        self.real, self.made = self.unit(real), self.unit(made)
        self.whole = Subset(self.real)
        samples = BASELINE_SAMPLES if options.thinning == 1 else FEW_SAMPLES
        if unseen is None:
            self.samples = [random_halves(self.real, draw) for _ in range(samples)]
        else:
            others = self.unit(subset(data.train, samples * len(real), draw))
            self.samples = [
                (self.whole, Subset(others, draw.permutation(len(others))[: len(real)]))
                for _ in range(samples)
            ]

    def count(self) -> int:
        return min(len(self.real), len(self.made))

    def synthetic(self) -> Candidate:
        return self._candidate("synthetic", self.made)

    def baseline(self) -> Candidate:
        return Candidate("real", tuple(self.samples), self.real, self.seed)

    def control(self, name: str) -> Candidate:
        most = self.options.thinned(MAX_CONTROL_WINDOWS)
        count = min(len(self.made), most)
        if name == "held_out":
            assert self.data.holdout is not None
            windows = subset(self.data.holdout, count, rng(self.seed, "control"))
        else:
            draw = rng(self.seed, "control", name)
            windows = self.data.controls[name](subset(self.data.train, most, draw), count, draw)
        return self._candidate(name, self.unit(windows))

    def controls(self) -> list[str]:
        holdout = self.data.holdout
        is_held_out = holdout is not None and len(holdout) >= MIN_WINDOWS
        if is_held_out and self.compared_with == "training":
            return ["held_out", *self.data.controls]
        return [*self.data.controls]

    def settings(self) -> dict[str, Any]:
        marks = self.data.marks
        return {
            "limit": self.options.limit,
            "thinning": self.options.thinning,
            "count": len(self.made),
            "compared_with": self.compared_with,
            "exogenous": [*self.data.exogenous],
            "marks": None if marks is None else [marks.missing.tolist(), marks.present],
        }

    def cells(self, windows: Array) -> Array:
        if self.data.marks is None:
            return windows
        cells = self.cells_in_table_units(windows)
        kept = self.data.marks.kept
        found: Array = np.where(np.isnan(cells), np.nan, kept(windows)).astype(windows.dtype)
        return found

    def cells_in_table_units(self, windows: Array) -> Array:
        """Return the cells of windows (N, T, C) in the table's units."""
        return self.data.cells(windows * self.scale.span + self.scale.low)

    def filled(self, windows: Array) -> Array:
        if self.present is None or self.data.padding is None:
            return windows
        place, level = self.present
        is_behind = windows[..., place, None] < level
        found: Array = np.where(is_behind, self.unit(self.data.padding), windows)
        return found.astype(windows.dtype)

    @property
    def present(self) -> tuple[int, float] | None:
        """The feature that is high at the steps of a sequence, and the level between; or None."""
        if self.data.marks is None or self.data.marks.present is None:
            return None
        place = self.data.marks.present
        return place, float((0.5 - self.scale.low[place]) / self.scale.span[place])

    def _candidate(self, name: str, windows: Array) -> Candidate:
        return Candidate(name, ((self.whole, Subset(windows)),), windows, self.seed)


class PublishedComparison(SetComparison):
    """Sets as a whole, in min-max units of the training table and in single precision."""

    design = "published"

    def __init__(self, data: Data, options: Options, seed: int) -> None:
        Comparison.__init__(self, data, options, seed)
        self.scale = MinMax(data.train, data.limits)
        self.unit = lambda windows: self.scale(windows).astype(np.float32)
        limit = options.limit
        # The names of random streams: with others, every published number would change.
        self.real = self.unit(subset(data.train, limit, rng(seed, "legacy", "real")))
        self.made = self.unit(subset(data.synthetic, limit, rng(seed, "legacy", "synthetic")))
        self.whole = Subset(self.real)
        draw = rng(seed, "legacy", "halves")
        self.samples = [random_halves(self.real, draw) for _ in range(BASELINE_SAMPLES)]

    def settings(self) -> dict[str, Any]:
        ends = {"low": self.scale.low.tolist(), "span": self.scale.span.tolist()}
        return super().settings() | ends


class BlockComparison(Comparison):
    """Blocks of time that share no row, and windows that no model has learned from.

    Args:
        data: the windows in original units.
        options: of the protocol.
        seed: of everything random.
        run: number of the repetition.
        split: the real windows of this run.
        count: windows of each candidate.
        hurdle: the reason why the windows are too few.
    """

    design = "blocks"

    def __init__(
        self,
        data: Data,
        options: Options,
        seed: int,
        run: int,
        split: Split,
        count: int,
        hurdle: str | None,
    ) -> None:
        super().__init__(data, options, seed)
        self.run, self.split, self._count, self.hurdle = run, split, count, hurdle
        self.unseen_origin = split.origin

    @classmethod
    def runs(cls, data: Data, options: Options, seed: int) -> "list[BlockComparison]":
        """Return the repetitions, each with a split of its own."""
        limit = options.limit
        splits = [
            Split.draw(data.train, data.holdout, seed, run, limit) for run in range(options.runs)
        ]
        count = min([len(data.synthetic), *(len(split.known) for split in splits)])
        few = min(count, *(min(len(split.other), len(split.unseen)) for split in splits))
        hurdle = too_few_reason(few, "each side of it") if few < MIN_WINDOWS else None
        return [
            cls(data, options, seed, run, split, count, hurdle) for run, split in enumerate(splits)
        ]

    def count(self) -> int:
        return self._count

    def synthetic(self) -> Candidate:
        draw = rng(self.seed, "strict", self.run, "synthetic")
        made = subset(self.data.synthetic, len(self.split.everything), draw)
        return self._candidate("synthetic", made, derive(self.seed, "synthetic", self.run))

    def baseline(self) -> Candidate:
        return self._reference("real", self.split.other)

    def control(self, name: str) -> Candidate:
        if name == "held_out":
            return self._reference(name, self.split.unseen)
        learned = self.split.everything
        draw = rng(self.seed, "strict", self.run, name)
        return self._reference(name, self.data.controls[name](learned, len(learned), draw))

    def controls(self) -> list[str]:
        return [*self.data.controls, *(["held_out"] if self.split.origin == "held-out" else [])]

    def settings(self) -> dict[str, Any]:
        limit, runs = self.options.limit, self.options.runs
        exogenous = [*self.data.exogenous]
        about = {"run": self.run, "runs": runs, "count": self._count, "limit": limit}
        return about | {"exogenous": exogenous}

    def _reference(self, name: str, windows: Array) -> Candidate:
        return self._candidate(name, windows, derive(self.seed, "controls", self.run))

    def _candidate(self, name: str, windows: Array, seed: int) -> Candidate:
        sample = subset(windows, self._count, rng(seed, "thin", name))
        pair = Subset(self.split.real_for(name)), Subset(sample)
        return Candidate(name, (pair,), windows, seed)


def comparisons_of(design: str, data: Data, options: Options, seed: int) -> Sequence[Comparison]:
    """Return the comparisons of a design, one for each repetition."""
    if design == "blocks":
        return BlockComparison.runs(data, options, seed)
    kind = {"sets": SetComparison, "published": PublishedComparison}[design]
    return [kind(data, options, seed)]
