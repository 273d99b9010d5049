"""Column transformers: maps of a table's columns to model channels, and their exact inverses."""

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
from timegan.transforms.registry import DETECTION_ORDER, fit_transformers, restore, state
from timegan.transforms.table_transform import TableTransform

__all__ = [
    "DETECTION_ORDER",
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
    "fit_transform",
    "fit_transformers",
    "from_channels",
    "restore",
    "state",
    "to_channels",
]
