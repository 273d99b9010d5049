"""A guard against gradients that are not finite or explode: their updates are skipped.

A single bad gradient is an accident of one batch. After ``PATIENCE`` in a row the learning rate of
the update is lowered. After twice as many the model is rolled back to its last good state. After
``MAX_ROLLBACKS`` of these the run ends.

All processes see the same reduced gradient, so all decide alike.
"""

import math
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from timegan.errors import TrainingError, tell
from timegan.nn.distributed import rank_and_world_size

PATIENCE = 5
"""Bad gradients in a row after which the learning rate is lowered."""
LR_FACTOR = 0.5
"""Factor by which it is lowered."""
MAX_ROLLBACKS = 3
"""Rollbacks after which the run ends."""


class GradientGuard:
    """A check of gradient norms that keeps the last good state of a model in memory.

    Attributes:
        skipped: number of updates that were skipped.
        rollbacks: number of rollbacks.
        in_a_row: number of bad gradients in a row, by update.
        lr_factors: factors of the learning rates, by update, where they are not 1.
        clean: no update was skipped since the last snapshot.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self.rollbacks = 0
        self.in_a_row: dict[str, int] = {}
        self.lr_factors: dict[str, float] = {}
        self.clean = True
        self._device_counts: dict[str, Tensor] = {}
        self._good: tuple[dict[str, Any], list[dict[str, Any]]] | None = None

    def check(self, update: str, norm: float, limit: float, position: str) -> bool:
        """Return true if an update may use its gradient; count the update as skipped otherwise.

        Args:
            update: its name.
            norm: of its gradient, before clipping.
            limit: the largest norm that may be used; 0: any finite one.
            position: of the update in the run, for the message.
        """
        if math.isfinite(norm) and norm <= (limit or math.inf):
            self.in_a_row[update] = 0
            return True
        self.clean = False
        self.skipped += 1
        row = self.in_a_row[update] = self.in_a_row.get(update, 0) + 1
        if row == 1:
            _tell(f"{position}: update {update} skipped, its gradient has the norm {norm:.3g}.")
        elif row == PATIENCE:
            self.lr_factors[update] = self.lr_factor(update) * LR_FACTOR
            _tell(
                f"{position}: update {update} skipped {row} times in a row; its learning rate is "
                f"now {self.lr_factors[update]:g} of what it would be."
            )
        return False

    def device_mask(self, update: str, norm: Tensor, limit: float, skip: Tensor | None) -> Tensor:
        """Return 1 if an update may not use its gradient, else 0, on the device of ``norm``.

        The host does not wait for it. Skipped updates are counted on the device until :meth:`sync`.

        Args:
            update: its name.
            norm: of its gradient, before clipping.
            limit: the largest norm that may be used; 0: any finite one.
            skip: 1 if the update is skipped for another reason; None: there is no such reason.
        """
        bad = (~(norm <= (limit or torch.finfo(norm.dtype).max))).to(torch.float32)
        if skip is not None:
            skip = skip.to(bad)
            bad = bad * (1 - skip)
        if update not in self._device_counts:
            self._device_counts[update] = torch.zeros(2, device=norm.device)
        skipped, row = self._device_counts[update]
        skipped.add_(bad)
        row.add_(1).mul_(bad)
        return bad if skip is None else bad + skip

    def sync(self, position: str) -> None:
        """Read the counts of a device, and lower learning rates if need be."""
        if not self._device_counts:
            return
        found = torch.stack(list(self._device_counts.values())).tolist()
        for (update, counts), (skipped, row) in zip(
            self._device_counts.items(), found, strict=True
        ):
            if not skipped:
                self.in_a_row[update] = 0
                continue
            self.clean = False
            self.skipped += int(skipped)
            before, self.in_a_row[update] = self.in_a_row.get(update, 0), int(row)
            counts[0].zero_()
            rate = ""
            if row >= PATIENCE > before:  # once for one series of bad gradients
                self.lr_factors[update] = self.lr_factor(update) * LR_FACTOR
                rate = f"; its learning rate is now {self.lr_factors[update]:g} of what it would be"
            _tell(
                f"{position}: update {update} skipped {int(skipped)} times since the last log "
                f"entry, its gradient was not finite or above model.skip_grad_norm{rate}."
            )

    def lr_factor(self, update: str) -> float:
        """Return the factor of the update's learning rate."""
        return self.lr_factors.get(update, 1.0)

    def snapshot(self, net: nn.Module, optimizers: list[Optimizer]) -> None:
        """Keep a state as the last good one, unless an update was skipped since the one before."""
        if self.clean:
            states = [deepcopy(optimizer.state_dict()) for optimizer in optimizers]
            self._good = {k: v.clone() for k, v in net.state_dict().items()}, states
        self.clean = True

    def rollback(self, net: nn.Module, optimizers: list[Optimizer], position: str) -> None:
        """Restore the last good state if an update was skipped too often in a row.

        Raises:
            TrainingError: earlier rollbacks did not help.
        """
        update = next((u for u, row in self.in_a_row.items() if row >= 2 * PATIENCE), None)
        if update is None:
            return
        if self._good is None or self.rollbacks >= MAX_ROLLBACKS:
            raise TrainingError(
                f"{position}: the gradients of update {update} are not finite or above "
                f"model.skip_grad_norm; {self.skipped} updates were skipped, and the last good "
                f"state was restored {self.rollbacks} times. Look for infinite or enormous values "
                "in the table, set a lower model.lr (model.autoencoder_lr in the first phase), or "
                "set model.grad_clip=1."
            )
        self.rollbacks += 1
        weights, states = self._good
        net.load_state_dict(weights)
        for optimizer, state in zip(optimizers, states, strict=True):
            optimizer.load_state_dict(deepcopy(state))
        self.in_a_row[update] = 0
        if update in self._device_counts:
            self._device_counts[update].zero_()
        _tell(f"{position}: back to the last good state ({self.rollbacks} of {MAX_ROLLBACKS}).")

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint; empty if no update was skipped."""
        if not self.skipped:
            return {}
        names = ("skipped", "rollbacks", "in_a_row", "lr_factors", "clean")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        for name, value in state.items():
            setattr(self, name, value)


def _tell(line: str) -> None:
    if rank_and_world_size()[0] == 0:
        tell(line)
