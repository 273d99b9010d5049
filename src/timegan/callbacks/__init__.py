"""What happens beside the training: checkpoints, interrupts, progress, pictures for TensorBoard."""

from timegan.callbacks.calibrate import Calibrate
from timegan.callbacks.checkpoints import Checkpoints
from timegan.callbacks.figures import SampleFigures
from timegan.callbacks.hparams import log_hparams
from timegan.callbacks.interrupt import Interrupt
from timegan.callbacks.progress import Progress
from timegan.callbacks.watch import Watch

__all__ = [
    "Calibrate",
    "Checkpoints",
    "Interrupt",
    "Progress",
    "SampleFigures",
    "Watch",
    "log_hparams",
]
