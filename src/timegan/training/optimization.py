"""Manual optimization: one Adam for each update, learning rates, clipping and logs."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor
from torch.optim import Adam, Optimizer

from timegan.nn.batch import Batch
from timegan.nn.layers import MaskedBatchNorm
from timegan.nn.networks import Networks
from timegan.training.gradient_guard import GradientGuard
from timegan.training.schedule import Phase, Schedule


class ManualOptimization(LightningModule):
    """A LightningModule whose updates take turns, each with networks and an Adam of its own.

    A subclass sets ``net``, ``schedule`` and ``updates``, and saves the hyper-parameters of
    :class:`timegan.TimeGAN` that are read here.

    Attributes:
        net: the networks.
        schedule: epochs of the phases.
        updates: names of the networks that each update trains.
        guard: skips updates whose gradients cannot be used.
        latest_losses: the newest value of every loss.
        losses_since_log: values of every loss since the last log entry.
    """

    net: Networks
    schedule: Schedule
    updates: dict[str, tuple[str, ...]]
    hparams: Any

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.batch_idx = 0
        self.guard = GradientGuard()
        self.latest_losses: dict[str, Tensor] = {}
        self.losses_since_log: dict[str, list[Tensor]] = {}
        self._update = ""
        self._skip: Tensor | None = None

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches in an epoch."""
        return int(self.trainer.num_training_batches)

    @property
    def global_batch(self) -> int:
        """Number of batches of the run before this one."""
        return self.current_epoch * self.batches_per_epoch + self.batch_idx

    @contextmanager
    def update(self, name: str) -> Iterator[Callable[..., None]]:
        """Freeze the networks that an update does not train, and yield its optimizer step.

        The step takes a loss and a tensor that is 1 where the update is to be skipped.
        """
        self.set_trainable(set(self.updates[name]))
        self._update = name
        optimizer: Any = dict(zip(self.updates, self.optimizers(), strict=True))[name]

        def minimize(loss: Tensor, skip: Tensor | None = None) -> None:
            if skip is not None and self.checks_gradients_on_host and skip:
                return
            self._skip = skip
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()

        yield minimize

    def set_trainable(self, names: set[str]) -> None:
        """Let the named networks learn, and no other."""
        for name in {network for networks in self.updates.values() for network in networks}:
            getattr(self.net, name).requires_grad_(name in names)
        for module in self.net.embedder.children():
            if isinstance(module, MaskedBatchNorm):
                module.train("embedder" in names)

    def configure_optimizers(self) -> list[Optimizer]:
        """Return one Adam for each update."""
        return [
            Adam(
                [p for name in names for p in getattr(self.net, name).parameters()],
                lr=self.hparams.lr,
                betas=(self.hparams.beta1, self.hparams.beta2),
                fused=not self.uses_grad_scaler,  # it could not unscale gradients before a clip
            )
            for names in self.updates.values()
        ]

    def set_learning_rates(self) -> None:
        """Set the learning rates of this batch: a cosine within each phase."""
        progress = self.schedule.progress(
            self.current_epoch + self.batch_idx / self.batches_per_epoch
        )
        low = self.hparams.min_lr_ratio
        ratio = low + (1 - low) * 0.5 * (1 + math.cos(math.pi * progress))
        for name, optimizer in zip(self.updates, self.optimizers(), strict=True):
            rate = self.hparams.autoencoder_lr if name == "autoencoder" else self.hparams.lr
            optimizer.param_groups[0]["lr"] = rate * ratio * self.guard.lr_factor(name)
        first = self.schedule.phase(self.current_epoch) is Phase.AUTOENCODER
        rate = self.hparams.autoencoder_lr if first else self.hparams.lr
        self.losses_since_log["learning_rate"] = [torch.tensor(ratio * rate)]

    @property
    def checks_gradients_on_host(self) -> bool:
        """True if the host checks each gradient before the step.

        It does so on a CPU, and where a gradient scaler skips steps itself. An accelerator decides
        by itself, so that the host need not wait for it.
        """
        return self.uses_grad_scaler or self.device.type == "cpu"

    @property
    def uses_grad_scaler(self) -> bool:
        """True if gradients are scaled up against underflow, as in ``16-mixed``."""
        plugin = getattr(self._trainer, "precision_plugin", None)
        return getattr(plugin, "scaler", None) is not None

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient of an update, and drop it if it cannot be used."""
        parameters = optimizer.param_groups[0]["params"]
        if self.hparams.grad_clip:
            norm = torch.nn.utils.clip_grad_norm_(parameters, self.hparams.grad_clip)
        else:
            norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        limit = self.hparams.skip_grad_norm
        if not self.checks_gradients_on_host:
            # A fused optimizer reads it: 1 leaves weights and moments as they are.
            optimizer.found_inf = self.guard.device_mask(self._update, norm, limit, self._skip)  # type: ignore[attr-defined]
        elif self.device.type == "cpu" and not self.guard.check(
            self._update, float(norm), limit, self.position
        ):
            optimizer.zero_grad()  # without gradients Adam leaves weights and moments alone

    @property
    def position(self) -> str:
        """Position in the run, for messages."""
        return f"Epoch {self.current_epoch + 1}, batch {self.batch_idx + 1}"

    def record_loss(self, name: str, value: Tensor) -> None:
        """Keep a loss for the progress display and for the next log entry."""
        self.latest_losses[name] = value.detach()
        self.losses_since_log.setdefault(name, []).append(value.detach())

    def on_train_start(self) -> None:
        """Keep the first state to roll back to."""
        self.guard.snapshot(self.net, self.plain_optimizers)

    def on_train_batch_start(self, batch: Batch | Tensor, batch_idx: int) -> None:
        """Set the learning rates of the batch."""
        self.batch_idx = batch_idx
        self.set_learning_rates()

    def on_train_batch_end(self, outputs: object, batch: object, batch_idx: int) -> None:
        """Roll back if need be; log the mean losses every ``log_every`` batches of the run."""
        should_log = (self.global_batch + 1) % self.hparams.log_every == 0
        if should_log:
            self.guard.sync(self.position)
        self.guard.rollback(self.net, self.plain_optimizers, self.position)
        if should_log:
            self.guard.snapshot(self.net, self.plain_optimizers)
            self.log_dict({k: torch.stack(v).mean() for k, v in self.losses_since_log.items()})
            self.losses_since_log.clear()
            if self.guard.skipped:
                self.log("stability/skipped", float(self.guard.skipped))

    @property
    def plain_optimizers(self) -> list[Optimizer]:
        """The optimizers without Lightning's wrappers."""
        return self.optimizers(use_pl_optimizer=False)  # type: ignore[return-value]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save what the guard has done, if anything."""
        if state := self.guard.state_dict():
            checkpoint["guard"] = state

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore what the guard had done."""
        self.guard.load_state_dict(checkpoint.get("guard", {}))
