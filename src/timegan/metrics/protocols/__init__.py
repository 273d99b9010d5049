"""Evaluation protocols: sets of metrics with their baselines, controls and repetitions."""

from timegan.metrics.protocols.protocol import PROTOCOLS, Protocol, check_options, find_protocol
from timegan.metrics.protocols.runner import run_protocol

__all__ = ["PROTOCOLS", "Protocol", "check_options", "find_protocol", "run_protocol"]
