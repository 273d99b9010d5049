"""Surroundings of every test and doctest: a cache of its own, and random numbers that are fixed.

Global generators are seeded before every test and every fixture that several tests share. What a
test draws, and the weights of the networks that it makes, depend on no other test.
"""

import random
from collections.abc import Iterator
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch

hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,  # a busy machine is no failure
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")

SEED = 0
_states: dict[int, tuple[np.random.Generator, dict[str, Any]]] = {}
"""Generators of test modules, and their states after import."""


def seed_everything() -> None:
    """Seed the global generators of Python, NumPy and torch."""
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - for libraries that draw from it
    torch.manual_seed(SEED)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> None:
    """Seed before fixtures that several tests share: whichever test asks first makes them."""
    if fixturedef.scope != "function":
        seed_everything()


@pytest.fixture(autouse=True)
def seeded(request: pytest.FixtureRequest) -> None:
    """Seed global generators, and bring back those of the test's module as they were imported."""
    seed_everything()
    for value in list(vars(getattr(request.node, "module", None) or object).values()):
        if isinstance(value, np.random.Generator):
            generator, state = _states.setdefault(id(value), (value, value.bit_generator.state))
            generator.bit_generator.state = state


@pytest.fixture(autouse=True, scope="session")
def figures_of_controls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set TIMEGAN_CACHE for all tests, and for the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIMEGAN_CACHE", str(tmp_path_factory.mktemp("figures")))
        yield
