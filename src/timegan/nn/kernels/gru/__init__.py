"""GRUs as ``torch.nn.GRU``, computed by the quickest of several backends."""

from timegan.nn.kernels.gru.module import GRU, gru_with_head

__all__ = ["GRU", "gru_with_head"]
