"""Randomness is a function of the seed and the path."""

import torch

from timegan.seeds import derive, generator, rng


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
