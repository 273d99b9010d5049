"""What people see of a run: figures, verdicts in words, and one page that holds them all."""
