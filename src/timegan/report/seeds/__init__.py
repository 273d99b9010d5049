"""Tables and a figure of scores over training seeds, beside published ones."""
