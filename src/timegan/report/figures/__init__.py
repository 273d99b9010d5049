"""Figures of synthetic windows beside real ones, static and interactive."""
