"""The TimeGAN module, its phases, its optimisation, and its checkpoints."""
