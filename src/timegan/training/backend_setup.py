"""Preparation of the machine for training: kernels, memory and precision."""

from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer

from timegan.nn.kernels.backends import resolve_backend
from timegan.nn.kernels.malloc import disable_heap_trimming


class BackendSetup(Callback):
    """A callback that selects the backend of a :class:`timegan.TimeGAN`, and keeps it on resume.

    Under ``model.backend=auto`` missing kernels are compiled as training begins. A resumed run
    takes the backend of its checkpoint, for it would round differently with another one.
    """

    def __init__(self) -> None:
        self.restored = False

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Save the backend that is in use."""
        checkpoint["backend"] = cast(Any, pl_module).resolved_backend

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Take the backend of the checkpoint, unless the user chose one."""
        model = cast(Any, pl_module)
        if model.backend == "auto" and "backend" in checkpoint:
            model.use_backend(resolve_backend(checkpoint["backend"]))
            self.restored = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compile kernels on a CPU; keep full precision on a GPU; keep freed memory."""
        model, device = cast(Any, pl_module), pl_module.device.type
        disable_heap_trimming()
        if model.backend == "auto" and not self.restored and device == "cpu":
            model.use_backend(resolve_backend("auto", build=True))
        if device == "cuda":
            # TensorFloat-32 has ten bits, and nearly collinear columns differ in later ones.
            torch.backends.cudnn.allow_tf32 = False
