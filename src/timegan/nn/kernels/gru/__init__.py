"""GRUs as ``torch.nn.GRU``, computed by the quickest of several backends."""

from timegan.nn.kernels.gru.module import GRU, network

__all__ = ["GRU", "network"]
