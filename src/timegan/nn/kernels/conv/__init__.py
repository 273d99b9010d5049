"""Convolutions, leaky ReLUs, mean and maximum over the steps, as one call of a C++ library."""

from timegan.nn.kernels.conv.library import POOLED
from timegan.nn.kernels.conv.native import pooled

__all__ = ["POOLED", "pooled"]
