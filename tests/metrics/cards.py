"""Evaluations as ``metrics.json`` has them."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from timegan.metrics import metric
from timegan.metrics.metric import metrics_of
from timegan.metrics.protocols import run_protocol
from timegan.metrics.score import to_json


def card(*windows: Any, **options: Any) -> dict[str, Any]:
    """Run a protocol, and return its result in plain values."""
    plain: dict[str, Any] = to_json(run_protocol(*windows, **options))
    return plain


quick_records = partial(run_protocol, protocol="quick")
quick = partial(card, protocol="quick")
published = partial(card, protocol="published")
strict = partial(card, protocol="strict")


def planted(*args: Any, **options: Any) -> Any:
    """Fail."""
    raise ZeroDivisionError("planted")


def plant(
    monkeypatch: pytest.MonkeyPatch, name: str, design: str = "sets", measure: Any = planted
) -> None:
    """Replace the function that measures a metric, by one that fails."""
    (found,) = (known for known in metrics_of(design) if known.name == name)
    monkeypatch.setitem(metric._registered, (design, name), replace(found, measure=measure))
