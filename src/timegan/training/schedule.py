"""The three phases of training, and which of them an epoch belongs to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from timegan.errors import InputError

MANY = 8
"""Channels up to which a table is narrow: more take wider networks and a longer joint phase."""


class Phase(StrEnum):
    """What is learned (Yoon et al. 2019, section 4.2 and Algorithm 1 of the supplement)."""

    AUTOENCODER = "autoencoder"
    SUPERVISED = "supervised"
    JOINT = "joint"


@dataclass(frozen=True)
class Schedule:
    """Epochs of each phase, in the order in which they run, and whether they may end early.

    Args:
        autoencoder: epochs of the first phase.
        supervised: of the second.
        joint: of the third.
        patience: epochs without improvement after which a phase begins to end; None: none does.
            Its own loss decides, in the joint phase the distance to held-out windows.

    Raises:
        InputError: a count is negative, or all three are zero; a patience of less than an epoch.

    >>> schedule = Schedule(autoencoder=2, supervised=1, joint=3)
    >>> schedule.phase(2), schedule.total
    (<Phase.SUPERVISED: 'supervised'>, 6)
    """

    autoencoder: int
    supervised: int
    joint: int
    patience: int | None = None

    def __post_init__(self) -> None:
        for phase in Phase:
            if self.epochs(phase) < 0:
                raise InputError(
                    f"model.schedule.{phase}={self.epochs(phase)}: a phase cannot have fewer than "
                    "0 epochs. Give 0 to leave it out."
                )
        if self.total == 0:
            raise InputError(
                "model.schedule has no epochs at all: nothing would be trained. "
                "Give at least one phase an epoch."
            )
        if self.patience is not None and self.patience < 1:
            raise InputError(
                f"model.schedule.patience={self.patience}: give 1 epoch or more, or null to let "
                "every phase run to its end."
            )

    @classmethod
    def for_data(
        cls,
        windows: int,
        channels: int,
        steps_per_epoch: int,
        chosen: Mapping[str, int | None] | None = None,
    ) -> "Schedule":
        """The rule for counts that a config leaves open.

        More windows have more to tell, so iterations grow with the root of their number: 20 times
        that for the autoencoder (200 to 1,000; it starts near the identity), 6 times for the
        supervisor (100 to 300), 30 times for the joint phase (500 to 4,000), which takes half as
        many again for more than eight channels.

        Args:
            windows: N, of the training part.
            channels: of features, labels and context together.
            steps_per_epoch: batches of an epoch.
            chosen: epochs of phases by name; those that are missing or None follow the rule.
                ``patience`` beside them stays as it is.

        Raises:
            InputError: ``chosen`` names a phase that does not exist, or an impossible count.
        """
        root = math.sqrt(windows)
        iterations = {
            Phase.AUTOENCODER: min(max(20 * root, 200), 1_000),
            Phase.SUPERVISED: min(max(6 * root, 100), 300),
            Phase.JOINT: min(max(30 * root, 500), 4_000) * (1.5 if channels > MANY else 1),
        }
        epochs = {p.value: max(1, round(n / steps_per_epoch)) for p, n in iterations.items()}
        patience = (chosen or {}).get("patience")
        for name, count in (chosen or {}).items():
            if name == "patience":
                continue
            if name not in epochs:
                raise InputError(
                    f"model.schedule.{name}: there is no such phase. The phases are "
                    f"{', '.join(epochs)}."
                )
            epochs[name] = epochs[name] if count is None else count
        return cls(**epochs, patience=patience)

    def shortened(self, epoch: int, cooling: float) -> "Schedule":
        """The same with an earlier end for the phase of ``epoch``, which is over.

        Args:
            epoch: the last one that is done.
            cooling: share of the shortened phase that is still to come, in which the learning rate
                falls; one epoch at least.

        >>> Schedule(autoencoder=20, supervised=5, joint=9).shortened(7, cooling=0.2)
        Schedule(autoencoder=10, supervised=5, joint=9, patience=None)
        """
        phase = self.phase(epoch)
        planned = self.epochs(phase)
        done = epoch + 1 - (self.ends[phase] - planned)
        length = max(done + 1, math.ceil(done / (1 - cooling)))
        return replace(self, **{phase.value: min(length, planned)})

    def epochs(self, phase: Phase) -> int:
        """How many epochs ``phase`` lasts."""
        return int(getattr(self, phase))

    @property
    def total(self) -> int:
        """How many epochs the run lasts."""
        return sum(self.epochs(phase) for phase in Phase)

    @property
    def ends(self) -> dict[Phase, int]:
        """For each phase the first epoch that comes after it."""
        ends, end = {}, 0
        for phase in Phase:
            end += self.epochs(phase)
            ends[phase] = end
        return ends

    def phase(self, epoch: int) -> Phase:
        """The phase of ``epoch`` (from 0); epochs after the last one count as joint."""
        return next((p for p, end in self.ends.items() if epoch < end), Phase.JOINT)

    def progress(self, epoch: float) -> float:
        """How much of its phase is over at ``epoch`` (fractions are batches), from 0 to 1."""
        phase = self.phase(int(epoch))
        length = self.epochs(phase)
        return min(1.0, (epoch - (self.ends[phase] - length)) / length) if length else 1.0
