"""When samples become too much alike or worse, or the discriminator leaves the generator behind."""

from collections.abc import Mapping, Sequence

LEAST = 0.5
"""Diversity below which samples have collapsed: two of them are that much nearer than real ones."""
AWAY = 3.0
"""Distance over the smallest one so far above which samples are leaving the data."""
MOST = 0.9
"""Share of updates that the discriminator rests in above which it is too far ahead."""
LOOKS = 3
"""Looks in a row that have to agree."""
START = 0.2
"""Share of the joint phase before which nothing is said: the generator has only begun."""


def alarms(looks: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """What is wrong, in words, by its name; empty where all is well.

    Args:
        looks: ``epoch``, ``progress`` (of the joint phase), ``distance``, ``diversity`` and
            ``rest_rate`` of each look, the newest last.

    >>> look = {"epoch": 9, "progress": 0.5, "distance": 0.1, "diversity": 0.31, "rest_rate": 0.0}
    >>> list(alarms([look] * 3))
    ['diversity']
    """
    last = [look for look in looks[-LOOKS:] if look["progress"] > START]
    if len(last) < LOOKS:
        return {}
    epoch, found = round(last[-1]["epoch"]), {}
    if max(look["diversity"] for look in last) < LEAST:
        found["diversity"] = (
            f"Epoch {epoch}: samples have become too much alike: two of them are "
            f"{last[-1]['diversity']:.2f} times as far apart as two real windows (below {LEAST:g} "
            f"in {LOOKS} looks). A smaller model.lr or a larger model.energy_weight may help; "
            "callbacks.sample_monitor.restore_best_weights=true ends with the best weights."
        )
    best = min(looks, key=lambda look: look["distance"])
    if min(look["distance"] for look in last) > AWAY * best["distance"]:
        found["distance"] = (
            f"Epoch {epoch}: samples are leaving the data: their distance is "
            f"{last[-1]['distance'] / best['distance']:.3g} times that of epoch "
            f"{round(best['epoch'])} (above {AWAY:g} in {LOOKS} looks). A smaller model.lr may "
            "help; callbacks.sample_monitor.restore_best_weights=true ends with the best weights."
        )
    if min(look["rest_rate"] for look in last) > MOST:
        found["rest_rate"] = (
            f"Epoch {epoch}: the discriminator rested in {last[-1]['rest_rate']:.0%} of its "
            f"updates (above {MOST:.0%} in {LOOKS} looks): it is so far ahead that the generator "
            "has little to learn from. A smaller model.lr or more model.generator_steps may help."
        )
    return found
