"""When a phase has stopped getting better."""

import math
from typing import Any

MARGIN = 0.01
"""A value is better than the best one if it is smaller by this share."""
COOLING = 0.2
"""Share of a shortened phase in which the learning rate still falls to its end."""


class Plateau:
    """Follows what a phase is judged by: the mean of what was seen in an epoch; smaller is better.

    >>> plateau = Plateau()
    >>> for value in (3.0, 2.0, 2.0, 2.1):
    ...     plateau.see(value)
    ...     print(plateau.reached("supervised", patience=2))
    False
    False
    False
    True
    """

    def __init__(self) -> None:
        self.phase = ""
        self.best = math.inf
        self.since = 0
        self.sum = 0.0
        self.count = 0
        self.over = False
        self.saved: dict[str, int] = {}

    def see(self, value: float) -> None:
        """A value of this epoch."""
        self.sum += value
        self.count += 1

    def reached(self, phase: str, patience: int) -> bool:
        """Whether, now that an epoch of ``phase`` is over, the last ``patience`` were no better.

        An epoch in which nothing was seen decides nothing. The answer is no once the phase's end
        has been settled (``over``).
        """
        if phase != self.phase:
            self.phase, self.best, self.since, self.over = phase, math.inf, 0, False
        self.since += 1
        if not self.count:
            return False
        mean, self.sum, self.count = self.sum / self.count, 0.0, 0
        if mean < self.best * (1 - MARGIN):
            self.best, self.since = mean, 0
        return self.since >= patience and not self.over

    def state(self) -> dict[str, Any]:
        """For the checkpoint."""
        return dict(vars(self))

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        vars(self).update(state)
