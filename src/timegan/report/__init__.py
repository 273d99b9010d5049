"""Report of a run: figures, verdicts in words, and one page with all of them."""
