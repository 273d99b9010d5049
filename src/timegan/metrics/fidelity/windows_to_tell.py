"""Windows to tell: how many a classifier has to see before it tells synthetic from real ones.

An area under the ROC curve of 0.93 and one of 0.998 are both "told", and hardly anything lies
between. The smallest number of training windows with which an area of 0.75 is reached does not
saturate. Asked of levels, of changes and of single features, it says where to look.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from timegan.attempts import attempt
from timegan.metrics.comparison import BlockComparison, Candidate
from timegan.metrics.fidelity.classifier_tests import (
    TwoSampleTask,
    booster,
    two_sample_task,
    window_features,
)
from timegan.metrics.metric import Metric, Needs, register
from timegan.metrics.parallel import track
from timegan.metrics.roc import auc
from timegan.metrics.score import Score, merge_scores, too_few_reason
from timegan.metrics.windows import Array
from timegan.seeds import derive, rng

AREA = 0.75
"""Area under the ROC curve from which on windows are told."""
LEAST = 16
"""Smallest number of windows of a side that a classifier learns from."""
MAX_TREES = 100
"""Trees of a classifier, at most."""
DRAWN = 256
"""Windows that few of them are drawn again to reach: areas of small sets are means of draws."""
MAX_DRAWS = 4
"""Draws of a number of windows, at most."""
MAX_SINGLE = 3
"""Views of a single feature that are asked for the number, those that tell most with all windows.
"""

VIEWS: dict[str, Callable[[Array], Array]] = {
    "levels": partial(window_features, with_changes=False),
    "changes": lambda windows: window_features(np.diff(windows, axis=1)),
    "second differences": lambda windows: window_features(np.diff(windows, 2, axis=1)),
}
"""Features of windows (N, T, C) that a classifier sees, by the name of the view."""
SINGLE = {"{}": VIEWS["levels"], "changes of {}": VIEWS["changes"]}
"""Views of a single feature, by a name with a place for that of the feature."""


@dataclass(frozen=True)
class View:
    """Views of the windows of a task that a classifier sees, in rows of features.

    Args:
        real: rows to learn from.
        made: rows of synthetic windows to learn from.
        unseen_real: rows of the test.
        unseen_made: rows of synthetic windows of the test.
    """

    real: Array
    made: Array
    unseen_real: Array
    unseen_made: Array

    @classmethod
    def of(cls, task: TwoSampleTask, features: Callable[[Array], Array]) -> "View":
        """Return a view of the windows of a task."""
        sets = (task.known_real, task.known_synthetic, task.unseen_real, task.unseen_synthetic)
        return cls(*map(features, sets))

    @property
    def count(self) -> int:
        """Windows of a side that can be learned from."""
        return min(len(self.real), len(self.made))

    def area(self, size: int, trees: int, seed: int) -> float:
        """Return the area on unseen windows of a classifier that has seen ``size`` of each side."""
        areas = []
        for number in range(min(max(DRAWN // size, 1), MAX_DRAWS)):
            draw = rng(seed, "windows to tell", size, number)
            parts = [s[draw.permutation(len(s))[:size]] for s in (self.real, self.made)]
            leaf = max(2, min(20, size // 8))
            learned = booster(trees, derive(seed, size, number), leaf).fit(
                np.concatenate(parts), np.repeat((1, 0), size)
            )
            outputs = map(learned.decision_function, (self.unseen_real, self.unseen_made))
            areas.append(auc(*outputs))
        return float(np.mean(areas))


def windows_to_tell(view: View, trees: int = MAX_TREES, seed: int = 0) -> float:
    """Return the number of windows of a side from which on a classifier tells the two sides.

    All windows are tried first, then fewer, down to 16, as long as the area reaches 0.75. Between
    two numbers the logarithm is interpolated. Twice the number of all windows stands for never.

    Args:
        view: at least 16 windows of a side.
        trees: of a classifier.
        seed: of the windows that are drawn and of the classifiers.
    """
    sizes = [view.count]
    sizes += [size for size in (LEAST << k for k in reversed(range(20))) if size < view.count]
    told = None
    for size in sizes:
        area = view.area(size, trees, seed)
        if area < AREA:
            if told is None:
                return 2.0 * view.count
            share = (AREA - area) / (told[1] - area)
            return float(size * (told[0] / size) ** share)
        told = size, area
    return float(sizes[-1])


def _measure(comparison: BlockComparison, candidates: Mapping[str, Candidate]) -> dict[str, Score]:
    """Return the number of windows for each candidate; for synthetic ones by feature as well."""
    trees = min(max(comparison.options.classifier_steps // 20, 1), MAX_TREES)
    what = f"{len(candidates)} times windows to tell"
    return {
        name: attempt(
            f"score windows_to_tell of {name}",
            partial(_of_candidate, comparison, candidate, trees),
            Score.unknown,
        )
        for name, candidate in track(candidates.items(), what, len(candidates))
    }


def _of_candidate(comparison: BlockComparison, candidate: Candidate, trees: int) -> Score:
    task = two_sample_task(comparison, candidate)
    most = min(len(task.known_real), len(task.known_synthetic))
    if most < LEAST:
        return Score.unknown(too_few_reason(most, "a classifier", LEAST))
    steps = task.known_real.shape[1]
    views = {
        name: View.of(task, features)
        for lost, (name, features) in enumerate(VIEWS.items())
        if steps > lost
    }
    found = {name: windows_to_tell(view, trees, task.seed) for name, view in views.items()}
    score = Score.of([min(found.values())])
    if candidate.name == "synthetic":
        found |= _of_single_features(task, comparison.data.features, trees)
    return score.with_details(views=found, most=most)


def _of_single_features(task: TwoSampleTask, names: Sequence[str], trees: int) -> dict[str, float]:
    """Return the numbers of the views of single features that tell most."""
    views = {
        title.format(name): View.of(task, partial(_of_column, features, c))
        for c, name in enumerate(names)
        for lost, (title, features) in enumerate(SINGLE.items())
        if task.known_real.shape[1] > lost
    }
    few = max(trees // 4, 1)
    areas = {name: view.area(view.count, few, task.seed) for name, view in views.items()}
    strongest = sorted(areas, key=lambda name: -areas[name])[:MAX_SINGLE]
    return {name: windows_to_tell(views[name], trees, task.seed) for name in strongest}


def _of_column(features: Callable[[Array], Array], column: int, windows: Array) -> Array:
    return features(windows[..., column : column + 1])


def _merge(scores: Sequence[Score]) -> Score:
    """Return the mean over runs, and the mean of each view over the runs that asked for it."""
    score = merge_scores([Score(s.mean, s.std, s.runs, s.reason) for s in scores])
    told = [s.details for s in scores if s.details]
    if not told:
        return score
    views: dict[str, list[float]] = {}
    for details in told:
        for name, count in details["views"].items():
            views.setdefault(name, []).append(count)
    means: dict[str, Any] = {name: float(np.mean(counts)) for name, counts in views.items()}
    return score.with_details(views=means, most=min(details["most"] for details in told))


register(
    Metric(
        "windows_to_tell",
        title="Windows to tell",
        meaning="Real and as many synthetic windows that gradient boosting has to learn from, by "
        "the view that needs fewest, before it tells unseen ones (area 0.75). Twice as many as "
        "there are stands for never.",
        better="higher",
        formula=r"\min \{n: \mathrm{AUC}(n) \ge 0.75\}",
        values="16 and more",
        cannot_see="Faults that boosting does not find in levels, changes and second differences.",
        measure=_measure,
        design="blocks",
        perfect=math.inf,
        needs=Needs(steps=2),
        order=95,
        uses_unseen=True,
        options=("classifier_steps",),
        merge=_merge,
    )
)
