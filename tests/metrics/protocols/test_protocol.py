"""Protocols are data: their options are those of their metrics, and `conf/` says the same."""

from pathlib import Path

import pytest
import yaml

from timegan.errors import InputError
from timegan.metrics.comparison import Data, comparisons_of
from timegan.metrics.protocols import PROTOCOLS, check_options, find_protocol
from timegan.seeds import rng

CONF = Path(__file__).parents[3] / "conf" / "evaluation"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_configuration_repeats_the_options_of_its_protocol(name: str) -> None:
    content = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert content.pop("protocol") == name
    assert content.pop("seed") == "${seed}"
    assert content.pop("cache") is True
    options = PROTOCOLS[name].settle({})
    assert {key: getattr(options, key) for key in content} == content


def test_there_is_a_configuration_for_each_protocol() -> None:
    assert {file.stem for file in CONF.glob("*.yaml")} == {*PROTOCOLS, "none"}


def test_an_option_of_another_protocol_is_refused() -> None:
    with pytest.raises(InputError, match=r"encoders=2: the protocol 'quick' has no such option"):
        check_options("quick", encoders=2, seed=0, cache=True)
    check_options("published", encoders=2)
    with pytest.raises(InputError, match="runs=3"):
        check_options("published", runs=3)
    with pytest.raises(InputError, match="compared_with"):
        check_options("strict", compared_with="held-out")


def test_an_unknown_protocol_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'published'"):
        find_protocol("publisht")


def test_strict_and_published_have_all_quick_scores() -> None:
    quick = {metric.name for metric in PROTOCOLS["quick"].metrics}
    for name in ("published", "published_strong", "strict", "smoke"):
        assert quick <= {metric.name for metric in PROTOCOLS[name].metrics}


def test_quick_protocols_measure_fewer_windows_of_wide_tables() -> None:
    for name, limits in {
        "quick": {24 * 7: 10_000, 24 * 28: 2_500, 24 * 100: 700, 10**6: 500},
        "published": {24 * 300: 20_000},
    }.items():
        protocol = PROTOCOLS[name]
        for numbers, limit in limits.items():
            options = protocol.fit_limit(protocol.settle({}), numbers)
            assert options.limit == limit
            usual = protocol.settle({}).limit
            assert options.thinned(usual) == limit
            assert (options.thinned(usual // 2) == usual // 2) == (limit == usual)


def test_wide_tables_have_smaller_controls_and_fewer_baselines() -> None:
    windows = rng(0, "wide").normal(size=(2_000, 24, 100))
    data = Data(windows[:1_000], windows[:600], windows[1_000:], [str(c) for c in range(100)])
    quick = PROTOCOLS["quick"]
    usual = quick.settle({})
    thinned = quick.fit_limit(usual, 24 * 100)
    sizes = {}
    for options in (usual, thinned):
        [comparison] = comparisons_of("sets", data, options, 0)
        sizes[options.thinning] = (
            len(comparison.baseline().pairs),
            {len(comparison.control(name).windows) for name in comparison.controls()},
        )
    assert sizes == {1.0: (5, {600, 1_000}), 0.07: (2, {500})}
