"""Kinds of columns: each has a way to the model and an exact way back, fitted on training rows."""

from timegan.data.kinds.base import KINDS, Draws, Found, Info, Kind
from timegan.data.kinds.derived import Constant, Copy, Noise
from timegan.data.kinds.detect import detect
from timegan.data.kinds.discrete import Boolean, Categorical
from timegan.data.kinds.fitting import fit, restore, state
from timegan.data.kinds.held import Held
from timegan.data.kinds.lattice import Lattice
from timegan.data.kinds.missing import Missing
from timegan.data.kinds.numeric import (
    Bounded,
    Continuous,
    Datetime,
    Integer,
    Nonnegative,
    Step,
    ZeroInflated,
)
from timegan.data.kinds.ramp import Clocks, Ramp
from timegan.data.kinds.together import calibrate, decode, encode, lined, noisy, slices

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
    "Lattice",
    "Missing",
    "Noise",
    "Nonnegative",
    "Ramp",
    "Step",
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
