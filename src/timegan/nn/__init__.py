"""Networks, the terms of the objective, and their optional compiled kernels."""
