"""Protocols are data: their options are those of their metrics, and `conf/` says the same."""

from pathlib import Path

import pytest
import yaml

from timegan.errors import InputError
from timegan.metrics.protocols import PROTOCOLS, check_options, find_protocol

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
        "quick": {24 * 20: 10_000, 24 * 300: 1_111, 10**6: 500},
        "published": {24 * 300: 20_000},
    }.items():
        protocol = PROTOCOLS[name]
        for numbers, limit in limits.items():
            assert protocol.fit_limit(protocol.settle({}), numbers).limit == limit
