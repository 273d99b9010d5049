"""Measures of synthetic windows against real ones: pure functions of two arrays and a seed."""
