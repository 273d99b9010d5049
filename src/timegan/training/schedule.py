"""The three phases of training, and the epochs that belong to each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from timegan.errors import InputError
from timegan.nn.defaults import phase_epochs


class Phase(StrEnum):
    """A phase of training (Yoon et al. 2019, section 4.2 and Algorithm 1 of the supplement)."""

    AUTOENCODER = "autoencoder"
    SUPERVISED = "supervised"
    JOINT = "joint"


@dataclass(frozen=True)
class Schedule:
    """Epochs of each phase in the order in which they run, and the patience of early stopping.

    Args:
        autoencoder: epochs of the first phase.
        supervised: epochs of the second phase.
        joint: epochs of the third phase.
        patience: epochs without improvement after which a phase begins to end; None: no early
            stopping. The loss of a phase decides, in the joint phase the distance of samples to
            held-out windows.

    Raises:
        InputError: a count is negative, all three are zero, or the patience is below 1.

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
                    "0 epochs. Set 0 to leave it out."
                )
        if self.total == 0:
            raise InputError(
                "model.schedule has no epochs: nothing would be trained. "
                "Set 1 or more epochs in one phase at least."
            )
        if self.patience is not None and self.patience < 1:
            raise InputError(
                f"model.schedule.patience={self.patience}: early stopping waits for 1 epoch at "
                "least. Set 1 or more, or null for no early stopping."
            )

    @classmethod
    def for_data(
        cls,
        windows: int,
        channels: int,
        steps_per_epoch: int,
        overrides: Mapping[str, int | None] | None = None,
    ) -> "Schedule":
        """Return a schedule by the rule of :func:`timegan.nn.defaults.phase_epochs`.

        Args:
            windows: N, the training windows.
            channels: of features, exogenous and context together.
            steps_per_epoch: batches of an epoch.
            overrides: epochs of phases by name, and ``patience``. Phases that are missing or None
                follow the rule.

        Raises:
            InputError: ``overrides`` names a phase that does not exist, or an impossible count.
        """
        epochs = phase_epochs(windows, channels, steps_per_epoch)
        given = dict(overrides or {})
        patience = given.pop("patience", None)
        for name, count in given.items():
            if name not in epochs:
                raise InputError(
                    f"model.schedule.{name}: there is no such phase. The phases are "
                    f"{', '.join(epochs)}."
                )
            if count is not None:
                epochs[name] = count
        return cls(**epochs, patience=patience)

    def shortened(self, epoch: int, cooldown: float) -> "Schedule":
        """Return the schedule with an earlier end for the phase of ``epoch``.

        Args:
            epoch: the last one that is done.
            cooldown: share of the shortened phase that is still to come, one epoch at least.

        >>> Schedule(autoencoder=20, supervised=5, joint=9).shortened(7, cooldown=0.2)
        Schedule(autoencoder=10, supervised=5, joint=9, patience=None)
        """
        phase = self.phase(epoch)
        planned = self.epochs(phase)
        done = epoch + 1 - (self.phase_ends[phase] - planned)
        length = max(done + 1, math.ceil(done / (1 - cooldown)))
        return replace(self, **{phase.value: min(length, planned)})

    def epochs(self, phase: Phase) -> int:
        """Return the number of epochs of a phase."""
        return int(getattr(self, phase))

    @property
    def total(self) -> int:
        """Number of epochs of the run."""
        return sum(self.epochs(phase) for phase in Phase)

    @property
    def phase_ends(self) -> dict[Phase, int]:
        """First epoch after each phase."""
        ends, end = {}, 0
        for phase in Phase:
            end += self.epochs(phase)
            ends[phase] = end
        return ends

    def phase(self, epoch: int) -> Phase:
        """Return the phase of ``epoch``, counted from 0; epochs after the last one are joint."""
        return next((p for p, end in self.phase_ends.items() if epoch < end), Phase.JOINT)

    def progress(self, epoch: float) -> float:
        """Return the share of its phase, 0 to 1, that is over at an epoch or part of one."""
        phase = self.phase(int(epoch))
        length = self.epochs(phase)
        return min(1.0, (epoch - (self.phase_ends[phase] - length)) / length) if length else 1.0
