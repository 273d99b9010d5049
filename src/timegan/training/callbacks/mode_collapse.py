"""Warnings of mode collapse, of divergence, and of a discriminator that is too far ahead."""

from collections.abc import Mapping, Sequence

MIN_DIVERSITY = 0.5
"""Diversity below which samples have collapsed, relative to that of real windows."""
MAX_DISTANCE_RATIO = 3.0
"""Distance, relative to the smallest one so far, above which samples diverge from the data."""
MAX_REST_RATE = 0.9
"""Share of skipped updates above which the discriminator is too far ahead."""
CONSECUTIVE_MEASUREMENTS = 3
"""Measurements in a row that have to agree."""
MIN_PROGRESS = 0.2
"""Share of the joint phase before which no warning is given: the generator has only begun."""


def mode_collapse_warnings(measurements: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """Return a message for each problem, by its name; empty without problems.

    Args:
        measurements: ``epoch``, ``progress`` (of the joint phase), ``distance``, ``diversity`` and
            ``rest_rate`` of each measurement, the newest last.

    >>> one = {"epoch": 9, "progress": 0.5, "distance": 0.1, "diversity": 0.31, "rest_rate": 0.0}
    >>> list(mode_collapse_warnings([one] * 3))
    ['diversity']
    """
    last = [m for m in measurements[-CONSECUTIVE_MEASUREMENTS:] if m["progress"] > MIN_PROGRESS]
    if len(last) < CONSECUTIVE_MEASUREMENTS:
        return {}
    epoch, found = round(last[-1]["epoch"]), {}
    in_a_row = f"in {CONSECUTIVE_MEASUREMENTS} measurements in a row"
    if max(m["diversity"] for m in last) < MIN_DIVERSITY:
        found["diversity"] = (
            f"Epoch {epoch}: mode collapse: two samples are only {last[-1]['diversity']:.2f} times "
            f"as far apart as two real windows (below {MIN_DIVERSITY:g} {in_a_row}). Set a smaller "
            "model.lr or a larger model.energy_weight. To end with the best weights, set "
            "callbacks.sample_monitor.restore_best_weights=true."
        )
    best = min(measurements, key=lambda m: m["distance"])
    if min(m["distance"] for m in last) > MAX_DISTANCE_RATIO * best["distance"]:
        found["distance"] = (
            f"Epoch {epoch}: samples diverge from the data: their distance is "
            f"{last[-1]['distance'] / best['distance']:.3g} times that of epoch "
            f"{round(best['epoch'])} (above {MAX_DISTANCE_RATIO:g} {in_a_row}). Set a smaller "
            "model.lr. To end with the best weights, set "
            "callbacks.sample_monitor.restore_best_weights=true."
        )
    if min(m["rest_rate"] for m in last) > MAX_REST_RATE:
        found["rest_rate"] = (
            f"Epoch {epoch}: the discriminator skipped {last[-1]['rest_rate']:.0%} of its updates "
            f"(above {MAX_REST_RATE:.0%} {in_a_row}): it is so far ahead that the generator learns "
            "little. Set a smaller model.lr or more model.generator_steps."
        )
    return found
