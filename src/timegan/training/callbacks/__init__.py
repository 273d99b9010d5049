"""Callbacks: checkpoints, signals, progress, sample quality and calibration."""

from timegan.training.callbacks.calibration import ThresholdCalibration
from timegan.training.callbacks.checkpoints import PhaseCheckpoint
from timegan.training.callbacks.graceful_exit import GracefulExit
from timegan.training.callbacks.progress import PhaseProgressBar
from timegan.training.callbacks.sample_monitor import SampleMonitor

__all__ = [
    "GracefulExit",
    "PhaseCheckpoint",
    "PhaseProgressBar",
    "SampleMonitor",
    "ThresholdCalibration",
]
