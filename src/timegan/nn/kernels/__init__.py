"""Backends that compute GRUs and convolutions, compiled ones included."""
