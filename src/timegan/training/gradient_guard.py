"""What happens to an update whose gradient is not finite, or has exploded: it is skipped.

A gradient that is so once is an accident of one batch. After ``PATIENCE`` in a row the learning
rate of that update is lowered; after as many again the model goes back to its last good state; and
after ``FALLBACKS`` of these the run ends, for the cause is not an accident.

Every process sees the same reduced gradient, so that all decide alike.
"""

import math
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from timegan.errors import TrainingError, tell
from timegan.nn.distributed import world

PATIENCE = 5
FACTOR = 0.5
FALLBACKS = 3


class Guard:
    """Judges the norms of gradients, and keeps the last good state of a model in memory."""

    def __init__(self) -> None:
        self.skipped = 0
        self.fallbacks = 0
        self.in_a_row: dict[str, int] = {}
        self.factors: dict[str, float] = {}
        self.clean = True
        self.counts: dict[str, Tensor] = {}
        self._good: tuple[dict[str, Any], list[dict[str, Any]]] | None = None

    def accepts(self, update: str, norm: float, limit: float, where: str) -> bool:
        """Whether an update may follow its gradient; otherwise what is to be done is noted.

        Args:
            update: its name.
            norm: of its gradient, before clipping.
            limit: the largest norm that is still followed; 0: any that is finite.
            where: the place in the run, for the message.
        """
        if math.isfinite(norm) and norm <= (limit or math.inf):
            self.in_a_row[update] = 0
            return True
        self.clean = False
        self.skipped += 1
        row = self.in_a_row[update] = self.in_a_row.get(update, 0) + 1
        if row == 1:
            _tell(f"{where}: update {update} skipped, its gradient has the norm {norm:.3g}.")
        elif row == PATIENCE:
            self.factors[update] = self.factor(update) * FACTOR
            _tell(
                f"{where}: update {update} skipped {row} times in a row; its learning rate is "
                f"now {self.factors[update]:g} of what it would be."
            )
        return False

    def skips(self, update: str, norm: Tensor, limit: float, rests: Tensor | None) -> Tensor:
        """1 where an update may not follow its gradient, 0 elsewhere, on the device of ``norm``.

        Nobody waits for it: what was skipped is counted there too, until :meth:`look`.

        Args:
            update: its name.
            norm: of its gradient, before clipping.
            limit: see :meth:`accepts`.
            rests: 1 where it is not made for another reason; None: there is no such reason.
        """
        bad = (~(norm <= (limit or torch.finfo(norm.dtype).max))).to(torch.float32)
        if rests is not None:
            rests = rests.to(bad)
            bad = bad * (1 - rests)
        if update not in self.counts:
            self.counts[update] = torch.zeros(2, device=norm.device)
        skipped, row = self.counts[update]
        skipped.add_(bad)
        row.add_(1).mul_(bad)
        return bad if rests is None else bad + rests

    def look(self, where: str) -> None:
        """See what was skipped on a device since the last look; note what is to be done."""
        if not self.counts:
            return
        found = torch.stack(list(self.counts.values())).tolist()
        for (update, counts), (skipped, row) in zip(self.counts.items(), found, strict=True):
            if not skipped:
                self.in_a_row[update] = 0
                continue
            self.clean = False
            self.skipped += int(skipped)
            before, self.in_a_row[update] = self.in_a_row.get(update, 0), int(row)
            counts[0].zero_()
            rate = ""
            if row >= PATIENCE > before:  # once, and not at every look at the same ones
                self.factors[update] = self.factor(update) * FACTOR
                rate = f"; its learning rate is now {self.factors[update]:g} of what it would be"
            _tell(
                f"{where}: update {update} skipped {int(skipped)} times since the last look, its "
                f"gradient was not finite or above model.skip_grad_norm{rate}."
            )

    def factor(self, update: str) -> float:
        """What is left of the update's learning rate."""
        return self.factors.get(update, 1.0)

    def keep(self, net: nn.Module, optimizers: list[Optimizer]) -> None:
        """Remember this state, unless an update was skipped since the last one."""
        if self.clean:
            states = [deepcopy(optimizer.state_dict()) for optimizer in optimizers]
            self._good = {k: v.clone() for k, v in net.state_dict().items()}, states
        self.clean = True

    def fall_back(self, net: nn.Module, optimizers: list[Optimizer], where: str) -> bool:
        """Go back to the last good state, if an update was skipped too often, and say so.

        Raises:
            TrainingError: that did not help before either.
        """
        update = next((u for u, row in self.in_a_row.items() if row >= 2 * PATIENCE), None)
        if update is None:
            return False
        if self._good is None or self.fallbacks >= FALLBACKS:
            raise TrainingError(
                f"{where}: the gradients of update {update} are not finite or above "
                f"model.skip_grad_norm; {self.skipped} updates were skipped, and "
                f"{self.fallbacks} times the last good state was taken up again. Look for infinite "
                f"or enormous values in the table, lower model.lr (model.autoencoder_lr in the "
                "first phase), or give model.grad_clip=1."
            )
        self.fallbacks += 1
        weights, states = self._good
        net.load_state_dict(weights)
        for optimizer, state in zip(optimizers, states, strict=True):
            optimizer.load_state_dict(deepcopy(state))
        self.in_a_row[update] = 0
        if update in self.counts:
            self.counts[update].zero_()
        _tell(f"{where}: back to the last good state ({self.fallbacks} of {FALLBACKS} times).")
        return True

    def state(self) -> dict[str, Any]:
        """For the checkpoint; empty while nothing has happened."""
        if not self.skipped:
            return {}
        names = ("skipped", "fallbacks", "in_a_row", "factors", "clean")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what :meth:`state` gave."""
        for name, value in state.items():
            setattr(self, name, value)


def _tell(line: str) -> None:
    if world()[0] == 0:
        tell(line)
