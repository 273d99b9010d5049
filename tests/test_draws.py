"""Tests are repeatable: every draw has a seed, and none depends on the test before it."""

import random
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

from tests.draws import doctest_draws, draws, found

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(0)


def test_no_test_draws_without_a_seed() -> None:
    files = [*ROOT.glob("tests/**/*.py"), ROOT / "conftest.py"]
    assert len(files) > 100
    assert found(iter(files), ROOT) == []


def test_no_doctest_draws_without_a_seed() -> None:
    files = [*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py")]
    assert found(iter(files), ROOT, docs=True) == []


IMPORTS = "import random, torch\nimport numpy as np\nfrom torch import randn\nimport random as r\n"


@pytest.mark.parametrize(
    "line",
    [
        "x = torch.randn(3)",
        "x = torch.rand_like(y)",
        "x = randn(3)",
        "x.normal_()",
        "x.data.uniform_(0, 1)",
        "x = np.random.rand(3)",
        "x = np.random.default_rng()",
        "x = np.random.default_rng().normal()",
        "x = random.random()",
        "r.shuffle(x)",
        "x = random.Random()",
        "x = frame.sample(frac=1)",
        "x = frame.sample(n=3)",
        "@given(torch.rand(2))\ndef test():\n    torch.manual_seed(0)",
        "def test():\n    x = torch.rand(2)\n    torch.manual_seed(0)",
        "def one():\n    torch.manual_seed(0)\ndef two():\n    torch.rand(2)",
        "torch.manual_seed(0)\ndef test():\n    torch.rand(2)",
        "def test(x=torch.rand(2)):\n    torch.manual_seed(0)",
    ],
)
def test_a_draw_without_a_seed_is_found(line: str) -> None:
    assert len(list(draws(IMPORTS + line))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "x = torch.randn(3, generator=g)",
        "x.normal_(generator=g)",
        "x = np.random.default_rng(0).normal()",
        "x = np.random.Generator(np.random.PCG64(1))",
        "x = random.Random(0).random()",
        "x = frame.sample(n=3, random_state=0)",
        "x = model.sample(3)",
        "x = rng.normal()",
        "def test():\n    torch.manual_seed(0)\n    x = torch.rand(2)",
        "def test():\n    torch.manual_seed(0)\n    def draw():\n        return torch.rand(2)",
    ],
)
def test_a_draw_with_a_seed_is_left_alone(line: str) -> None:
    assert list(draws(IMPORTS + line)) == []


def test_a_draw_in_a_docstring_is_found_at_its_line() -> None:
    source = '"""Text.\n\n>>> import torch\n>>> torch.rand(2)\n"""\n'
    assert list(doctest_draws(source)) == [(4, "torch.rand")]


@pytest.mark.parametrize("time", [1, 2])
def test_generators_start_every_test_from_one_state(time: int) -> None:
    expected = np.random.RandomState(0).get_state()
    np.testing.assert_equal(np.random.get_state(), expected)  # noqa: NPY002
    assert random.getstate() == random.Random(0).getstate()
    assert torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(0).get_state())
    assert RNG.bit_generator.state == np.random.default_rng(0).bit_generator.state
    RNG.normal(size=time)  # the other test is not to see it
    torch.nn.Linear(2, 3)


@pytest.fixture(scope="module", params=[1, 2])
def weights(request: pytest.FixtureRequest) -> torch.Tensor:
    return torch.nn.Linear(2, 3).weight.detach()


def test_a_fixture_of_several_tests_depends_on_none_of_them(weights: torch.Tensor) -> None:
    torch.manual_seed(0)
    assert torch.equal(weights, torch.nn.Linear(2, 3).weight.detach())


def test_examples_of_hypothesis_are_the_same_in_every_run() -> None:
    profile = hypothesis.settings.default
    assert profile is not None
    assert profile.derandomize
    assert profile.deadline is None
    files = ROOT.glob("tests/**/*.py")
    others = [file.name for file in files if "derandomize=False" in file.read_text()]
    assert others == [Path(__file__).name]
