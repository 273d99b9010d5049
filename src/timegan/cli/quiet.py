"""Lightning's remarks that say nothing about the run."""

import logging
import warnings


def quiet() -> None:
    """Leave out the hardware found, and the tips that advertise other packages."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message="`isinstance.treespec, LeafSpec.` is deprecated")
    warnings.filterwarnings("ignore", message="GPU available but not used")
    warnings.filterwarnings("ignore", message=".*does not have many workers")
