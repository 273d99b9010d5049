"""Windows to tell: never for real windows, and fewer the worse the windows are."""

from dataclasses import replace

import numpy as np

from timegan.metrics.comparison import BlockComparison, Data, Options, comparisons_of
from timegan.metrics.fidelity.classifier_tests import TwoSampleTask
from timegan.metrics.fidelity.windows_to_tell import VIEWS, View, windows_to_tell
from timegan.metrics.metric import metrics_of
from timegan.metrics.score import Score
from timegan.metrics.windows import Array
from timegan.report.verdicts.fidelity import classifier_verdict


def walks(count: int, seed: int, size: float = 1.0) -> Array:
    """Return walks around levels of their own, whose changes have a size."""
    rng = np.random.default_rng(seed)
    moves = size * rng.normal(size=(count, 16, 2)).cumsum(axis=1)
    found: Array = 10 * rng.normal(size=(count, 1, 2)) + moves
    return found


def needed(view: str, size: float) -> float:
    parts = walks(256, 0), walks(256, 1, size), walks(300, 2), walks(300, 3, size)
    return windows_to_tell(View.of(TwoSampleTask(*parts, seed=0), VIEWS[view]), trees=20)


def test_another_sample_is_never_told_and_larger_changes_the_sooner_the_larger() -> None:
    never, slight, plain = (needed("changes", size) for size in (1.0, 1.2, 1.5))
    assert never == 2 * 256  # twice all windows
    assert 16 < slight < 256
    assert plain == 16


def test_changes_are_told_from_changes_and_levels_are_blind_to_them() -> None:
    assert needed("levels", 1.2) > needed("changes", 1.2)


def test_the_score_names_the_view_and_real_windows_are_never_told() -> None:
    fake = walks(300, 2)
    fake[..., 1] = walks(300, 3, 3.0)[..., 1]
    data = Data(walks(300, 0), walks(100, 1), fake, ["Open", "Volume"])
    (comparison,) = comparisons_of("blocks", data, Options(classifier_steps=200, runs=1), 0)
    (metric,) = (m for m in metrics_of("blocks") if m.name == "windows_to_tell")
    assert isinstance(comparison, BlockComparison)
    candidates = {"synthetic": comparison.synthetic(), "real": comparison.baseline()}
    found = metric.measure(comparison, candidates)
    real, score = (metric.merge([found[name]]) for name in ("real", "synthetic"))
    views, most = score.details["views"], score.details["most"]
    assert real.mean == 2 * real.details["most"]
    assert score.mean == min(views[name] for name in VIEWS) <= most
    assert views["changes of Volume"] <= most
    assert all(views[name] > most for name in views if "Open" in name)
    scores = {
        "classifier_auc": Score(0.9, baseline=Score(0.5)),
        "windows_to_tell": replace(score, baseline=real),
    }
    sentence = classifier_verdict(scores).sentence
    assert "windows to notice, most easily from " in sentence
    assert "two real samples" not in sentence
    never = replace(score, mean=2.0 * most, details={"views": {"levels": 2.0 * most}, "most": most})
    assert (
        f"more than {most} windows"
        in classifier_verdict(scores | {"windows_to_tell": never}).sentence
    )


def test_few_windows_cannot_tell() -> None:
    data = Data(walks(90, 0), walks(30, 1), walks(21, 2), ["a", "b"])
    (comparison,) = comparisons_of("blocks", data, Options(classifier_steps=20, runs=1), 0)
    (metric,) = (m for m in metrics_of("blocks") if m.name == "windows_to_tell")
    found = metric.measure(comparison, {"synthetic": comparison.synthetic()})["synthetic"]
    assert found.mean is None
    assert found.reason == "10 windows are too few: a classifier needs 16."
