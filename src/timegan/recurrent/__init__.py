"""GRUs as ``torch.nn.GRU``, computed by the quickest of several backends."""

from timegan.recurrent.cell import GRU, network
from timegan.recurrent.choice import BACKENDS, settle, use

__all__ = ["BACKENDS", "GRU", "network", "settle", "use"]
