"""Sampling from a trained model: windows, sequences, and series of any length."""
