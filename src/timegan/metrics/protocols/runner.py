"""The measuring of a protocol: each score beside its baseline and its controls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache as memoize
from functools import partial
from typing import Any

from timegan.attempts import attempt
from timegan.metrics.cache import cached, fingerprint
from timegan.metrics.comparison import Candidate, Comparison, Data, comparisons_of
from timegan.metrics.fidelity.summary_statistics import diversity, statistics
from timegan.metrics.metric import Metric, metrics_of
from timegan.metrics.parallel import run_parallel, show_progress, track, working
from timegan.metrics.privacy.report import copying_report
from timegan.metrics.protocols.protocol import Protocol, find_protocol
from timegan.metrics.score import Score, to_json
from timegan.metrics.windows import Array, MinMax, check
from timegan.transforms.feature_view import Marks

VERSION = 10
"""Version of the meaning of cached figures. Raise it when a metric or a control changes."""

Scores = dict[str, Score]


def run_protocol(
    train: Array,
    holdout: Array | None,
    synthetic: Array,
    features: Sequence[str],
    *,
    protocol: str = "strict",
    seed: int = 0,
    limits: tuple[Array, Array] | None = None,
    marks: Marks | None = None,
    exogenous: Sequence[str] = (),
    classifiers: int | None = None,
    control_classifiers: int | None = None,
    classifier_steps: int | None = None,
    batch: int | None = None,
    hidden: int | None = None,
    lr: float | None = None,
    forecaster_steps: int | None = None,
    encoders: int | None = None,
    encoder_steps: int | None = None,
    runs: int | None = None,
    limit: int | None = None,
    compared_with: str | None = None,
    cache: bool = True,
    workers: int | None = None,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Measure synthetic windows by a protocol.

    None leaves an option to the protocol. Its options are those of the metrics that it has; see
    `timegan.metrics.comparison.Options`.

    Args:
        train: windows that the model has learned from (N, T, C), in original units and in the
            order of time.
        holdout: windows that share no row with them, or None.
        synthetic: windows (M, T, C) in the same units; M need not be N.
        features: names of the C features.
        protocol: ``quick``, ``published``, ``published_strong``, ``strict`` or ``smoke``.
        seed: of everything random.
        limits: each feature's minimum and maximum (C,) that min-max units are made of; None: those
            of the training windows.
        marks: features that mark where others have no value; None: there are none.
        exogenous: names of features that are given from outside at each step.
        classifiers: repeats of the discriminative and of the predictive scores.
        control_classifiers: classifiers of each control.
        classifier_steps: updates of each classifier.
        batch: real windows of an update of a classifier, and synthetic ones.
        hidden: units of each classifier; by default half as many as features, and at most 24.
        lr: step size of the classifiers.
        forecaster_steps: updates of each forecaster.
        encoders: repeats of Context-FID.
        encoder_steps: updates of each encoder; by the published rule 200 up to 100,000 numbers
            (windows x steps x features), and 600 above.
        runs: repeats of the strict metrics, with other halves, subsets and classifiers.
        limit: windows on a side that a metric sees, at most.
        compared_with: real side of the scores, ``training`` or ``held-out``.
        cache: keep baselines and controls in the user's cache folder. They depend on the real
            windows alone.
        workers: threads that measure; by default two, where there are cores for two.
        progress: also tell what is being measured where the output is no terminal.

    Returns:
        ``scores``, by name; ``statistics``, ``statistics_scaled``, ``diversity`` and ``copying``;
        ``windows_measured``, where a quick protocol measures fewer windows of a wide table.

    Raises:
        InputError: an unknown protocol or option, or sets that cannot be compared.
    """
    given = {
        "classifiers": classifiers,
        "control_classifiers": control_classifiers,
        "classifier_steps": classifier_steps,
        "batch": batch,
        "hidden": hidden,
        "lr": lr,
        "forecaster_steps": forecaster_steps,
        "encoders": encoders,
        "encoder_steps": encoder_steps,
        "runs": runs,
        "limit": limit,
        "compared_with": compared_with,
    }
    chosen = find_protocol(protocol)
    options = chosen.settle({name: value for name, value in given.items() if value is not None})
    check(train, synthetic)
    if limit in (None, chosen.settle({}).limit):
        options = chosen.fit_limit(options, train.shape[1] * train.shape[2])
    if holdout is not None and len(holdout):
        check(train, holdout)
    else:
        holdout = None
    data = Data(train, holdout, synthetic, features, limits, marks, exogenous)
    compared = {
        design: comparisons_of(design, data, chosen.options_of(design, options), seed)
        for design in chosen.designs
    }
    with show_progress(chosen.shows_progress if progress is None else progress):
        scores = _measure(chosen, compared, cache, workers)
        with working("Statistics and tests for copies"):
            others = _other_parts(chosen, data, scores, seed)
    limit = chosen.settle({}).limit
    about = {"windows_measured": options.limit} if options.limit < limit else {}
    return {"scores": scores} | others | about


def _measure(
    protocol: Protocol,
    compared: Mapping[str, Sequence[Comparison]],
    cache: bool,
    workers: int | None,
) -> Scores:
    """Return the scores of a protocol, in the order of tables."""
    tasks: dict[tuple[str, int, str], Callable[[], Any]] = {}
    for design, comparisons in compared.items():
        for run, comparison in enumerate(comparisons):
            tasks[design, run, "reference"] = partial(_reference, comparison, cache)
            tasks[design, run, "own"] = partial(_own, comparison)
    found = run_parallel(tasks, workers)
    scores: Scores = {}
    for design in protocol.designs:
        comparisons = compared[design]
        for metric in _metrics(comparisons[0]):
            own = [found[design, run, "own"][metric.name] for run in range(len(comparisons))]
            others = [
                found[design, run, "reference"].get(metric.name, {})
                for run in range(len(comparisons))
            ]
            score = _assemble(metric, comparisons[0], own, others)
            if metric.name in scores:  # another form of the metric, by the design before
                scores[metric.name] = _with_other_form(scores[metric.name], score)
            else:
                scores[metric.name] = score
    return {m.name: scores[m.name] for m in protocol.metrics if m.name in scores}


def _metrics(comparison: Comparison) -> list[Metric]:
    """Return the metrics of a design that windows of this kind have."""
    return [metric for metric in metrics_of(comparison.design) if metric.applies(comparison)]


def _own(comparison: Comparison) -> Scores:
    """Return the scores of the synthetic windows."""
    candidate = comparison.synthetic()
    scores, metrics = {}, _metrics(comparison)
    for metric in track(metrics, "Scores", len(metrics)):
        if reason := metric.missing(comparison):
            scores[metric.name] = Score.unknown(reason)
            continue
        found = _attempt(metric, comparison, {"synthetic": candidate})
        scores[metric.name] = found["synthetic"]
    return scores


def _reference(comparison: Comparison, cache: bool) -> dict[str, Scores]:
    """Return the scores of the baseline and of the controls, by metric and candidate."""

    @memoize
    def candidates() -> tuple[dict[str, Candidate], Scores]:
        found, failed = {"real": comparison.baseline()}, {}
        for name in comparison.controls():
            made = attempt(f"control {name}", partial(_control, comparison, name), str)
            if isinstance(made, str):
                failed[name] = Score.unknown(made)
            else:
                found[name] = made
        return found, failed

    def measure(metric: Metric) -> dict[str, Any]:
        made, failed = candidates()
        scores = _attempt(metric, comparison, made) | failed
        return {name: score.to_dict() for name, score in scores.items()}

    references: dict[str, dict[str, Any]] = {}
    # In reverse, so that the encoders are fitted here while the other thread trains forecasters.
    metrics = _metrics(comparison)[::-1]
    for metric in track(metrics, "Scores of baseline and controls", len(metrics)):
        if metric.missing(comparison):
            continue
        if cache:
            settings = {name: getattr(comparison.options, name) for name in metric.options}
            about = {"version": VERSION, "data": comparison.fingerprint, "metric": metric.name}
            name = fingerprint({}, about | {"options": settings})
            references[metric.name] = cached(name, partial(measure, metric))
        else:
            references[metric.name] = measure(metric)
    return {
        name: {key: Score.from_dict(score) for key, score in found.items()}
        for name, found in references.items()
    }


def _control(comparison: Comparison, name: str) -> Candidate | str:
    return comparison.control(name)


def _attempt(metric: Metric, comparison: Comparison, candidates: Mapping[str, Candidate]) -> Scores:
    """Return the scores of candidates that are measured together, or fail together."""
    return attempt(
        f"score {metric.name} of {', '.join(candidates)}",
        lambda: metric.measure(comparison, candidates),
        lambda reason: dict.fromkeys(candidates, Score.unknown(reason)),
    )


def _assemble(
    metric: Metric,
    comparison: Comparison,
    own: Sequence[Score],
    others: Sequence[Mapping[str, Score]],
) -> Score:
    """Return the score of all runs beside its baseline and controls, and with its details."""
    names = dict.fromkeys(name for other in others for name in other)
    beside = {name: metric.merge([o[name] for o in others if name in o]) for name in names}
    score = replace(
        metric.merge(own),
        better=metric.better,
        compared_with=(
            comparison.unseen_origin if metric.uses_unseen else comparison.compared_with
        ),
        baseline=beside.pop("real", None),
        controls=beside,
    )
    if metric.details is None:
        return score
    what = f"details of score {metric.name}"
    details = attempt(what, partial(metric.details, comparison), lambda _: {})
    return score.with_details(**details)


def _with_other_form(score: Score, other: Score) -> Score:
    """Return a score with another form of its metric as a detail, ``whole``."""
    whole = replace(other, std=None, runs=(), better="", compared_with="", details={})
    return replace(score, details={**other.details, **score.details, "whole": whole})


def _other_parts(protocol: Protocol, data: Data, scores: Scores, seed: int) -> dict[str, Any]:
    """Return the parts of an evaluation that are no scores."""
    train, synthetic = data.cells(data.train), data.cells(data.synthetic)
    features = data.cell_features
    scale = MinMax(train, data.limits)
    parts: dict[str, Any] = {
        "statistics": attempt(
            "statistics", lambda: statistics(train, synthetic, features), lambda _: []
        ),
        "statistics_scaled": attempt(
            "scaled statistics",
            lambda: statistics(scale(train), scale(synthetic), features),
            lambda _: [],
        ),
        "diversity": attempt(
            "diversity",
            lambda: diversity(train, synthetic, features),
            lambda reason: {"ratio": None, "least": None, "feature": None, "reason": reason},
        ),
        "copying": copying_report(data, scores, seed, is_thorough=protocol.is_thorough),
    }
    plain: dict[str, Any] = to_json(parts)
    return plain
