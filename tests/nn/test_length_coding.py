"""A length and its code mean the same, for real sequences and for synthetic ones."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from timegan.errors import InputError
from timegan.nn.batch import Batch
from timegan.nn.length_coding import decode_lengths, length_thresholds
from timegan.training.module import TimeGAN
from timegan.training.schedule import Schedule


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.booleans())
def test_the_code_of_a_real_sequence_gives_its_mask(numbers: list[int], logarithm: bool) -> None:
    lengths = np.array(numbers)
    codes = np.log(lengths) if logarithm else lengths / 3 - 1e6
    net = TimeGAN(1, 9, Schedule(1, 1, 1), hidden=4, context=2, variable_length=True).net
    net.set_length_thresholds(length_thresholds(lengths, codes, 9))
    context = torch.stack([torch.zeros(len(codes)), torch.from_numpy(codes).float()], dim=1)
    real = Batch(torch.zeros(len(lengths), 9, 1), torch.from_numpy(lengths)).mask
    synthetic = net.mask(context)
    assert real is not None
    assert synthetic is not None
    assert torch.equal(real, synthetic)
    assert torch.equal(
        decode_lengths(context[:, -1], net.length_thresholds), torch.from_numpy(lengths)
    )


def test_a_generated_code_between_two_lengths_belongs_to_the_nearer_one() -> None:
    edges = length_thresholds(np.array([2, 4]), np.array([0.0, 1.0]), 4)
    assert decode_lengths(torch.tensor([-9.0, 0.4, 0.6, 9.0]), edges).tolist() == [2, 2, 4, 4]


def test_a_code_that_does_not_grow_is_refused() -> None:
    with pytest.raises(InputError, match="Give codes that grow"):
        length_thresholds(np.array([2, 4]), np.array([1.0, 1.0]), 4)


@pytest.mark.parametrize(
    "edges", [[0.0, 1.0, 2.0], [-np.inf, 1.0], [-np.inf, 1.0, 0.0], [-np.inf, np.nan, 1.0]]
)
def test_edges_that_are_none_are_refused(edges: list[float]) -> None:
    net = TimeGAN(1, 3, Schedule(1, 1, 1), hidden=4, context=1, variable_length=True).net
    with pytest.raises(InputError, match="Length thresholds"):
        net.set_length_thresholds(torch.tensor(edges))


def test_a_length_needs_a_context_channel() -> None:
    with pytest.raises(InputError, match="variable_length=True with context=0"):
        TimeGAN(1, 3, Schedule(1, 1, 1), variable_length=True)
