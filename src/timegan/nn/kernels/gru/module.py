"""A ``torch.nn.GRU`` with a choice of backends."""

from typing import Any

import torch
from torch import Tensor, nn

from timegan.nn.kernels.gru.fused import FusedGRU
from timegan.nn.kernels.gru.native import KernelCall, NativeGRU, NativeGRUWithHead
from timegan.nn.kernels.tensors import is_supported


class GRU(nn.GRU):
    """A GRU with the parameters, initial values and results of ``torch.nn.GRU``.

    ``backend`` is ``torch``, ``fused`` or ``native``. The latter two support single and double
    precision on a CPU, several layers and an initial state. Torch computes everything else: other
    devices and types, autocast, packed sequences, options such as dropout, and whatever is traced,
    compiled or exported.
    """

    backend: str = "torch"

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Map (B, T, F) and initial states (L, B, H) to (B, T, H) and last states (L, B, H)."""
        # Without a backward pass torch is faster than fused.
        by_torch = self.backend == "torch" or (
            self.backend == "fused" and not torch.is_grad_enabled()
        )
        if by_torch or not self.supports_native(input, hx):
            return super().forward(input, hx)
        if hx is None:
            hx = input.new_zeros(self.num_layers, len(input), self.hidden_size)
        if self.backend == "fused":
            return FusedGRU.apply(input, hx, *self._flat_weights)  # type: ignore[no-untyped-call]
        if torch.is_grad_enabled():
            return NativeGRU.apply(input, hx, *self._flat_weights)  # type: ignore[no-untyped-call]
        return KernelCall(input, hx, [*self.parameters()]).forward(training=False)[:2]

    def supports_native(self, x: Any, h0: Any) -> bool:
        """Return true if other backends can compute this; torch explains wrong inputs better."""
        return (
            is_supported(x, *self.parameters(), *([] if h0 is None else [h0]))
            and x.shape[2] == self.input_size
            and (h0 is None or h0.shape == (self.num_layers, len(x), self.hidden_size))
            and (self.bias, self.batch_first, self.bidirectional) == (True, True, False)
            and not (self.dropout and self.training)
            and not self.proj_size
        )


def gru_with_head(
    rnn: nn.Module, dense: nn.Linear, x: Tensor, h0: Any = None, *, squash: bool = False
) -> Tensor:
    """Return a dense layer of the cells' outputs (B, T, O), through a sigmoid if ``squash``.

    With the native backend one call computes both. ``rnn`` may also be an LSTM.
    """
    if not (isinstance(rnn, GRU) and rnn.backend == "native" and rnn.supports_native(x, h0)):
        out: Tensor = dense(rnn(x, h0)[0])
        return out.sigmoid() if squash else out
    if h0 is None:
        h0 = x.new_zeros(rnn.num_layers, len(x), rnn.hidden_size)
    weights, head = [*rnn.parameters()], (dense.weight, dense.bias)
    if torch.is_grad_enabled():
        y: Tensor = NativeGRUWithHead.apply(squash, x, h0, *head, *weights)  # type: ignore[no-untyped-call]
        return y
    return KernelCall(x, h0, weights, head, squash).forward(training=False)[0]
