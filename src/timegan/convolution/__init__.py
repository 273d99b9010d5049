"""Convolutions, leaky ReLUs, mean and maximum over the steps, as one call of a C++ library."""

from timegan.convolution.library import POOLED
from timegan.convolution.native import pooled

__all__ = ["POOLED", "pooled"]
