"""GRUs as ``torch.nn.GRU``, computed by the quickest of several backends."""

from timegan.recurrent.cell import GRU, network

__all__ = ["GRU", "network"]
