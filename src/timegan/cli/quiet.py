"""Remarks of Lightning and torch that say nothing about the run."""

import logging
import warnings

NOISE = (
    # https://github.com/Lightning-AI/pytorch-lightning/issues/21326
    "`isinstance.treespec, LeafSpec.` is deprecated",
    "GPU available but not used",
    # The batches come from a table in memory: there is nothing for workers to do.
    ".*does not have many workers",
    # Two processes; neither changes a result.
    "torch.distributed.nn.functional.all_gather is deprecated",
    "Grad strides do not match bucket view strides",
)


def quiet() -> None:
    """Leave them out, and with them the hardware found and tips that advertise other packages."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in NOISE:
        warnings.filterwarnings("ignore", message=message)
