"""Every metric grows worse with every grade of the corruption that it is there to see.

Grade 0 is another sample of the same distribution: there each metric is at its floor. The last
grades are white noise, where a metric has a ceiling.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from timegan.metrics.fidelity import distances
from timegan.metrics.fidelity.autocorrelation import autocorrelation_score, changes
from timegan.metrics.fidelity.classifier_tests import CLASSIFIERS, TwoSampleTask
from timegan.metrics.fidelity.context_fid import frechet
from timegan.metrics.fidelity.correlation import correlation_draws, correlation_score
from timegan.metrics.fidelity.density import change_overlap, overlaps, pooled_overlap
from timegan.metrics.fidelity.discriminative import classify
from timegan.metrics.fidelity.precision_recall import authenticity, precision, recall
from timegan.metrics.fidelity.summary_statistics import diversity, statistics
from timegan.metrics.fidelity.ts2vec import encode, fit
from timegan.metrics.grouped_gru import Task
from timegan.metrics.privacy.copies import copying
from timegan.metrics.privacy.membership_inference import membership
from timegan.metrics.privacy.shifted_copies import shifted_copies
from timegan.metrics.roc import auc
from timegan.metrics.utility import tstr
from timegan.metrics.utility.predictive import forecast
from timegan.metrics.windows import Array, MinMax

Measure = Callable[[Array, Sequence[Array]], list[float | None]]
"""Scores of several synthetic sets, whose classifiers and forecasters train together."""
Corruption = Callable[[Array, float], Array]


def walks(count: int, seed: int, steps: int = 12, features: int = 3) -> Array:
    """Return correlated, mean-reverting walks of two kinds, high and low, in different units."""
    rng = np.random.default_rng(seed)
    mix = np.eye(features) + 0.5
    x = np.empty((count, steps, features))
    x[:, 0] = rng.normal(size=(count, features)) @ mix
    for t in range(1, steps):
        x[:, t] = 0.9 * x[:, t - 1] + 0.45 * rng.normal(size=(count, features)) @ mix
    found: Array = x + 5 * np.where(rng.random((count, 1, 1)) < 0.5, 1, -1)
    return found


REAL, OTHER, UNSEEN, APART = (walks(600, seed) for seed in range(4))


def draw() -> np.random.Generator:
    """Return a random generator that draws the same for every grade."""
    return np.random.default_rng(9)


def noisy(x: Array, grade: float) -> Array:
    return x + grade * draw().normal(size=x.shape)


def smooth(x: Array, grade: float) -> Array:
    y = x.copy()
    y[:, 1:] = (1 - grade) * x[:, 1:] + grade * x[:, :-1]
    return y


def shuffled(x: Array, grade: float) -> Array:
    """Shuffle the steps in a share of the windows."""
    y, some = x.copy(), chosen(x, grade)
    order = draw().permuted(np.tile(np.arange(x.shape[1]), (len(x), 1)), axis=1)
    y[some] = np.take_along_axis(x, order[..., None], axis=1)[some]
    return y


def dropped(x: Array, grade: float) -> Array:
    """Replace a share of the high windows by low ones."""
    high = x.mean(axis=(1, 2)) > 0
    lost = high & chosen(x, grade)
    low = np.flatnonzero(~high)
    y = x.copy()
    y[lost] = x[draw().choice(low, lost.sum())]
    return y


def decoupled(x: Array, grade: float, apart: Array = APART) -> Array:
    """Replace the first feature in a share of the windows by that of other windows."""
    y, some = x.copy(), chosen(x, grade)
    y[some, :, 0] = apart[: len(x)][some, :, 0]
    return y


def alone(x: Array, grade: float) -> Array:
    """Replace the last feature in a share of the windows by that of other windows."""
    return decoupled(x[..., ::-1], grade, APART[..., ::-1])[..., ::-1]


def copied(x: Array, grade: float) -> Array:
    """Replace a share of the windows by training windows."""
    some = chosen(x, grade)
    return np.where(some[:, None, None], REAL[draw().permutation(len(REAL))][: len(x)], x)


def collapsed(x: Array, grade: float) -> Array:
    centre: Array = x.mean(axis=0)
    return centre + (1 - grade) * (x - centre)


def chosen(x: Array, share: float) -> Array:
    found: Array = draw().permutation(len(x)) < share * len(x)
    return found


def white(x: Array) -> Array:
    """Return independent values of the right range."""
    low, high = REAL.min(axis=(0, 1)), REAL.max(axis=(0, 1))
    found: Array = draw().uniform(low, high, size=x.shape)
    return found


def each(measure: Callable[[Array, Array], float | None]) -> Measure:
    """Apply a measure of one set to each of several."""
    return lambda real, sets: [measure(real, synthetic) for synthetic in sets]


def told(real: Array, sets: Sequence[Array]) -> list[float | None]:
    """Return discriminative scores; the classifiers of all sets are one network."""
    tasks = [Task(real, x, seed) for x in sets for seed in range(2)]
    signed = classify(tasks, iterations=250, hidden=6, lr=1e-2)
    return [float(score) for score in np.abs(signed).reshape(len(sets), 2).mean(axis=1)]


def forecasts(target: str) -> Measure:
    def measure(real: Array, sets: Sequence[Array]) -> list[float | None]:
        scale = MinMax(real)
        tasks = [Task(scale(x), scale(real), 0) for x in sets]
        return list(forecast(tasks, target=target, iterations=250, hidden=6, lr=1e-2))

    return measure


def seen(real: Array, sets: Sequence[Array]) -> list[float | None]:
    """Return Context-FID."""
    scale = MinMax(real)
    network = fit(scale(real), encoders=1, iterations=15)
    known, *others = (encode(network, scale(x))[0] for x in (real, *sets))
    return [frechet(known, other) for other in others]


def judged(kind: str) -> Measure:
    def measure(real: Array, sets: Sequence[Array]) -> list[float | None]:
        half = len(real) // 2
        trials = [TwoSampleTask(real / 5, x[:half] / 5, UNSEEN / 5, x[half:] / 5, 0) for x in sets]
        beliefs = CLASSIFIERS[kind](trials, 1_000 if kind == "recurrent" else 160)
        return [auc(*belief) for belief in beliefs]

    return measure


def useful(ahead: int) -> Measure:
    def measure(real: Array, sets: Sequence[Array]) -> list[float | None]:
        found = tstr.errors([real, *sets], UNSEEN, ahead, seed=0, iterations=200)
        return [tstr.ratio(found, place, 0) for place in range(1, 1 + len(sets))]

    return measure


def draws(real: Array, synthetic: Array) -> float:
    return float(np.mean(correlation_draws(real, synthetic) or [np.nan]))


def furthest(real: Array, synthetic: Array) -> float:
    names = [str(c) for c in range(real.shape[2])]
    rows = statistics(real, synthetic, names)
    return max(abs(float(row["difference"])) for row in rows if row["statistic"] == "std")


def least(real: Array, synthetic: Array) -> float:
    return min(overlaps(real, synthetic))


def persistence(real: Array, synthetic: Array) -> float | None:
    return autocorrelation_score(changes(real), changes(synthetic))


def betrayed(real: Array, synthetic: Array) -> float | None:
    return membership(real, UNSEEN, synthetic)


def copies(real: Array, synthetic: Array) -> float:
    return float(copying(real, synthetic, UNSEEN)["copied_share"])


def shifted(real: Array, synthetic: Array) -> float:
    return float(shifted_copies(real, UNSEEN, synthetic)["copied_share"])


def variety(real: Array, synthetic: Array) -> float:
    return float(diversity(real, synthetic, list("abc"))["ratio"])


@dataclass(frozen=True)
class Case:
    """A measure, what it is there to see, and the grades that it must tell apart.

    Args:
        baseline: the most that another sample may get, on the scale on which more is worse.
        ceiling: the least that white noise must get, where there is a ceiling.
        sign: -1 where more is better.
    """

    measure: Measure
    corrupt: Corruption
    grades: tuple[float, ...]
    baseline: float
    ceiling: float | None = None
    sign: int = 1


SHARES = (0.25, 0.5, 0.75, 1.0)
CASES = {
    "discriminative": Case(told, noisy, (0.7, 1.5, 4.0), 0.09, 0.45),
    "predictive, last": Case(forecasts("last"), alone, (0.4, 0.7, 1.0), 0.06),
    "predictive, all": Case(forecasts("all"), shuffled, (0.3, 0.6, 1.0), 0.06, 0.15),
    "context_fid": Case(seen, noisy, (0.5, 1, 2, 4), 1.0),
    "density": Case(each(pooled_overlap), noisy, (1, 2, 4), -0.95, -0.8, -1),
    "density of a feature": Case(each(least), dropped, SHARES, -0.93, None, -1),
    "change_density": Case(each(change_overlap), smooth, (0.15, 0.3, 0.5), -0.95, -0.4, -1),
    "correlation": Case(each(correlation_score), decoupled, SHARES, 0.01, 0.2),
    "correlation of draws": Case(each(draws), decoupled, SHARES, 0.02, 0.2),
    "autocorrelation": Case(each(autocorrelation_score), noisy, (1, 2, 4), 0.02, 0.8),
    "change_autocorrelation": Case(each(persistence), smooth, (0.2, 0.35, 0.5), 0.02),
    "wasserstein": Case(each(distances.wasserstein), dropped, SHARES, 0.03),
    "cross_correlation": Case(each(distances.cross_correlation), decoupled, SHARES, 0.03, 0.5),
    "spectrum": Case(each(distances.spectral_distance), smooth, (0.15, 0.3, 0.5), 0.05),
    "increment_moments": Case(each(distances.increment_moments), shuffled, SHARES, 0.09),
    "mmd": Case(each(distances.mmd), dropped, SHARES, 0.01),
    "precision": Case(each(precision), noisy, (0.3, 0.6, 1), -0.85, -0.05, -1),
    "recall": Case(each(recall), dropped, (0.5, 0.75, 1.0), -0.8, -0.75, -1),
    "authenticity": Case(each(authenticity), copied, SHARES, -0.42, None, -1),
    "membership": Case(each(betrayed), copied, SHARES, 0.56),
    "copying": Case(each(copies), copied, SHARES, 0.1),
    "shifted copies": Case(each(shifted), copied, SHARES, 0.1),
    "diversity": Case(each(variety), collapsed, SHARES, -0.9, None, -1),
    "deviation": Case(each(furthest), collapsed, SHARES, 0.2),
    "tstr": Case(useful(1), noisy, (0.3, 0.6, 1.2), 1.1, 2.0),
    "tstr_horizon": Case(useful(3), noisy, (0.5, 1, 2), 1.1, 1.5),
    "classifiers, recurrent": Case(judged("recurrent"), noisy, (0.7, 1.5, 4), 0.58, 0.95),
    "classifiers, convolutional": Case(judged("convolutional"), noisy, (0.7, 1.5, 4), 0.58, 0.95),
    "classifiers, boosting": Case(judged("boosting"), noisy, (0.2, 0.4, 0.8), 0.58, 0.95),
}


@pytest.mark.parametrize("name", CASES)
def test_each_grade_of_corruption_is_worse_than_the_one_before(name: str) -> None:
    case = CASES[name]
    sets = [case.corrupt(OTHER, grade) for grade in (0.0, *case.grades)] + [white(OTHER)]
    *found, ceiling = (case.sign * value for value in case.measure(REAL, sets) if value is not None)
    assert len(found) == 1 + len(case.grades)
    assert found[0] <= case.baseline, found
    assert all(a < b for a, b in pairwise(found)), found
    assert case.ceiling is None or ceiling >= case.ceiling
