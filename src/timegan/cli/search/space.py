"""What a search may choose from: Hydra's sweep overrides as Optuna's distributions."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from timegan.errors import InputError

Space = dict[str, BaseDistribution]


def split(overrides: Sequence[Override]) -> tuple[list[str], Space]:
    """What is the same in all trials, as it was given, and what is searched for.

    Raises:
        InputError: a sweep that cannot be searched, or none at all.
    """
    fixed = [str(o.input_line) for o in overrides if not o.is_sweep_override()]
    space = {o.get_key_element(): distribution(o) for o in overrides if o.is_sweep_override()}
    if not space:
        raise InputError(
            "There is nothing to search: give at least one key several values, as in "
            "model.hidden=32,64 or 'model.lr=tag(log,interval(1e-4,1e-2))'."
        )
    if "seed" in space:
        raise InputError(
            "seed: the best of several seeds is luck, not a setting. Search with one seed, and "
            "train the best configuration with others afterwards."
        )
    return fixed, space


def distribution(override: Override) -> BaseDistribution:
    """A sweep override as what Optuna draws from.

    ``interval(a,b)`` is any number between the two, ``int(interval(a,b))`` a whole one, both ends
    included; ``range(a,b,step)`` is without ``b``, as in Python; ``tag(log,...)`` draws evenly by
    order of magnitude. Choices have no order, and are kept as text to be pasted.

    Raises:
        InputError: ends in the wrong order, or a logarithm where there is none.
    """
    value, key = override.value(), override.get_key_element()
    line = str(override.input_line)
    log = isinstance(value, IntervalSweep | RangeSweep | ChoiceSweep) and "log" in value.tags
    if isinstance(value, IntervalSweep):
        low, high = _ends(line, value.start, value.end, log)
        whole = isinstance(low, int) and isinstance(high, int)
        return IntDistribution(low, high, log) if whole else FloatDistribution(low, high, log)
    if isinstance(value, RangeSweep):
        numbers: list[Any] = list(value.range())
        if not numbers:
            raise InputError(f"{line}: the range is empty, for its end is not part of it.")
        low, high = _ends(line, min(numbers), max(numbers), log)
        step: Any = abs(value.step)
        if not log:
            if isinstance(low, int):
                return IntDistribution(low, high, step=step)
            return FloatDistribution(low, high, step=step)
        if isinstance(low, int) and step == 1:
            return IntDistribution(low, high, log=True)
    if log:
        raise InputError(
            f"{line}: what goes by order of magnitude has no steps. Take "
            f"{key}=tag(log,interval(a,b)), or tag(log,int(interval(a,b))) for whole numbers."
        )
    return CategoricalDistribution(list(override.sweep_string_iterator()))


def pasted(params: Mapping[str, Any]) -> list[str]:
    """What a trial was given, as overrides.

    >>> pasted({"model.hidden": 32, "model.lr": 1e-05, "model": "reference"})
    ['model.hidden=32', 'model.lr=1e-05', 'model=reference']
    """
    return [f"{key}={value}" for key, value in params.items()]


def example(space: Space) -> list[str]:
    """Overrides of one point of the space, to see whether it can be composed at all."""
    first = {
        key: d.choices[0] if isinstance(d, CategoricalDistribution) else getattr(d, "low", None)
        for key, d in space.items()
    }
    return pasted(first)


def _ends(line: str, low: Any, high: Any, log: bool) -> tuple[Any, Any]:
    if low > high:
        raise InputError(f"{line}: the first end is above the second one. Swap them.")
    if log and low <= 0:
        raise InputError(f"{line}: with a logarithm both ends are above 0.")
    return low, high
