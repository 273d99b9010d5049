"""Randomness is a function of the seed and the path."""

import numpy as np
import pytest
import torch

from timegan.seeds import BLOCK, derive, generator, rng, uniforms


def test_streams_depend_on_seed_and_path_alone() -> None:
    assert derive(0, "noise", 3) == derive(0, "noise", 3)
    paths: list[tuple[int, *tuple[int | str, ...]]] = [
        (0,),
        (1,),
        (0, "noise"),
        (0, "noise", 1),
        (0, "noise", 11),
        (0, "noise", 1, 1),
    ]
    assert len({derive(*path) for path in paths}) == len(paths)
    assert rng(5, "a").random() == rng(5, "a").random()
    assert torch.equal(
        torch.randn(3, generator=generator(5, "a")), torch.randn(3, generator=generator(5, "a"))
    )


def test_global_random_state_plays_no_part() -> None:
    torch.manual_seed(0)
    first = torch.randn(3, generator=generator(1, "x"))
    torch.manual_seed(1)
    assert torch.equal(first, torch.randn(3, generator=generator(1, "x")))


@pytest.mark.parametrize(("first", "count"), [(0, 3), (BLOCK - 1, 2), (BLOCK, BLOCK), (700, 600)])
def test_a_row_of_uniforms_is_the_same_in_every_call(first: int, count: int) -> None:
    whole = uniforms(2, "rows", first=0, count=6 * BLOCK, width=2)
    part = uniforms(2, "rows", first=first, count=count, width=2)
    assert np.array_equal(part, whole[first : first + count])


def test_no_rows_of_uniforms() -> None:
    assert uniforms(2, "rows", first=0, count=0, width=2).shape == (0, 2)
    assert uniforms(2, "rows", first=300, count=0).shape == (0, 1)


def test_rows_of_uniforms_are_uniform_and_differ() -> None:
    rows = uniforms(3, "rows", first=0, count=4 * BLOCK)[:, 0]
    assert np.unique(rows).size == rows.size
    assert np.histogram(rows, 8, (0, 1))[0].min() > 80  # of 128 expected, deviation 10.6
