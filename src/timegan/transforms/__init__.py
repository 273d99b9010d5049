"""Kinds of columns: each has a way to the model and an exact way back, fitted on training rows."""

from timegan.tables.value_grid import ValueGrid
from timegan.transforms.base import KINDS, Draws, Found, Info, Kind
from timegan.transforms.categorical import Boolean, Categorical
from timegan.transforms.derived import Constant, Copy, Noise
from timegan.transforms.detection.detect import detect
from timegan.transforms.encoding import (
    calibrate,
    decode,
    encode,
    fit,
    lined,
    noisy,
    restore,
    slices,
    state,
)
from timegan.transforms.missing import Missing
from timegan.transforms.numeric import (
    Bounded,
    Continuous,
    Datetime,
    Integer,
    Nonnegative,
    Step,
    ZeroInflated,
)
from timegan.transforms.piecewise_constant import Held
from timegan.transforms.piecewise_linear import Clocks, Ramp

__all__ = [
    "KINDS",
    "Boolean",
    "Bounded",
    "Categorical",
    "Clocks",
    "Constant",
    "Continuous",
    "Copy",
    "Datetime",
    "Draws",
    "Found",
    "Held",
    "Info",
    "Integer",
    "Kind",
    "Missing",
    "Noise",
    "Nonnegative",
    "Ramp",
    "Step",
    "ValueGrid",
    "ZeroInflated",
    "calibrate",
    "decode",
    "detect",
    "encode",
    "fit",
    "lined",
    "noisy",
    "restore",
    "slices",
    "state",
]
