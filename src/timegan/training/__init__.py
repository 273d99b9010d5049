"""The TimeGAN module, its schedule, its optimization and its checkpoints.

Start with ``module``, which reads as Algorithm 1 of the paper. ``optimization`` has the
mechanics of its updates, ``schedule`` the phases, ``noise`` the random tensors of a step.
"""
