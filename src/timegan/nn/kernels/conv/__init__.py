"""Convolutions, leaky ReLUs, mean and maximum over the steps, as one call of a kernel."""

from timegan.nn.kernels.conv.library import CONV_LIBRARY
from timegan.nn.kernels.conv.native import pooled_conv

__all__ = ["CONV_LIBRARY", "pooled_conv"]
