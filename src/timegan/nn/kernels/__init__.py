"""Optional compiled kernels: the same results as torch, sooner, on a CPU."""
