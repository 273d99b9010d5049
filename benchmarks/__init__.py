"""Measurements beside the tests: speed, results, and the research log."""
