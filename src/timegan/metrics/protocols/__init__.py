"""Evaluation protocols: sets of metrics with their baselines and repetitions."""
