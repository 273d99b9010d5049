"""A batch: its draws, its mask, and how Lightning carries it."""

import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch.plugins.precision import DoublePrecision

from timegan.nn.batch import Batch, as_batch

FULL = Batch(
    torch.ones(2, 3, 4, 5),
    torch.tensor([[1, 4, 2], [3, 3, 4]]),
    torch.ones(2, 3, 6),
    torch.ones(2, 3, 4, 1),
)


def test_a_draw_is_a_batch_without_the_first_axis() -> None:
    one = FULL.draw(1)
    assert [part.shape for part in one if part is not None] == [(3, 4, 5), (3,), (3, 6), (3, 4, 1)]
    assert one.mask is not None
    assert one.mask.sum(1).flatten().tolist() == [3, 3, 4]
    assert Batch(FULL.x).draw(0).conditions == (None, None, None)


def test_what_lies_in_the_padding_is_cleared_even_if_it_is_not_a_number() -> None:
    assert FULL.mask is not None
    dirty = FULL._replace(x=FULL.x.where(FULL.mask > 0, torch.nan), exogenous=FULL.mask.log())
    clean = as_batch(dirty)
    assert torch.equal(clean.x, FULL.mask.expand(-1, -1, -1, 5))
    assert clean.exogenous is not None
    assert (clean.exogenous == 0).all()


def test_bare_windows_are_a_batch_of_full_ones() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 4, 5)
    assert as_batch(x) == (x, None, None, None)


def test_lightning_moves_a_batch_and_changes_its_precision() -> None:
    moved = move_data_to_device(FULL, torch.device("meta"))
    assert isinstance(moved, Batch)
    assert all(part.device.type == "meta" for part in moved if part is not None)
    double = DoublePrecision().convert_input(Batch(FULL.x, FULL.lengths))
    assert isinstance(double, Batch)
    assert double.x.dtype == torch.double
    assert double.lengths is not None
    assert double.lengths.dtype == torch.int64
