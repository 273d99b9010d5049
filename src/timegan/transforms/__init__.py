"""Column transformers: maps of a table's columns to model channels, and their exact inverses."""

import importlib
import pkgutil

from timegan.transforms.base import (
    TRANSFORMERS,
    ColumnTransformer,
    DecodingNoise,
    DetectedType,
    FitOptions,
)
from timegan.transforms.detection.detect import detect
from timegan.transforms.encoding import calibrate, from_channels, to_channels
from timegan.transforms.fit import ColumnOptions, TrainingRows, fit_transform
from timegan.transforms.registry import detection_order, fit_transformers, restore, state
from timegan.transforms.table_transform import TableTransform

__all__ = [
    "TRANSFORMERS",
    "ColumnOptions",
    "ColumnTransformer",
    "DecodingNoise",
    "DetectedType",
    "FitOptions",
    "TableTransform",
    "TrainingRows",
    "calibrate",
    "detect",
    "detection_order",
    "fit_transform",
    "fit_transformers",
    "from_channels",
    "restore",
    "state",
    "to_channels",
]

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)  # column types register themselves
