"""Protocols as data: which designs of comparison they use, and how often what is repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from timegan.errors import InputError, closest_match
from timegan.metrics.comparison import Options
from timegan.metrics.metric import Metric, metrics_of

MAX_NUMBERS = 1_680_000
"""Numbers on a side in quick protocols: 10,000 windows of 24 steps and 7 columns."""


@dataclass(frozen=True)
class Protocol:
    """A set of metrics, and how they are measured.

    Args:
        name: as in ``evaluation=NAME`` and ``protocol="NAME"``.
        designs: how windows are compared; the metrics of these designs are measured. Where two
            designs have a metric of one name, that of the first counts.
        options: where they differ from the defaults of `Options`.
        adjusted: options of a design, as factors of the protocol's.
        max_samples: synthetic sequences that are drawn at most where a model is evaluated.
        max_numbers: numbers (windows x steps x features) on a side, at most: of wide tables fewer
            windows are measured. None: any number.
        is_thorough: also look for shifted copies and membership, and for constraints of windows.
        shows_progress: also tell what is being measured where the output is no terminal.
    """

    name: str
    designs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    adjusted: Mapping[str, int] = field(default_factory=dict)
    max_samples: int = 5_000
    max_numbers: int | None = None
    is_thorough: bool = False
    shows_progress: bool = True

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, in the order of tables."""
        found = {m.name: m for design in reversed(self.designs) for m in metrics_of(design)}
        return sorted(found.values(), key=lambda metric: (metric.order, metric.name))

    def settle(self, given: Mapping[str, Any]) -> Options:
        """Return the options, with those that are given.

        Raises:
            InputError: an option that no metric of the protocol depends on.
        """
        known = {option for metric in self.metrics for option in metric.options}
        known |= {"limit"} | ({"runs"} if "blocks" in self.designs else set())
        known |= {"compared_with"} if self.designs == ("sets",) else set()
        for name in given:
            if name not in known:
                raise InputError(
                    f"{name}={given[name]}: the protocol {self.name!r} has no such option. Remove "
                    f"`{name}`, or choose from {', '.join(sorted(known))}."
                )
        return replace(Options(), **{**self.options, **given})

    def fit_limit(self, options: Options, numbers: int) -> Options:
        """Return options with so many windows that they keep to the limit of numbers.

        Args:
            options: of the protocol.
            numbers: of one window.
        """
        if self.max_numbers is None:
            return options
        options = replace(options, thinning=min(self.max_numbers / numbers / options.limit, 1.0))
        return replace(options, limit=options.thinned(options.limit))

    def options_of(self, design: str, options: Options) -> Options:
        """Return the options of one design."""
        return replace(options, limit=options.limit * self.adjusted.get(design, 1))


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("quick", ("sets",), {"batch": 64}, max_numbers=MAX_NUMBERS, shows_progress=False),
        Protocol(
            "smoke",
            ("sets",),
            {"classifiers": 1, "classifier_steps": 20},
            max_numbers=MAX_NUMBERS,
            shows_progress=False,
        ),
        Protocol(
            "published",
            ("published", "sets"),
            {"classifiers": 10, "control_classifiers": 2, "limit": 20_000, "precision": 0.004},
            max_samples=20_000,
        ),
        Protocol(
            "published_strong",
            ("sets",),
            {
                "classifiers": 10,
                "classifier_steps": 1_500,
                "hidden": 24,
                "lr": 3e-3,
                "limit": 20_000,
            },
            max_samples=20_000,
            shows_progress=False,
        ),
        Protocol("strict", ("blocks", "sets"), {"limit": 2_000}, {"sets": 2}, is_thorough=True),
    )
}
"""The protocols, by name."""


def find_protocol(name: str) -> Protocol:
    """Return a protocol by its name.

    Raises:
        InputError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        near = closest_match(name, PROTOCOLS)
        raise InputError(
            f"protocol={name!r} is unknown: choose {', '.join(PROTOCOLS)}."
            + (f" Did you mean {near!r}?" if near else "")
        )
    return PROTOCOLS[name]


def check_options(protocol: str = "strict", **options: Any) -> None:
    """Refuse an unknown protocol, and options that it does not have.

    Raises:
        InputError: the first one that is wrong.
    """
    names = {option.name for option in fields(Options)}
    given = {name: value for name, value in options.items() if name in names and value is not None}
    find_protocol(protocol).settle(given)
