"""Tests for copies of training windows, and for what they reveal of them."""
