"""What the user says a column is: whether there is such a column and kind, and it can be."""

from collections.abc import Mapping, Sequence

import numpy as np

from timegan.errors import InputError, nearest
from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import KINDS, Info

CHOICES = {
    "boolean": ("affine_copy", "boolean", "categorical"),
    "category": ("affine_copy", "boolean", "categorical"),
    "datetime": ("affine_copy", "continuous", "datetime"),
}
"""What a cell is -> kinds that a column of such cells can be; numbers can be all the others."""


def check_overrides(overrides: Mapping[str, str], infos: Sequence[Info]) -> dict[str, str]:
    """The overrides that say something, or an error with the nearest name.

    >>> check_overrides({"Volume": "integer", "Open": "auto"}, [Info("Open"), Info("Volume")])
    {'Volume': 'integer'}
    """
    known = {info.name: info for info in infos}
    for name, kind in overrides.items():
        if name not in known:
            _refuse(
                f"dataset.column_types.{name}: the table has no feature {name!r}.",
                name,
                list(known),
            )
        if kind == "auto":
            continue
        numbers = tuple(sorted(set(KINDS) - {"missing", "datetime"}))
        choices = CHOICES.get(known[name].values, numbers)
        if kind not in choices:
            what = f"a {known[name].values} column cannot be" if kind in KINDS else "there is no"
            listed = ", ".join((*choices, "auto"))
            _refuse(
                f"dataset.column_types.{name}={kind}: {what} {kind!r}. Choose among {listed}.",
                kind,
                list(choices),
            )
    return {name: kind for name, kind in overrides.items() if kind != "auto"}


def check_possible(kind: str | None, there: np.ndarray, info: Info) -> None:
    """Refuse a kind that the training values (n,), not all equal, contradict."""
    why = None
    if kind == "constant":
        why = "its values differ"
    elif kind == "affine_copy":
        why = "it is no factor and shift away from any other column"
    elif kind == "nonnegative" and there.min() < 0:
        why = f"its smallest value is {there.min():.6g}"
    elif kind == "zero_inflated" and not (there == 0).any():
        why = "it is never 0"
    elif kind == "boolean" and np.unique(there).size != 2:
        why = f"it has {np.unique(there).size:,} different values, and a boolean has two"
    elif kind == "integer" and not ValueGrid.fit(there, info.dtype, search_step=False).is_integer:
        why = "its values are not whole numbers"
    elif kind == "quantized" and ValueGrid.fit(there, info.dtype).unit == 0.0:
        why = "its values have no common step"
    if why is not None:
        raise InputError(
            f"dataset.column_types.{info.name}={kind} cannot be: {why}. Choose another kind, or "
            "leave it to the detection (auto)."
        )


def _refuse(message: str, name: str, known: list[str]) -> None:
    near = nearest(name, known)
    raise InputError(message + (f" Did you mean {near!r}?" if near else ""))
