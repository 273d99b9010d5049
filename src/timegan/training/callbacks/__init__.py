"""What happens beside the training: checkpoints, interrupts, progress, pictures for TensorBoard."""

from timegan.training.callbacks.calibration import Calibrate
from timegan.training.callbacks.checkpoints import Checkpoints
from timegan.training.callbacks.graceful_exit import Interrupt
from timegan.training.callbacks.progress import Progress
from timegan.training.callbacks.sample_monitor import Watch

__all__ = [
    "Calibrate",
    "Checkpoints",
    "Interrupt",
    "Progress",
    "Watch",
]
