"""Measures of how far synthetic windows are from real ones."""
