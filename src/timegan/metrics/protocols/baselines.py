"""What a score says of real data themselves: its floor and its controls, kept for the next time."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from timegan.attempts import attempt
from timegan.metrics.aggregation import FEWEST, Score, strict_json, summary, unknown
from timegan.metrics.controls import CONTROLS
from timegan.metrics.protocols.cache import cached, fingerprint
from timegan.metrics.windows import Array, Part, subset
from timegan.seeds import rng

VERSION = 1
"""Of what the cached figures mean: to be raised when a measure or a control changes."""
MOST = 5_000
"""Windows of a control at most."""

Makers = Mapping[str, Callable[[], Array]]


class Reference:
    """Real windows (N, T, C) in a score's unit, samples of them, and stand-ins for a generator.

    Args:
        real: the real side of the scores.
        samples: pairs of real samples. What a score says of those is its floor.
        makers: one a control: makes its windows, in the same unit. They are asked only when no
            cached figure does, and once.
        name: the fingerprint of all this; with ``None`` nothing is kept.
    """

    def __init__(
        self,
        real: Array,
        samples: Sequence[tuple[Part, Part]],
        makers: Makers,
        name: str | None,
    ) -> None:
        self.real, self.samples = real, samples
        self._makers, self._name = makers, name
        self._made: dict[str, Array] | None = None
        self._absent: dict[str, Score] = {}
        self._lock = threading.Lock()

    @property
    def stand_ins(self) -> dict[str, Array]:
        """The windows of each control that could be made."""
        with self._lock:  # measurements run side by side
            if self._made is None:
                self._made = {}
                for name, make in self._makers.items():
                    made = attempt(f"control {name}", partial(_made, make), str)
                    if isinstance(made, str):
                        self._absent[name] = unknown(made)
                    else:
                        self._made[name] = made
            return self._made

    def beside(self, floor: Score, controls: Mapping[str, Score]) -> Score:
        """Return the part of a score that is about real data.

        Args:
            floor: of another real sample.
            controls: a score for each of the stand-ins; those that could not be made are added.
        """
        return {"floor": floor, "controls": {"real": floor} | dict(controls) | self._absent}

    def unknown(self, reason: str) -> Score:
        """Return that part where it could not be measured."""
        nothing = unknown(reason)
        return {"floor": nothing, "controls": dict.fromkeys(("real", *self._makers), nothing)}

    def kept(self, settings: dict[str, Any], measure: Callable[[], Score]) -> Score:
        """What ``measure`` finds, plain JSON; from the cache where it has been measured before.

        Args:
            settings: which figures these are, and all that they depend on besides the windows.
            measure: finds them.
        """
        if self._name is None:
            plain: Score = strict_json(measure())
            return plain
        name = fingerprint({}, {"version": VERSION, "reference": self._name} | settings)
        return cached(name, lambda: strict_json(measure()))


def _made(make: Callable[[], Array]) -> Array | str:
    return make()


def makers(
    train: Array,
    unseen: Array | None,
    count: int,
    seed: int,
    unit: Callable[[Array], Array],
) -> Makers:
    """How the controls of :data:`timegan.metrics.controls.CONTROLS` are made, and held-out windows.

    Args:
        train: windows that a generator learns from (N, T, C); 5,000 of them are looked at.
        unseen: held-out windows; fewer than 20 are no control.
        count: windows of each, 5,000 at most.
        seed: of everything random.
        unit: puts windows in the score's unit.
    """
    count = min(count, MOST)

    def made(name: str) -> Array:
        draw = rng(seed, "control", name)
        return unit(CONTROLS[name](subset(train, MOST, draw), count, draw))

    found = {name: lambda name=name: made(name) for name in CONTROLS}
    if unseen is None or len(unseen) < FEWEST:
        return found
    held_out = unseen
    return {"held_out": lambda: unit(subset(held_out, count, rng(seed, "control")))} | found


def compared(
    reference: Reference,
    score: str,
    measure: Callable[[Array, Array], float | None],
    reason: str,
) -> Score:
    """The floor and the controls of a measure of two sets of windows that is quickly done."""

    def floor() -> Score:
        found = [measure(a.taken(), b.taken()) for a, b in reference.samples if len(a) and len(b)]
        return summary(found, reason if found else "Too few windows to halve.")

    def control(windows: Array) -> Score:
        return summary([measure(reference.real, windows)], reason)

    return reference.beside(
        attempt(f"floor of {score}", floor, unknown),
        {
            name: attempt(f"control {name} of {score}", partial(control, windows), unknown)
            for name, windows in reference.stand_ins.items()
        },
    )
