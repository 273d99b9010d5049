"""Synthetic time series from a table: TimeGAN (Yoon, Jarrett, van der Schaar, NeurIPS 2019)."""
