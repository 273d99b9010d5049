"""Verdicts on scores in words, each with a grade."""
