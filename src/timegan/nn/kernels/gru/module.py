"""``torch.nn.GRU`` with a choice of what computes it."""

from typing import Any

import torch
from torch import Tensor, nn

from timegan.nn.kernels.gru.fused import FusedGRU
from timegan.nn.kernels.gru.native import Call, NativeGRU, NativeNetwork
from timegan.nn.kernels.tensors import suits


class GRU(nn.GRU):
    """The parameters, their names, their first values and the results of ``torch.nn.GRU``.

    ``backend`` is ``torch``, ``fused`` or ``native``. The latter two take what networks of this
    project see on a CPU: single or double precision, several layers, an initial state. All else
    goes to torch: other devices and types, autocast, packed sequences, options such as dropout, and
    everything that is being traced, compiled or exported.
    """

    backend: str = "torch"

    def forward(self, input: Any, hx: Any = None) -> Any:
        """(B, T, F) and the initial states (L, B, H) -> (B, T, H) and the last states (L, B, H)."""
        # Without a backward pass torch's own forward is the quicker one of torch and fused.
        by_torch = self.backend == "torch" or (
            self.backend == "fused" and not torch.is_grad_enabled()
        )
        if by_torch or not self.takes(input, hx):
            return super().forward(input, hx)
        if hx is None:
            hx = input.new_zeros(self.num_layers, len(input), self.hidden_size)
        if self.backend == "fused":
            return FusedGRU.apply(input, hx, *self._flat_weights)  # type: ignore[no-untyped-call]
        if torch.is_grad_enabled():
            return NativeGRU.apply(input, hx, *self._flat_weights)  # type: ignore[no-untyped-call]
        return Call(input, hx, [*self.parameters()]).forward(training=False)[:2]

    def takes(self, x: Any, h0: Any) -> bool:
        """Whether another backend than torch can do this; what is wrong torch explains best."""
        return (
            suits(x, *self.parameters(), *([] if h0 is None else [h0]))
            and x.shape[2] == self.input_size
            and (h0 is None or h0.shape == (self.num_layers, len(x), self.hidden_size))
            and (self.bias, self.batch_first, self.bidirectional) == (True, True, False)
            and not (self.dropout and self.training)
            and not self.proj_size
        )


def network(
    rnn: nn.Module, dense: nn.Linear, x: Tensor, h0: Any = None, *, squash: bool = False
) -> Tensor:
    """A dense layer of what cells give at each step, through a sigmoid if ``squash``: (B, T, O).

    By one call where ``native`` computes the cells; by one module after the other elsewhere.
    """
    if not (isinstance(rnn, GRU) and rnn.backend == "native" and rnn.takes(x, h0)):
        out: Tensor = dense(rnn(x, h0)[0])
        return out.sigmoid() if squash else out
    if h0 is None:
        h0 = x.new_zeros(rnn.num_layers, len(x), rnn.hidden_size)
    weights, head = [*rnn.parameters()], (dense.weight, dense.bias)
    if torch.is_grad_enabled():
        y: Tensor = NativeNetwork.apply(squash, x, h0, *head, *weights)  # type: ignore[no-untyped-call]
        return y
    return Call(x, h0, weights, head, squash).forward(training=False)[0]
