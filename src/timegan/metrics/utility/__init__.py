"""Measures of how useful synthetic windows are for training a model."""
