"""Position in training at which an unfinished model was saved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from timegan.training.schedule import Phase, Schedule


@dataclass(frozen=True)
class TrainingPosition:
    """The epoch that training had reached when a model was saved.

    Args:
        epoch: number of the epoch, from 1.
        epochs: number of epochs of the schedule.
        phase: phase of the epoch.
    """

    epoch: int
    epochs: int
    phase: str

    def __str__(self) -> str:
        return f"epoch {self.epoch} of {self.epochs} ({self.phase} phase)"

    def to_dict(self) -> dict[str, Any]:
        """Return the position as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Any) -> Self | None:
        """Return the position that a description holds; None for a finished model.

        Raises:
            ValueError: the content is not a position.
        """
        if content is None:
            return None
        if not isinstance(content, dict) or content.keys() != {"epoch", "epochs", "phase"}:
            raise ValueError("unfinished has to be null, or to hold epoch, epochs and phase")
        for name in ("epoch", "epochs"):
            if type(content[name]) is not int or content[name] < 1:
                raise ValueError(f"unfinished.{name} has to be a whole number above 0")
        return cls(content["epoch"], content["epochs"], Phase(content["phase"]).value)

    @classmethod
    def of_checkpoint(cls, content: Mapping[str, Any]) -> Self | None:
        """Return the position of a checkpoint; None for the end of training.

        A file of weights alone does not tell its position, and gives None as well.
        """
        try:
            epochs = content["loops"]["fit_loop"]["epoch_progress"]["current"]
            done, begun = int(epochs["processed"]), max(int(epochs["started"]), 1)
            schedule = Schedule(
                **(content.get("schedule") or content["hyper_parameters"]["schedule"])
            )
        except (KeyError, TypeError, ValueError):
            return None
        if done >= schedule.total:
            return None
        return cls(begun, schedule.total, schedule.phase(begun - 1).value)
