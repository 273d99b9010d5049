"""Parameters of an estimator in the manner of scikit-learn: read, changed, checked and shown."""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, Self

from timegan.errors import InputError, closest_match
from timegan.signatures import Argument


class Parameters:
    """A base class: named arguments of the constructor, and further ones in ``options``.

    Args:
        options: arguments that the constructor takes by any name.
    """

    options: dict[str, Any]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all arguments; ``type(model)(**model.get_params())`` is an unfitted copy.

        Args:
            deep: taken for scikit-learn's sake; no argument has arguments of its own.
        """
        return {name: getattr(self, name) for name in self._named()} | self.options

    def set_params(self, **params: Any) -> Self:
        """Change arguments of the constructor, and return the object; `fit` takes them up.

        Raises:
            InputError: there is no such argument, or a value has another type.
        """
        self._check(params)
        named = self._named()
        for name, value in params.items():
            if name in named:
                setattr(self, name, value)
            else:
                self.options[name] = value
        return self

    def __repr__(self) -> str:
        """Return the arguments that differ from their defaults."""
        named = self._named()
        changed = {k: v for k, v in self.get_params().items() if k not in named or v != named[k]}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"

    @classmethod
    def _named(cls) -> dict[str, Any]:
        """Return the named arguments and their defaults."""
        arguments = inspect.signature(cls).parameters.values()
        return {a.name: a.default for a in arguments if a.kind is not a.VAR_KEYWORD}

    @classmethod
    def _arguments(cls) -> Mapping[str, Argument]:
        """Return the argument that each name stands for."""
        raise NotImplementedError

    @classmethod
    def _check(cls, params: Mapping[str, Any]) -> None:
        """Refuse unknown names and values of another type.

        Raises:
            InputError: names the nearest argument, or the type.
        """
        known = cls._arguments()
        for name, value in params.items():
            if name not in known:
                raise unknown_option(name, known)
            try:
                known[name].convert(name, plain_value(value))
            except InputError as error:
                text = str(error).replace(f"{name}={value}", f"{name}={value!r}", 1)
                raise InputError(text.replace("null", "None")) from error


SYNONYMS = {
    **dict.fromkeys(
        ("epoch", "epochs", "n_epochs", "num_epochs", "max_epochs"),
        "schedule={'joint': 100}, or the epochs of each phase: autoencoder, supervised, joint",
    ),
    **dict.fromkeys(("learning_rate", "eta"), "lr=..."),
    **dict.fromkeys(("hidden_dim", "hidden_size", "hidden_units", "units"), "hidden=..."),
    **dict.fromkeys(("num_layers", "n_layers"), "layers=..."),
    **dict.fromkeys(("seq_len", "seq_length", "sequence_length", "length"), "window=..."),
    **dict.fromkeys(("device", "gpu", "cuda"), "accelerator=..."),
    **dict.fromkeys(("random_state", "random_seed"), "seed=..."),
    **dict.fromkeys(("verbose", "enable_progress_bar"), "progress=..."),
    **dict.fromkeys(("key", "id", "entity_columns", "group"), "sequence_key=..."),
    **dict.fromkeys(("time", "time_column", "date"), "sequence_index=..."),
    **dict.fromkeys(("categorical", "categories", "discrete_columns"), "column_types=..."),
}
"""Arguments of other programs -> ours."""


def unknown_option(name: str, known: Iterable[str]) -> InputError:
    """Return the error for an argument that does not exist, with the nearest one."""
    if name.lower() in SYNONYMS:
        return InputError(f"There is no option {name!r}. Set {SYNONYMS[name.lower()]}.")
    near = closest_match(name, sorted(known))
    hint = f"Did you mean {near!r}?" if near else f"There are: {', '.join(sorted(known))}."
    return InputError(f"There is no option {name!r}. {hint}")


def plain_value(value: Any) -> Any:
    """Return numbers of NumPy, tuples, sets and paths as the plain values that options are."""
    if hasattr(value, "item") and not getattr(value, "ndim", 1):
        return value.item()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return value
